#include "reference/circuits/coactivation.h"
#include "reference/circuits/random_neurons.h"
#include <math.h>
#include <stdlib.h>

void coactivation_free(Coactivation *coactivation) {
    free(coactivation->pairs);
    free(coactivation->total);
    *coactivation = (Coactivation){ 0 };
}

static void count_pairs(Coactivation *out, const Circuits *circuits) {
    size_t F = (size_t)out->F;
    for (int n = 0; n < circuits->N; n++) {
        const int32_t *index = circuits->index + (size_t)n * (size_t)circuits->K;
        for (int a = 0; a < circuits->K; a++) {
            if (index[a] == NO_EXPERT) continue;
            uint32_t *pairs = out->pairs + (size_t)index[a] * F;
            for (int b = 0; b < circuits->K; b++) {
                if (index[b] != NO_EXPERT && index[b] != index[a]) pairs[index[b]]++;
            }
        }
    }
}

bool coactivation_new(Coactivation *out, const Circuits *circuits, Error *error) {
    size_t F = (size_t)circuits->F;
    *out = (Coactivation){ .F = circuits->F };
    out->pairs = calloc(F * F, sizeof *out->pairs);
    out->total = calloc(F, sizeof *out->total);
    if (out->pairs == NULL || out->total == NULL) {
        coactivation_free(out);
        return fail(error, "out of memory for the pairs of %d neurons; choose one channel",
                    circuits->F);
    }
    count_pairs(out, circuits);
#pragma omp parallel for
    for (size_t i = 0; i < F; i++) {
        for (size_t j = 0; j < F; j++) out->total[i] += out->pairs[i * F + j];
    }
    return true;
}

// The share of the pairs that share a sub-key when neuron i is in place[i].
static double shared_pairs(const Coactivation *coactivation, const int32_t *place, int n) {
    uint64_t shared = 0, all = 0;
    int F = coactivation->F;
#pragma omp parallel for reduction(+ : shared, all) // whole numbers: the order does not matter
    for (int i = 0; i < F; i++) {
        const uint32_t *pairs = coactivation->pairs + (size_t)i * (size_t)F;
        for (int j = 0; j < F; j++) {
            bool same = place[i] / n == place[j] / n || place[i] % n == place[j] % n;
            if (same) shared += pairs[j];
        }
        all += coactivation->total[i];
    }
    return all > 0 ? (double)shared / (double)all : NAN;
}

bool coactivation_subkeys(SubkeyShare *out, const Coactivation *coactivation, int n, uint64_t seed,
                          Error *error) {
    int F = coactivation->F;
    double shares[SUBKEY_SHUFFLES];
    int32_t *place = malloc((size_t)F * sizeof *place);
    if (place == NULL) return fail(error, "out of memory for %d neurons", F);
    *out = (SubkeyShare){ 0 };
    for (int i = 0; i < F; i++) place[i] = i;
    out->shared = shared_pairs(coactivation, place, n);
    uint64_t key = random_key(seed, "sub-keys");
    for (int s = 0; s < SUBKEY_SHUFFLES; s++) {
        random_order(place, F, random_bits(key, (uint64_t)s));
        shares[s] = shared_pairs(coactivation, place, n);
        out->shuffled += shares[s] / SUBKEY_SHUFFLES;
    }
    for (int s = 0; s < SUBKEY_SHUFFLES; s++)
        out->deviation = fmax(out->deviation, fabs(shares[s] - out->shuffled));
    free(place);
    return true;
}
