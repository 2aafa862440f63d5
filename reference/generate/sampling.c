#include "reference/generate/sampling.h"
#include "reference/data/special_tokens.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

// The order of every choice: the higher logit first, equal ones by the lower id, NaN last.
static int compare(const void *left, const void *right) {
    const Candidate *a = left, *b = right;
    if (isnan(a->logit) != isnan(b->logit)) return isnan(a->logit) ? 1 : -1;
    if (!isnan(a->logit) && a->logit != b->logit) return a->logit > b->logit ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static int32_t best_token(const float *logits, int V) {
    Candidate best = { logits[V - 1], V - 1 };
    for (int32_t id = V - 2; id >= 0; id--) {
        Candidate one = { logits[id], id };
        if (id != TOKEN_PAD && compare(&one, &best) < 0) best = one;
    }
    return best.id;
}

// How many of the candidates, best first, make up top_p of the probability.
static int count_nucleus(const Candidate *candidates, int count, double sum, double top_p,
                         double scale) {
    double target = top_p * sum, so_far = 0;
    for (int i = 0; i < count; i++) {
        so_far += exp(((double)candidates[i].logit - candidates[0].logit) * scale);
        if (so_far >= target) return i + 1;
    }
    return count;
}

static double weigh(const Candidate *candidates, int count, double scale) {
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += exp(((double)candidates[i].logit - candidates[0].logit) * scale);
    return sum;
}

int32_t sample_token(const float *logits, int V, const Sampling *sampling, double draw,
                     Candidate *candidates) {
    if (!(sampling->temperature >= MIN_TEMPERATURE)) return best_token(logits, V);
    int count = 0;
    for (int32_t id = 0; id < V; id++) {
        if (id != TOKEN_PAD && !isnan(logits[id]))
            candidates[count++] = (Candidate){ logits[id], id };
    }
    if (count == 0) return best_token(logits, V);
    qsort(candidates, (size_t)count, sizeof *candidates, compare);
    // exp(inf - inf) is NaN, so an infinite best has no weights
    if (isinf(candidates[0].logit)) return candidates[0].id;
    if (sampling->top_k > 0 && sampling->top_k < count) count = sampling->top_k;
    double scale = 1.0 / sampling->temperature, sum = weigh(candidates, count, scale);
    if (sampling->top_p > 0 && sampling->top_p < 1) {
        count = count_nucleus(candidates, count, sum, sampling->top_p, scale);
        sum = weigh(candidates, count, scale);
    }
    double left = draw * sum;
    for (int i = 0; i < count - 1; i++) {
        left -= exp(((double)candidates[i].logit - candidates[0].logit) * scale);
        if (left < 0) return candidates[i].id;
    }
    return candidates[count - 1].id; // also when rounding leaves a little
}
