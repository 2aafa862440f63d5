// Exercise 06-4. Are all neurons used?
//
// Count how often each neuron was selected, and express in one number how unevenly: the Gini
// coefficient, 0 if all fired equally often, near 1 if one did everything. With the counts in
// ascending order, x_1 <= … <= x_F:
//     G = Σ_i (2i − F − 1)·x_i / (F · Σ_i x_i)          0 if nothing fired
//
// Check with: make exercise-06-4
#include "chapters/06_sgatlin/sgatlin.h"

// count [F] of one channel: += 1 for each of the `entries` selected indices.
void count_firing(long *count, const int *index, int entries) {
    (void)count, (void)index, (void)entries; // yours to write
}

// count [F] is not changed; sorted [F] is scratch.
double gini(const long *count, long *sorted, int F) {
    (void)count, (void)sorted, (void)F;
    return -1.0; // yours to write
}
