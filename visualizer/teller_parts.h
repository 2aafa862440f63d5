#ifndef VISUALIZER_TELLER_PARTS_H
#define VISUALIZER_TELLER_PARTS_H
#include "reference/generate/story.h"
#include "visualizer/run_watch.h"
#include "visualizer/teller.h"
#include "visualizer/teller_model.h"

// What the files of the teller share: teller.c (opening, requests, what is due), teller_story.c
// (telling) and teller_patch.c (another end for a story).

enum {
    MAX_TOKENS = 10000, // of a story
    MAX_EDITS = 64,
};

struct Teller {
    TellerOptions options;
    TellerModel *model;
    RunWatch watch;
    double look;        // when to look at the run; INFINITY: never
    bool look_failed;   // the scene's note says why
    Lexicon **lexicons; // [lexicon_count]: of earlier models, which scenes may still point to
    size_t lexicon_count, lexicon_capacity;
    Scene scene;
    Story *story;
    uint64_t seed;
    char *prompt;
    GatingRecord record; // a view of the scene's story, for the recording hook
    int32_t *ids;        // [ids_capacity]: the record's tokens
    size_t ids_capacity;
    GatingEdit edits[MAX_EDITS];
    GatingPatch patch; // of the edits
    Sampling sampling;

    bool paused, step;  // tells nothing; tells one token all the same
    double next, ended; // when the next token is due; when the story ended
    int unlike;         // tokens of the story whose `unlike` is known

    int token, layer, channel; // selected; LATEST: the newest token
    bool focus_due, card_due;  // scene.focus, scene.card are of another selection
    double focused;            // when the focus was computed
    bool map_failed;
};

// ---- teller_story.c

// Starts the story of the prompt and the seed over, with the edits as they are.
bool teller_start_story(Teller *teller, double now, Error *error);
// Tells one token: the one that was sampled last, which the model reads now, so that every token of
// the scene has its gatings.
bool teller_tell(Teller *teller, double now, Error *error);
// Tells without waiting until the story has `count` tokens or ends.
bool teller_tell_until(Teller *teller, int count, Error *error);
Atlas *teller_ready_atlas(const Teller *teller); // NULL: there is none (yet)

// ---- teller_patch.c

// Puts a recorded circuit in at a token, in all layers, and tells the story from there.
// ANY_CIRCUIT: one that turns the story.
bool teller_patch_token(Teller *teller, int token, int circuit, double now, Error *error);
// Tells the story again without a neuron, up to where it was.
bool teller_silence(Teller *teller, int layer, int channel, int index, double now, Error *error);
// Tells the story again without edits, up to where it was.
bool teller_restore(Teller *teller, double now, Error *error);
void teller_forget(Teller *teller); // the edits, and the story before them
#endif
