#ifndef REFERENCE_CIRCUITS_USAGE_H
#define REFERENCE_CIRCUITS_USAGE_H
#include "reference/config/config.h"
#include "reference/ffn/gating.h"
#include <stdbool.h>

// How often each neuron (expert) of a sparse model fired. Channels that share their experts are
// counted together.
typedef struct {
    int L, pools, F; // layers, pools of F neurons each per layer
    uint64_t *fired; // [L,pools,F]
} Usage;

// Zero counts; for a dense kind an empty Usage, which counts nothing.
bool usage_new(Usage *out, const Config *config, Error *error);
void usage_free(Usage *usage);
void usage_clear(Usage *usage);
void usage_count(Usage *usage, int layer, const Gating *gating); // adds one layer's selection
// The fraction of all neurons that fired at least once; 0 for a dense kind.
double usage_share(const Usage *usage);
#endif
