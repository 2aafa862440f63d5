#ifndef REFERENCE_FFN_NEURON_EXPERTS_H
#define REFERENCE_FFN_NEURON_EXPERTS_H
#include "reference/config/config.h"
#include "reference/ffn/gating.h"

// One-neuron experts: each is a row of `in` and a row of `out`, tables [pools,F,D]. sgatlin has one
// pool per channel, peer one pool that all channels share. The loops go channel by channel, since
// the table of a channel fits the cache. Each output row belongs to one thread, so nothing is
// atomic, and the bits do not depend on the number of threads.

// z [N,C,K] = x[t] · table[index]: the preactivation of every chosen neuron, or in the backward
// pass dy · out.
void neuron_experts_dot(float *z, const float *x, const float *table, const Gating *gating,
                        int pools, int D);

// Writes y [N,D] = Σ_c Σ_k weight[t,c,k] · table[index].
void neuron_experts_sum(float *y, const float *weight, const float *table, const Gating *gating,
                        int pools, int D);

// The entries of the gating, sorted by expert: one sort serves the gradients of both tables.
typedef struct {
    int32_t *order; // [N·C·K], pool by pool: entries (t·C + c)·K + k
    int32_t *start; // [pools,F+1]: where each expert's begin in the pool's part of order
} ExpertOrder;
void neuron_experts_sort(ExpertOrder *out, const Gating *gating, int pools);

// Writes dtable[expert] = Σ over the entries with that expert of weight[entry] · v[token].
void neuron_experts_gradient(float *dtable, const float *weight, const float *v,
                             const ExpertOrder *order, const Gating *gating, int pools, int D);

// What a layer of one-neuron experts saves for backward, and its scratch, as views of a block. Both
// functions return the size of the block, and with block NULL do nothing else.
typedef struct {
    Gating gating;     // [N,C,K]
    float *gate;       // [N,C,K]; NULL without has_gate
    float *z;          // [N,C,K]: preactivations, in · x
    float *weight;     // [N,C,K]: of the row of out in y
    float *key_router; // key_router_saved floats
} NeuronSaved;
size_t neuron_saved_layout(NeuronSaved *out, float *block, const Config *config, int N,
                           bool has_gate);

typedef struct {
    float *dweight, *dz, *dscore; // [N,C,K]
    ExpertOrder order;
    float *key_router; // key_router_scratch floats
} NeuronScratch;
size_t neuron_scratch_layout(NeuronScratch *out, float *block, const Config *config, int N,
                             int threads);
#endif
