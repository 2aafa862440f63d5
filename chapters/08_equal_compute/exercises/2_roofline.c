// Exercise 08-2. How many tokens keep the processor busy?
//
// A machine computes `flops` FLOPs per second and moves `bytes` bytes per second, both at the same
// time: a layer takes at least as long as the slower of the two (the roofline model of Williams et
// al. 2009). The more tokens share the weights that are read, the more FLOPs there are per byte.
//
// Check with: make exercise-08-2
#include "chapters/08_equal_compute/traffic.h"

// The minimum time of a layer in seconds, if its weights are read once.
double roofline_seconds(const Traffic *t, double flops, double bytes) {
    (void)t, (void)flops, (void)bytes;
    return 0.0; // yours to write
}

// The smallest number of tokens, 1 to max_tokens, for which computing takes at least as long as
// moving the bytes; 0 if max_tokens are not enough. FLOPs per byte never fall when tokens are
// added: there is no need to try all numbers.
long busy_tokens(const ModelSizes *sizes, double flops, double bytes, long max_tokens) {
    (void)sizes, (void)flops, (void)bytes, (void)max_tokens;
    return 0; // yours to write
}
