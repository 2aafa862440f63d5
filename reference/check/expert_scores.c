#include "reference/check/expert_scores.h"
#include "reference/ffn/key_router.h"
#include <math.h>
#include <string.h>

// weight [E]: the softmax, or for unified routing (1 - alpha)·softmax + alpha·sigmoid·2/E.
static void moe_scores(double *rank, double *weight, const Config *config, const double *logits) {
    double max = logits[0], sum = 0.0;
    for (int e = 1; e < config->E; e++) max = fmax(max, logits[e]);
    for (int e = 0; e < config->E; e++) sum += exp(logits[e] - max);
    for (int e = 0; e < config->E; e++) {
        weight[e] = exp(logits[e] - max) / sum;
        if (config->routing != ROUTING_UNIFIED) continue;
        double own = 2.0 / config->E / (1.0 + exp(-logits[e]));
        weight[e] = (1.0 - config->alpha) * weight[e] + config->alpha * own;
    }
    bool by_row = config->routing == ROUTING_TOKEN;
    memcpy(rank, by_row ? logits : weight, (size_t)config->E * sizeof *rank);
}

void expert_scores(double *rank, double *weight, const Config *config, const double *scores) {
    if (config->ffn->ragged) {
        moe_scores(rank, weight, config, scores);
        return;
    }
    // peer has a product router, whatever the config says
    bool product = config->ffn->shared_experts || key_router_is_product(config->router);
    int C = config->C, F = config->F, n = config_keys(config);
    for (int i = 0; i < C * F; i++) {
        int c = i / F, f = i % F;
        rank[i] = product ? scores[c * n + f / n] + scores[(C + c) * n + f % n] : scores[i];
        weight[i] = rank[i];
    }
}
