// Refused by a_target_far_below: it subtracts the target's logit, not the largest.
#include <math.h>
#include <stddef.h>

double perplexity(const double *logits, const int *targets, int T, int V) {
    double sum = 0.0;
    int scored = 0;
    for (int t = 0; t < T; t++) {
        if (targets[t] == 0) continue;
        const double *row = logits + (size_t)t * V;
        double total = 0.0;
        for (int v = 0; v < V; v++) total += exp(row[v] - row[targets[t]]);
        sum += log(total);
        scored++;
    }
    return scored > 0 ? exp(sum / scored) : 1.0;
}
