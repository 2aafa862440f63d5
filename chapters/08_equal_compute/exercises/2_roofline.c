// Exercise 08-2. How many tokens keep the processor busy?
//
// A machine computes `flops` FLOPs a second and moves `bytes` bytes a second, both at the same
// time: a layer takes at least as long as the slower of the two (Williams et al. 2009 call it the
// roofline). The more tokens share the weights that are fetched, the more FLOPs there are for each
// byte.
#include "chapters/08_equal_compute/traffic.h"

// Seconds that a layer takes at least, its weights fetched once.
double least_seconds(const Traffic *t, double flops, double bytes) {
    (void)t, (void)flops, (void)bytes;
    return 0.0; // yours to write
}

// The fewest tokens at once, 1 to `most`, with which computing takes at least as long as moving; 0
// where `most` are not enough. FLOPs a byte never fall when tokens are added: there is no need to
// try them all.
long busy_tokens(const ModelSizes *sizes, double flops, double bytes, long most) {
    (void)sizes, (void)flops, (void)bytes, (void)most;
    return 0; // yours to write
}
