// Exercise 06-4. Do all neurons have work?
//
// Count how often each neuron was chosen, then put into one number how unevenly: the Gini
// coefficient, 0 where all fired equally often, near 1 where one did everything. With the counts
// sorted upwards, x_1 <= … <= x_F:
//     G = Σ_i (2i − F − 1)·x_i / (F · Σ_i x_i)          0 where nothing fired
#include "chapters/06_sgatlin/sgatlin.h"

// count [F] of one channel: += 1 for each of the `entries` chosen indices.
void count_firing(long *count, const int *index, int entries) {
    (void)count, (void)index, (void)entries; // yours to write
}

// count [F] is only read; sorted [F] is scratch.
double gini(const long *count, long *sorted, int F) {
    (void)count, (void)sorted, (void)F;
    return -1.0; // yours to write
}
