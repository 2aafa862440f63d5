#ifndef REFERENCE_CIRCUITS_GATES_PICTURE_H
#define REFERENCE_CIRCUITS_GATES_PICTURE_H
#include "reference/draw/picture.h"
#include <stdint.h>

// Which neurons fired at each token of one sentence. A view: the caller owns the arrays.
typedef struct {
    int T, L, C, K, F;         // tokens, layers, channels, neurons chosen, neurons a channel
    const char *const *tokens; // [T], the text of each, with its leading space where it has one
    const int32_t *index;      // [T,L,C,K], each below F
    const float *score;        // [T,L,C,K]
    // a moe's experts: a token may have fewer than K, and NO_EXPERT in their place
    bool list;
} SentenceGates;
enum { NO_EXPERT = -1 };

// A neuron is a cell of a grid n wide, n² >= F: neuron i·n + j at row i, column j (for product
// keys: sub-keys i and j).

// The sentence summed: a row of grids a layer, a grid a channel; brighter the more tokens a neuron
// fired at. The caller frees the picture; false (an index that is no neuron, too many grids) leaves
// none.
bool gates_picture_sentence(Picture *out, const SentenceGates *gates, Error *error);

// Word by word, for one channel: a row of grids a layer, a grid a token, and last the sentence
// summed. Brighter the higher the neuron's score among the K of that token. Tokens that do not fit
// in 1280 pixels are left out, and counted.
bool gates_picture_words(Picture *out, const SentenceGates *gates, int channel, Error *error);
#endif
