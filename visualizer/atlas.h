#ifndef VISUALIZER_ATLAS_H
#define VISUALIZER_ATLAS_H
#include "reference/circuits/map.h"
#include "reference/circuits/neuron_card.h"
#include "reference/circuits/recording_file.h"
#include "reference/data/token_file.h"
#include "reference/train/checkpoint.h"
#include "visualizer/scene.h"

// Recorded circuits of one model, and what is looked up in them: neighbours, maps, cards. What is
// costly is made when it is first asked for.

typedef struct Atlas Atlas;

// From a file of `sgatlin record`. NULL: it cannot be opened, or is of another model.
Atlas *atlas_open(const Checkpoint *checkpoint, const Lexicon *lexicon, const char *path,
                  Error *error);
// A recording that atlas_record makes: of the stories in `valid`, a token file of the same
// tokenizer, or, where that is NULL, of stories that the model tells itself. Both outlive it.
Atlas *atlas_new(const Checkpoint *checkpoint, const Lexicon *lexicon, const TokenFile *valid,
                 Error *error);
void atlas_free(Atlas *atlas); // NULL is fine

// Records a few more stories; *done: there are enough. Looking things up needs that.
bool atlas_record(Atlas *atlas, bool *done, Error *error);
const Recording *atlas_recording(const Atlas *atlas);

// out [queries->N, count]: the nearest recorded circuits in a layer and channel (or ALL), as in
// neighbours_find.
bool atlas_nearest(Neighbour *out, Atlas *atlas, int layer, int channel, const Circuits *queries,
                   int count, Error *error);

// The map of a layer, and the positions in the recording of its points [N]: of the most frequent
// words that have a class or, where none has, of the most frequent ones. NULL on failure.
const Map *atlas_map(const int32_t **position, Atlas *atlas, int layer, Error *error);
bool atlas_has_map(const Atlas *atlas, int layer); // so that asking for it costs nothing

// The tokens at which a neuron fires most often, -1: no more.
bool atlas_fires(int32_t out[SCENE_WORDS], Atlas *atlas, int layer, int channel, int index,
                 Error *error);

// ---- into a scene of the same model

bool atlas_show_usage(Scene *scene, const Atlas *atlas, Error *error);
bool atlas_show_map(Scene *scene, Atlas *atlas, int layer, Error *error);
// A row of the neighbours' list.
void atlas_show_neighbour(SceneNeighbour *out, const Atlas *atlas, int circuit, float distance);
// card.layer, channel and index say whose; atlas NULL: what the weights say alone.
bool atlas_show_card(SceneCard *card, Atlas *atlas, const Model *model, Error *error);
#endif
