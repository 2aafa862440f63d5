#include "reference/circuits/neurons.h"
#include "reference/ffn/activations.h"
#include <stdio.h>

bool has_neurons(const Config *config) { return config->ffn->sparse && !config->ffn->ragged; }

const float *experts_table(const Model *model, int layer, const char *name) {
    char full[TENSOR_NAME];
    snprintf(full, sizeof full, "layers.%d.ffn.experts.%s", layer, name);
    return model->parameters + tensors_find(&model->tensors, full)->offset;
}

Neuron neuron_of(const Model *model, int layer, int channel, int index) {
    int pool = model->config.ffn->shared_experts ? 0 : channel;
    size_t row = (size_t)pool * (size_t)model->config.F + (size_t)index,
           offset = row * (size_t)model->config.D;
    return (Neuron){ experts_table(model, layer, "in") + offset,
                     experts_table(model, layer, "out") + offset };
}

// peer: softmax(score)·gelu(z). An entry of -INFINITY is silent, even if all are.
static void peer_weights(double *weight, const float *score, const double *z, int K) {
    double highest = -INFINITY, sum = 0;
    for (int k = 0; k < K; k++) highest = score[k] > highest ? score[k] : highest;
    for (int k = 0; k < K; k++) {
        weight[k] = score[k] == -INFINITY ? 0 : exp(score[k] - highest);
        sum += weight[k];
    }
    for (int k = 0; k < K; k++) weight[k] = sum > 0 ? weight[k] / sum * gelu((float)z[k]) : 0;
}

void neuron_weights(double *weight, const float *score, const double *z, const Config *config,
                    int K) {
    if (config->ffn->shared_experts) { // peer
        peer_weights(weight, score, z, K);
        return;
    }
    for (int k = 0; k < K; k++) {
        double u = score[k] * z[k];
        bool linear = config->activation == ACTIVATION_IDENTITY;
        weight[k] = linear ? u : activate(config->activation, (float)u);
    }
}
