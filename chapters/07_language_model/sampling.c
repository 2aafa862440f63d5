#include "chapters/07_language_model/sampling.h"
#include "chapters/02_mixture_of_experts/top_k.h"
#include "chapters/07_language_model/special_tokens.h"
#include <math.h>

// order [count] = the tokens that may be drawn, likeliest first: not padding, not NaN.
static int rank_tokens(int *order, const double *logits, int V) {
    int count = 0;
    top_k(order, logits, V, V);
    for (int i = 0; i < V; i++) {
        if (order[i] != TOKEN_PAD && !isnan(logits[order[i]])) order[count++] = order[i];
    }
    return count;
}

// [choose
int sample_next_token(const double *logits, int V, const SamplingRule *rule, double draw,
                      int *order, double *p) {
    int count = rank_tokens(order, logits, V);
    if (count == 0) return TOKEN_END; // nothing but NaN
    double best = logits[order[0]], sum = 0.0;
    if (rule->temperature < MIN_TEMPERATURE || isinf(best)) return order[0];
    if (rule->top_k > 0 && rule->top_k < count) count = rule->top_k;
    for (int i = 0; i < count; i++)
        sum += p[i] = exp((logits[order[i]] - best) / rule->temperature);
    if (rule->top_p > 0.0 && rule->top_p < 1.0) {
        double wanted = rule->top_p * sum;
        sum = p[0];
        int saved = 1;
        while (saved < count && sum < wanted) sum += p[saved++];
        count = saved;
    }
    double left = draw * sum;
    for (int i = 0; i < count - 1; i++) {
        if ((left -= p[i]) < 0.0) return order[i];
    }
    return order[count - 1]; // also where rounding left a little over
}
// choose]
