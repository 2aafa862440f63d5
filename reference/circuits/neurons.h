#ifndef REFERENCE_CIRCUITS_NEURONS_H
#define REFERENCE_CIRCUITS_NEURONS_H
#include "reference/model/model.h"

// Models of one-neuron experts: sgatlin and peer.
bool has_neurons(const Config *config);

// A table of a layer's experts by its name, such as "in" for layers.N.ffn.experts.in.
const float *experts_table(const Model *model, int layer, const char *name);

// A neuron of such a model: it reads in·x and adds a multiple of `out` to the residual stream.
// Channels that share their experts have the same neurons.
typedef struct {
    const float *in, *out; // [D] each, in the model's parameters
} Neuron;
Neuron neuron_of(const Model *model, int layer, int channel, int index);

// What is added to a layer's output for a neuron: its multiple of `out`, in one channel with K
// entries whose scores are `score` [K]. z [K] is in·x of each entry.
void neuron_weights(double *weight, const float *score, const double *z, const Config *config,
                    int K);
#endif
