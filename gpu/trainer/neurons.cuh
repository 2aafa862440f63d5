// What the layers of one-neuron experts share: how lesson 06 names their sizes, and what they save
// for backward and need as scratch, as views of a block. The layouts return the size of the block,
// and with block NULL do nothing else.
#pragma once
#include "gpu/06_sgatlin/backward_3_chunks.cuh"
#include "key_router.cuh"

NeuronSizes neuron_sizes(const Config *config, int N);
bool neurons_valid(const Config *config, Error *error);

struct NeuronsSaved {
    Gating gating; // [N,C,K]
    float *gate;   // [N,C,K]; NULL without has_gate
    float *z;      // [N,C,K]
    float *router;
};
size_t neurons_saved(NeuronsSaved *out, float *block, const Config *config, int N, bool has_gate);

struct NeuronsScratch {
    float *dscore; // [N,C,K]
    BackwardScratch backward;
    float *router;
};
size_t neurons_scratch(NeuronsScratch *out, float *block, const Config *config, int N);

// The launchers of backward add to the gradients of the two tables: these become 0.
void neurons_clear(const LayerCall *call, int in, int out);
