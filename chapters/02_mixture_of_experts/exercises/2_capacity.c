// Exercise 02-2. Capacity.
//
// Give each expert a capacity of `capacity` entries (Switch, Fedus 2021, section 2.2), first come,
// first served: go through the gating in order, drop every entry whose expert is full, and move up
// the entries after it. Change start, index and weight of the gating in place; the weights that
// remain are not rescaled. A token may lose all its experts; the layer's output for it is then 0.
// Return how many entries were dropped. scratch: E ints.
//
// Check with: make exercise-02-2
#include "chapters/02_mixture_of_experts/moe.h"

int drop_overflow(MoeGating *gating, int *scratch, int capacity, int E) {
    (void)gating, (void)scratch, (void)capacity, (void)E;
    return 0;
}
