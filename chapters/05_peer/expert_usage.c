#include "chapters/05_peer/expert_usage.h"
#include <math.h>

// [usage
void expert_usage_add(double *total, const PeerToken *saved, const Peer *peer) {
    for (int slot = 0; slot < peer->C * peer->K; slot++)
        total[saved->index[slot]] += saved->gate[slot];
}

double expert_usage(const double *total, int F) {
    int used = 0;
    for (int f = 0; f < F; f++) used += total[f] > 0.0;
    return (double)used / F;
}

double expert_unevenness(const double *total, int F) {
    double all = 0.0, sum = 0.0;
    for (int f = 0; f < F; f++) all += total[f];
    if (all == 0.0) return 0.0;
    for (int f = 0; f < F; f++) {
        double share = total[f] / all;
        if (share > 0.0) sum += share * log(share); // the limit at share = 0 is 0
    }
    return log(F) + sum;
}
// usage]
