#ifndef REFERENCE_CIRCUITS_GATES_PICTURE_H
#define REFERENCE_CIRCUITS_GATES_PICTURE_H
#include "reference/circuits/recording.h"
#include "reference/draw/draw.h"

// A neuron is a cell of a grid n wide, n² >= F: neuron i·n + j is in row i, column j (for product
// keys: sub-keys i and j). Both functions clear the list and set its size; words [T] is
// the text of each token, with its leading space where it has one; false (an index that is
// not a neuron, grids that do not fit) leaves nothing to paint.

// The sum over the sentence: one row of grids per layer, one grid per channel. The more tokens a
// neuron fired at, the brighter it is.
bool gates_picture_sentence(DrawList *list, const GatingRecord *record, const char *const *words,
                            Error *error);

// Word by word, for one channel: one row of grids per layer, one grid per token, and at the end the
// sum over the sentence. A neuron is brighter the higher its score is among the K of that token.
// Tokens that do not fit in 1280 pixels are left out, and the picture says how many are shown.
bool gates_picture_words(DrawList *list, const GatingRecord *record, const char *const *words,
                         int channel, Error *error);
#endif
