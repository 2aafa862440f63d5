#ifndef VISUALIZER_TELLER_MODEL_H
#define VISUALIZER_TELLER_MODEL_H
#include "visualizer/atlas.h"
#include "visualizer/focus.h"

// A checkpoint and what comes with it: its words, the data it was trained on where they are still
// there, and its recorded circuits.
typedef struct {
    Checkpoint checkpoint;
    TokenFile valid;  // of its data; path NULL: not there
    Lexicon *lexicon; // not freed with the rest, since scenes point to it
    Focus *focus;
    Atlas *atlas;  // NULL: none
    bool recorded; // the atlas is complete
    int64_t step;
} TellerModel;

// recording: see atlas_open; NULL: one is made. A recording that cannot be opened is an error;
// where none can be made, `note` says why, and there is no atlas. before: of the same run, whose
// lexicon is used again where it fits; NULL: none.
// NULL on failure.
TellerModel *teller_model_open(const char *path, const char *recording, const TellerModel *before,
                               char note[SCENE_TEXT], Error *error);
void teller_model_close(TellerModel *model); // all but the lexicon; NULL is fine
void teller_model_show(SceneModel *out, const TellerModel *model, const char *name);
#endif
