#ifndef REFERENCE_CIRCUITS_USAGE_H
#define REFERENCE_CIRCUITS_USAGE_H
#include "reference/circuits/recording.h"
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
static inline size_t usage_neurons(const Usage *usage) {
    return (size_t)usage->L * (size_t)usage->pools * (size_t)usage->F;
}
void usage_count(Usage *usage, int layer, const Gating *gating); // adds one layer's selection
// The fraction of all neurons that fired at least once; 0 for a dense kind.
double usage_share(const Usage *usage);

// ---- of a recording

// A usage of the record's model that counts firings at its positions ...
bool usage_of_record(Usage *out, const GatingRecord *record, Error *error);
// ... or each distinct input token once: at how many different tokens a neuron fired, anywhere. The
// control, with a seed above 0: as many neurons drawn at random in the place of those that fired.
bool usage_of_tokens(Usage *out, const GatingRecord *record, uint64_t seed, Error *error);

// The fraction of a layer's neurons that fired at least once.
double usage_layer_share(const Usage *usage, int layer);
// The Gini coefficient of a layer's counts.
bool usage_gini(double *out, const Usage *usage, int layer, Error *error);

// The Gini coefficient of counts: 0 where all are equal (or 0), near 1 where a few have all.
bool gini_coefficient(double *out, const uint64_t *counts, size_t count, Error *error);

// A layer's neurons by how often they fired: never, once, 2 to 3 times, 4 to 7, and so on.
enum { USAGE_BINS = 34 };
void usage_histogram(int64_t bins[USAGE_BINS], const Usage *usage, int layer);
#endif
