#ifndef REFERENCE_FFN_NEURON_EXPERTS_H
#define REFERENCE_FFN_NEURON_EXPERTS_H
#include "reference/config/config.h"
#include "reference/ffn/gating.h"

// One-neuron experts: a row of `in` and a row of `out` each, [pools,F,D]. sgatlin has a pool a
// channel, peer one pool that all channels share. Channel by channel, since a channel's table is
// what fits a cache; each output row has one owner, so nothing is atomic and the bits do not depend
// on the number of threads.

// z [N,C,K] = x[t] · table[index]: the input of every chosen neuron, or on the way back dy · out.
void neuron_experts_dot(float *z, const float *x, const float *table, const Gating *gating,
                        int pools, int D);

// y [N,D] = Σ_c Σ_k weight[t,c,k] · table[index]; written, not added.
void neuron_experts_sum(float *y, const float *weight, const float *table, const Gating *gating,
                        int pools, int D);

// Which (token, slot) chose each expert: one counting sort serves both gradient tables.
// order holds for each pool its entries t·C·K + c·K + k sorted by expert, start[pool][F+1] where an
// expert's begin.
typedef struct {
    int32_t *order; // [N·C·K]
    int32_t *start; // [pools, F+1]
} ExpertOrder;
void neuron_experts_sort(ExpertOrder *out, const Gating *gating, int pools);

// dtable[expert] = Σ over the entries that chose it of weight[entry] · v[token]; written, also
// where it is zero.
void neuron_experts_gradient(float *dtable, const float *weight, const float *v,
                             const ExpertOrder *order, const Gating *gating, int pools, int D);

// What a layer of one-neuron experts saves for backward, and its scratch: views of blocks. With
// block NULL these only return how many floats that takes.
typedef struct {
    Gating gating;     // [N,C,K]
    float *gate;       // [N,C,K], or NULL
    float *z;          // [N,C,K]: in · x
    float *weight;     // [N,C,K]: of out in y
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
