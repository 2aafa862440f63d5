#ifndef REFERENCE_CIRCUITS_NEURON_WORDS_H
#define REFERENCE_CIRCUITS_NEURON_WORDS_H
#include "reference/circuits/neurons.h"

// What a neuron reads and writes, by its weights alone.
typedef struct {
    int32_t token;
    double value;
} TokenValue;

enum { NEURON_WORDS = 8 };
typedef struct {
    int count; // of each list: NEURON_WORDS, or as many as there are tokens
    // in·x, if x were the layer's input for the embedding of a token alone: the highest, and the
    // lowest.
    TokenValue reads[NEURON_WORDS], reads_least[NEURON_WORDS];
    // What `out` adds to the logit of a token before the final norm: the most, and the least.
    TokenValue promotes[NEURON_WORDS], suppresses[NEURON_WORDS];
} NeuronWords;

// Of a model of one-neuron experts. TOKEN_PAD is in no list. false: out of memory.
bool neuron_words(NeuronWords *out, const Model *model, int layer, int channel, int index);
#endif
