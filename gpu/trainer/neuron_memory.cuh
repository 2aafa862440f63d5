// What a layer of one-neuron experts saves for backward, and its scratch, as views of a block. Both
// functions return the size of the block, and with block NULL do nothing else.
#pragma once
#include "key_router.cuh"
#include "neuron_experts.cuh"

struct NeuronSaved {
    Gating gating;     // [N,C,K]
    float *gate;       // [N,C,K]; NULL without has_gate
    float *z, *weight; // [N,C,K]
    float *router;
};
size_t neuron_saved(NeuronSaved *out, float *block, const Config *config, int N, bool has_gate);

struct NeuronScratch {
    float *dweight, *dz, *dscore; // [N,C,K]
    DeviceOrder order;
    float *router;
};
size_t neuron_scratch(NeuronScratch *out, float *block, const Config *config, int N);
