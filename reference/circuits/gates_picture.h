#ifndef REFERENCE_CIRCUITS_GATES_PICTURE_H
#define REFERENCE_CIRCUITS_GATES_PICTURE_H
#include "reference/draw/draw.h"
#include "reference/io/error.h"
#include <stdint.h>

// Which neurons fired at each token of one sentence. A view: the caller owns the arrays.
typedef struct {
    int T, L, C, K, F;         // tokens, layers, channels, neurons selected, neurons per channel
    const char *const *tokens; // [T], the text of each, with its leading space where it has one
    const int32_t *index;      // [T,L,C,K], 0 to F-1
    const float *score;        // [T,L,C,K]
    // the experts of a moe: a token may have fewer than K, and NO_EXPERT in place of the others
    bool ragged;
} SentenceGates;
enum { NO_EXPERT = -1 };

// A neuron is a cell of a grid n wide, n² >= F: neuron i·n + j is in row i, column j (for product
// keys: sub-keys i and j). Both functions clear the list and set its size; false (an index that is
// not a neuron, grids that do not fit) leaves nothing to paint.

// The sum over the sentence: one row of grids per layer, one grid per channel. The more tokens a
// neuron fired at, the brighter it is.
bool gates_picture_sentence(DrawList *list, const SentenceGates *gates, Error *error);

// Word by word, for one channel: one row of grids per layer, one grid per token, and at the end the
// sum over the sentence. A neuron is brighter the higher its score is among the K of that token.
// Tokens that do not fit in 1280 pixels are left out, and the picture says how many are shown.
bool gates_picture_words(DrawList *list, const SentenceGates *gates, int channel, Error *error);
#endif
