// Exercise 2: a machine gives each expert scratch for `capacity` entries, no more (Switch, Fedus 2021,
// section 2.2). Who comes first is served first: going through the gating in order, an entry whose
// expert is full is dropped, and the entries behind it move up. Change the gating in place, start,
// index and weight; the weights stay what they were. A token may lose all its experts; then the
// layer says 0 for it. Return how many entries were dropped.
// scratch: E ints. Check with: make exercise-02-2
#include "chapters/02_mixture_of_experts/moe.h"

int drop_overflow(MoeGating *gating, int *scratch, int capacity, int E) {
    (void)gating, (void)scratch, (void)capacity, (void)E;
    return 0;
}
