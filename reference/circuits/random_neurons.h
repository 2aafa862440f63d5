#ifndef REFERENCE_CIRCUITS_RANDOM_NEURONS_H
#define REFERENCE_CIRCUITS_RANDOM_NEURONS_H
#include "reference/numbers/random.h"
#include <stdbool.h>

// The control of measures that look at which neurons fired: others, drawn at random.

// out [count]: different numbers below F (F >= count), each set equally likely (Floyd's algorithm),
// by random numbers first .. first+count-1 of the key.
static inline void random_neurons(int32_t *out, int count, int F, uint64_t key, uint64_t first) {
    for (int i = 0; i < count; i++) {
        int last = F - count + i; // a set of 0 .. last
        int32_t drawn = (int32_t)random_below(key, first + (uint64_t)i, (uint64_t)last + 1);
        bool taken = false;
        for (int j = 0; j < i; j++) taken = taken || out[j] == drawn;
        out[i] = taken ? last : drawn;
    }
}

// order [count] = a random permutation of 0 .. count-1 (Fisher and Yates).
static inline void random_order(int32_t *order, int count, uint64_t key) {
    for (int i = 0; i < count; i++) {
        int j = (int)random_below(key, (uint64_t)i, (uint64_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}
#endif
