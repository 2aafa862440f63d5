// Refused by most_experts_never_learn: it only reports the experts of the last step.
#define train right_train
#include "tests/course/solutions/05_peer/4_never_chosen.c"
#undef train

double train(PeerLayer *l, bool *chosen, const double *x, const double *target, int N, int steps,
             double rate) {
    double loss = 0.0;
    for (int step = 0; step < steps; step++) loss = right_train(l, chosen, x, target, N, 1, rate);
    return loss;
}
