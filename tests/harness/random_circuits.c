#include "tests/harness/random_circuits.h"
#include "reference/circuits/random_neurons.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

// Copies circuit `from` to n, its entries rotated by one.
static void copy_rotated(Circuits *circuits, int n, int from) {
    size_t K = (size_t)circuits->K, to = (size_t)n * K, source = (size_t)from * K, count = 0;
    while (count < K && circuits->index[source + count] != NO_EXPERT) count++;
    for (size_t k = 0; k < K; k++) {
        size_t other = source + (k < count ? (k + 1) % count : k);
        circuits->index[to + k] = circuits->index[other];
        circuits->score[to + k] = circuits->score[other];
    }
}

Circuits random_circuits(int N, int K, int F, uint64_t seed) {
    Circuits out = { .N = N, .K = K, .F = F };
    size_t entries = (size_t)N * (size_t)K;
    out.index = malloc((entries + 1) * sizeof *out.index);
    out.score = calloc(entries + 1, sizeof *out.score);
    ck_assert(out.index != NULL && out.score != NULL);
    uint64_t neurons = random_key(seed, "neurons"), scores = random_key(seed, "scores");
    uint64_t kinds = random_key(seed, "kinds");
    for (int n = 0; n < N; n++) {
        size_t row = (size_t)n * (size_t)K;
        uint64_t kind = random_below(kinds, (uint64_t)n, 8);
        if (kind == 0 && n > 0) {
            copy_rotated(&out, n, (int)random_below(kinds, (uint64_t)(N + n), (uint64_t)n));
            continue;
        }
        int count = kind == 1 ? (int)random_below(kinds, (uint64_t)(N + n), (uint64_t)K + 1) : K;
        random_neurons(out.index + row, count, F, neurons, row);
        for (int k = 0; k < count; k++)
            out.score[row + (size_t)k] = (float)random_below(scores, row + (size_t)k, 7) - 3;
        for (int k = count; k < K; k++) out.index[row + (size_t)k] = NO_EXPERT;
    }
    return out;
}

void dense_circuits(double *out, const Circuits *circuits) {
    size_t K = (size_t)circuits->K, F = (size_t)circuits->F;
    memset(out, 0, (size_t)circuits->N * F * sizeof *out);
    for (size_t n = 0; n < (size_t)circuits->N; n++) {
        for (size_t i = n * K; i < (n + 1) * K; i++) {
            if (circuits->index[i] != NO_EXPERT)
                out[n * F + (size_t)circuits->index[i]] = (double)circuits->score[i];
        }
    }
}
