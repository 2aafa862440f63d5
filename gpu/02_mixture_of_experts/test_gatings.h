// Gatings for the tests of lessons 02 and 03.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// The tests tell kernels that there may be more entries than there are: those that write beyond the
// last one are caught.
constexpr int SPARE_CAPACITY = 7;

// A scrambled number below n.
static inline int scrambled(int i, int n) {
    uint32_t x = (uint32_t)i * 2654435761u + 12345u;
    return (int)((x ^ x >> 15) * 2246822519u % (uint32_t)n);
}

// start (N+1) and index (N·K): N·K entries, but some tokens have more than K of the E experts and
// others fewer; no expert twice. Lower experts have more.
static inline void make_gating(double *start, double *index, int N, int E, int K) {
    int spread = K < E - K ? K : E - K;
    start[0] = 0;
    for (int t = 0; t < N; t++) {
        int change = spread > 0 ? scrambled(t / 2, spread + 1) : 0;
        if (t == N - 1 && t % 2 == 0) change = 0; // has no partner
        int count = t % 2 == 0 ? K + change : K - change;
        int from = scrambled(t, E), first = scrambled(t, from + 1), begin = (int)start[t];
        for (int i = 0; i < count; i++) index[begin + i] = (first + i) % E;
        start[t + 1] = begin + count;
    }
}

// first (E+1) and the row of each entry, sorted by expert.
static inline void make_rows(double *first, double *row, const double *index, int entries, int E) {
    std::vector<int> next((size_t)E + 1);
    for (int i = 0; i < entries; i++) next[(size_t)index[i] + 1]++;
    for (int e = 0; e < E; e++) next[(size_t)e + 1] += next[(size_t)e];
    for (int e = 0; first && e <= E; e++) first[e] = next[(size_t)e];
    for (int i = 0; row && i < entries; i++) row[i] = next[(size_t)index[i]]++;
}
