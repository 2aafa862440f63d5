#include "reference/circuits/predictions.h"
#include "reference/data/special_tokens.h"
#include <math.h>

// log Σ e^logits
static double log_sum_exp(const float *logits, int V) {
    double highest = logits[0], sum = 0;
    for (int v = 1; v < V; v++) highest = fmax(highest, logits[v]);
    for (int v = 0; v < V; v++) sum += exp(logits[v] - highest);
    return highest + log(sum);
}

// Puts a token among the `count` best so far; returns how many there are then.
static int insert(Prediction *best, int count, int P, int32_t token, double logit) {
    int at = count;
    while (at > 0 && logit > best[at - 1].logit) at--;
    if (at == P) return count;
    int last = count < P ? count : P - 1;
    for (int i = last; i > at; i--) best[i] = best[i - 1];
    best[at] = (Prediction){ .token = token, .logit = logit };
    return count < P ? count + 1 : P;
}

bool predictions_of(Prediction *out, const float *logits, int P, int V) {
    int count = 0;
    double sum = log_sum_exp(logits, V);
    for (int v = 0; v < V; v++) {
        if (isnan(logits[v])) return false;
        if (v != TOKEN_PAD) count = insert(out, count, P, v, logits[v]);
    }
    for (int i = 0; i < count; i++) out[i].probability = exp(out[i].logit - sum);
    return true;
}

Prediction prediction_of(const float *logits, int32_t token, int V) {
    double probability = exp(logits[token] - log_sum_exp(logits, V));
    return (Prediction){ token, logits[token], probability };
}
