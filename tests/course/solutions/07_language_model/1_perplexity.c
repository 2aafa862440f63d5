#include <math.h>
#include <stddef.h>

double perplexity(const double *logits, const int *targets, int T, int V) {
    double sum = 0.0;
    int scored = 0;
    for (int t = 0; t < T; t++) {
        if (targets[t] == 0) continue;
        const double *row = logits + (size_t)t * V;
        // the probabilities themselves are not needed, only log Σ e^logit
        double max = row[0], total = 0.0;
        for (int v = 1; v < V; v++) max = fmax(max, row[v]);
        for (int v = 0; v < V; v++) total += exp(row[v] - max);
        sum += max + log(total) - row[targets[t]];
        scored++;
    }
    return scored > 0 ? exp(sum / scored) : 1.0;
}
