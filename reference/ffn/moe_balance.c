#include "reference/ffn/moe_balance.h"
#include <string.h>

int moe_balance_count(int32_t *count, const Gating *gating, const MoeRouting *choice) {
    int n = 0;
    memset(count, 0, (size_t)choice->config->E * sizeof *count);
    for (int t = 0; t < gating->N; t++) {
        if (moe_routing_pad(choice, t)) continue;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) count[gating->index[i]]++;
        n++;
    }
    return n;
}

// In double and token by token: a sum over all tokens, of few numbers each.
double moe_balance_loss(const int32_t *count, int n, const MoeRouting *choice) {
    const Config *config = choice->config;
    double switched = 0.0, squares = 0.0, tokens = n;
    for (int t = 0; n > 0 && t < choice->B * choice->T; t++) {
        if (moe_routing_pad(choice, t)) continue;
        const float *p = choice->p + (size_t)t * config->E;
        for (int e = 0; e < config->E; e++) switched += count[e] / tokens * p[e] / tokens;
        squares += (double)choice->log_sum[t] * choice->log_sum[t] / tokens;
    }
    return config->switch_loss * config->E * switched + config->z_loss * squares;
}

// dlogit = p·(g - Σ p·g) + weight·2/n·log_sum·p, where g_e = weight·E·f_e/n is what Switch's loss
// asks of p_e.
static void row_backward(float *dlogits, const int32_t *count, float scale, float pull,
                         const float *p, int E) {
    float mean = 0.0f;
    for (int e = 0; e < E; e++) mean += p[e] * scale * (float)count[e];
    for (int e = 0; e < E; e++) dlogits[e] += p[e] * (scale * (float)count[e] - mean + pull);
}

void moe_balance_backward(float *dlogits, const int32_t *count, int n, const MoeRouting *choice) {
    const Config *config = choice->config;
    int N = choice->B * choice->T, E = config->E;
    if (n == 0) return;
    float scale = (float)(config->switch_loss * E / n / n),
          pull = (float)(2.0 * config->z_loss / n);
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        if (!moe_routing_pad(choice, t))
            row_backward(dlogits + row, count, scale, pull * choice->log_sum[t], choice->p + row,
                         E);
    }
}

void moe_balance_bias(float *bias, const int32_t *count, double step, int E) {
    int64_t all = 0;
    for (int e = 0; e < E; e++) all += count[e];
    for (int e = 0; e < E; e++) {
        int64_t under = all - (int64_t)count[e] * E; // the sign of mean - count, in whole numbers
        bias[e] += (float)((under > 0) - (under < 0)) * (float)step;
    }
}
