#ifndef REFERENCE_CIRCUITS_COACTIVATION_H
#define REFERENCE_CIRCUITS_COACTIVATION_H
#include "reference/circuits/circuits.h"

// Which neurons fire together.
typedef struct {
    int F;
    uint32_t *pairs; // [F,F]: in how many circuits i and j fired together; the diagonal is 0
    uint64_t *total; // [F], the sum of a row
} Coactivation;

bool coactivation_new(Coactivation *out, const Circuits *circuits, Error *error);
void coactivation_free(Coactivation *coactivation);

// j among all that fired together with i: the pairs of i and j as a share of all of i's pairs, 0
// where i has none.
static inline double coactivation_share(const Coactivation *coactivation, int i, int j) {
    uint64_t total = coactivation->total[i];
    uint32_t pairs = coactivation->pairs[(size_t)i * (size_t)coactivation->F + (size_t)j];
    return total > 0 ? (double)pairs / (double)total : 0;
}

// Product keys select the best of n² sums of two sub-key scores, so the neurons of one circuit
// often share a sub-key: such pairs are there before anything is learned. shared: the share of all
// pairs whose neurons i and j share one (i / n = j / n, or the same remainders). The control: the
// same with the neurons shuffled among the n² places, the mean over some shuffles, and the largest
// deviation from it. NAN without pairs.
typedef struct {
    double shared, shuffled, deviation;
} SubkeyShare;
enum { SUBKEY_SHUFFLES = 20 };
bool coactivation_subkeys(SubkeyShare *out, const Coactivation *coactivation, int n, uint64_t seed,
                          Error *error);
#endif
