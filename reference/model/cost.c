#include "reference/model/layout.h"
#include "reference/model/model.h"

// By the sgatlin paper's count the attention of a layer costs 8·T·D² + 4·H·T²·Dh FLOPs.
ModelCost model_cost(const Config *config) {
    double T = config->T, D = config->D, V = config->V, H = config_heads(config);
    Cost ffn = ffn_of(config)->cost(config, config->T);
    double attention = 4 * D * D + 2.0 * config->Dh, norms = 2 * D;
    ModelCost cost = {
        .layers = { .parameters = config->L * (attention + norms + ffn.parameters),
                    .active_parameters = config->L * (attention + norms + ffn.active_parameters),
                    .flops = config->L * (8 * T * D * D + 4 * H * T * T * config->Dh + ffn.flops),
                    .bytes = config->L * (4 * (attention + norms) + ffn.bytes) }
    };
    cost.flops_full = cost.layers.flops + 2 * T * D * V;
    cost.parameters = cost.layers.parameters + V * D + D;
    cost.active_parameters = cost.layers.active_parameters + V * D + D;
    return cost;
}
