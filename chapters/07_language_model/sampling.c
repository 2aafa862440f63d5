#include "chapters/07_language_model/sampling.h"
#include "chapters/02_mixture_of_experts/top_k.h"
#include "chapters/07_language_model/special_tokens.h"
#include <math.h>

// order [count] = the tokens that may be sampled, likeliest first: not padding, not NaN.
static int rank_tokens(int *order, const double *logits, int V) {
    int count = 0;
    top_k(order, logits, V, V);
    for (int i = 0; i < V; i++) {
        if (order[i] != TOKEN_PAD && !isnan(logits[order[i]])) order[count++] = order[i];
    }
    return count;
}

// [sample
int sample_next_token(const double *logits, int V, const SamplingRule *rule, double draw,
                      int *order, double *p) {
    int count = rank_tokens(order, logits, V);
    if (count == 0) return TOKEN_END; // all logits are NaN
    double best = logits[order[0]], sum = 0.0;
    if (rule->temperature < MIN_TEMPERATURE || isinf(best)) return order[0];
    if (rule->top_k > 0 && rule->top_k < count) count = rule->top_k;
    for (int i = 0; i < count; i++) {
        p[i] = exp((logits[order[i]] - best) / rule->temperature);
        sum += p[i];
    }
    if (rule->top_p > 0.0 && rule->top_p < 1.0) {
        double needed = rule->top_p * sum;
        int nucleus = 1;
        for (sum = p[0]; nucleus < count && sum < needed; nucleus++) sum += p[nucleus];
        count = nucleus;
    }
    double rest = draw * sum;
    for (int i = 0; i < count - 1; i++) {
        rest -= p[i];
        if (rest < 0.0) return order[i];
    }
    return order[count - 1]; // also if rounding left a rest
}
// sample]
