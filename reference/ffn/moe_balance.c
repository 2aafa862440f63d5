#include "reference/ffn/moe_balance.h"
#include <string.h>

int moe_balance_count(int32_t *count, const Gating *gating, const MoeRouting *routing) {
    int n = 0;
    memset(count, 0, (size_t)routing->config->E * sizeof *count);
    for (int t = 0; t < gating->N; t++) {
        if (moe_routing_pad(routing, t)) continue;
        for (int i = gating->start[t]; i < gating->start[t + 1]; i++) count[gating->index[i]]++;
        n++;
    }
    return n;
}

// In double: a sum over all tokens.
double moe_balance_loss(const int32_t *count, int n, const MoeRouting *routing) {
    const Config *config = routing->config;
    double switched = 0.0, squares = 0.0, tokens = n;
    for (int t = 0; n > 0 && t < routing->B * routing->T; t++) {
        if (moe_routing_pad(routing, t)) continue;
        const float *p = routing->p + (size_t)t * config->E;
        for (int e = 0; e < config->E; e++) switched += count[e] / tokens * p[e] / tokens;
        squares += (double)routing->log_sum[t] * routing->log_sum[t] / tokens;
    }
    return config->switch_loss * config->E * switched + config->z_loss * squares;
}

// One token: dlogit = p·(g - Σ p·g) + z_slope·p, where g_e = scale·count_e is the gradient of
// Switch's loss with respect to p_e.
static void row_backward(float *dlogits, const int32_t *count, float scale, float z_slope,
                         const float *p, int E) {
    float mean = 0.0f;
    for (int e = 0; e < E; e++) mean += p[e] * scale * (float)count[e];
    for (int e = 0; e < E; e++) dlogits[e] += p[e] * (scale * (float)count[e] - mean + z_slope);
}

void moe_balance_backward(float *dlogits, const int32_t *count, int n, const MoeRouting *routing) {
    const Config *config = routing->config;
    int N = routing->B * routing->T, E = config->E;
    if (n == 0) return;
    float scale = (float)(config->switch_loss * E / n / n),
          z_scale = (float)(2.0 * config->z_loss / n);
#pragma omp parallel for
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        if (!moe_routing_pad(routing, t))
            row_backward(dlogits + row, count, scale, z_scale * routing->log_sum[t],
                         routing->p + row, E);
    }
}

void moe_balance_bias(float *bias, const int32_t *count, double step, int E) {
    int64_t total = 0;
    for (int e = 0; e < E; e++) total += count[e];
    for (int e = 0; e < E; e++) {
        int64_t under = total - (int64_t)count[e] * E; // E·(mean - count), in integers
        bias[e] += (float)((under > 0) - (under < 0)) * (float)step;
    }
}
