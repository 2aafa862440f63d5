#ifndef VISUALIZER_TELLER_H
#define VISUALIZER_TELLER_H
#include "visualizer/training.h"
#include "visualizer/view.h"

// The model's side: tells a story token by token, answers requests, and keeps a Scene up to date.
// It knows nothing of windows and clocks: the caller says what time it is. Without a window the
// same calls give the same scenes.

typedef struct {
    const char *checkpoint; // a run or a checkpoint
    bool watch;             // the run is being trained: follow its log and its checkpoints
    Training
        *training; // by this thread's own process; NULL: by another one. It outlives the teller
    const char *recording; // a file of `sgatlin record`; NULL: record a few stories
    const char *prompt;    // NULL: "Once upon a time"
    uint64_t seed;
    double temperature;
    double speed; // tokens per second
} TellerOptions;

typedef struct Teller Teller;

Teller *teller_new(const TellerOptions *options, Error *error); // NULL on failure
void teller_free(Teller *teller);

// Answers the requests and does what is due at time `now`: at most one token or one analysis, so
// that it returns soon. Returns when there is more to do: a time, `now` or earlier for at once,
// INFINITY for not before the next request. *changed: the scene did.
double teller_advance(Teller *teller, double now, const RequestList *requests, bool *changed);
const Scene *teller_scene(const Teller *teller);
#endif
