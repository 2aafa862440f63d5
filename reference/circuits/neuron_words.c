#include "reference/circuits/neuron_words.h"
#include "reference/data/special_tokens.h"
#include "reference/model/layout.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>

// Puts a token into a list of the highest sign·value; equal ones stay in the order of their ids.
static void insert(TokenValue *list, int *count, int32_t token, double value, double sign) {
    int at = *count;
    while (at > 0 && sign * value > sign * list[at - 1].value) at--;
    if (at == NEURON_WORDS) return;
    for (int i = min_int(*count, NEURON_WORDS - 1); i > at; i--) list[i] = list[i - 1];
    list[at] = (TokenValue){ token, value };
    *count = min_int(*count + 1, NEURON_WORDS);
}

// The tokens with the highest and the lowest weight [D] · embedding. With `normed` embeddings are
// divided by their rms. Returns how many are in each list.
static int rank(TokenValue *highest, TokenValue *lowest, const double *weight, const Model *model,
                bool normed) {
    int D = model->config.D, high = 0, low = 0;
    const float *row = model->parameters + model->tensors.items[EMBEDDING].offset;
    for (int32_t token = 0; token < model->config.V; token++, row += D) {
        double sum = 0, squares = 0;
        for (int d = 0; d < D; d++) {
            sum += weight[d] * row[d];
            squares += (double)row[d] * row[d];
        }
        if (normed) sum /= sqrt(squares / D + 1e-6);
        if (token == TOKEN_PAD) continue;
        insert(highest, &high, token, sum, 1);
        insert(lowest, &low, token, sum, -1);
    }
    return high;
}

bool neuron_words(NeuronWords *out, const Model *model, int layer, int channel, int index) {
    int D = model->config.D;
    Neuron neuron = neuron_of(model, layer, channel, index);
    const float *ffn_norm = model->parameters + model_layer(model, layer)[FFN_NORM].offset,
                *output_norm = model->parameters + layout_output_norm(&model->tensors)->offset;
    double *weight = calloc((size_t)D, sizeof *weight);
    if (weight == NULL) return false;
    for (int d = 0; d < D; d++) weight[d] = (double)neuron.in[d] * ffn_norm[d];
    out->count = rank(out->reads, out->reads_least, weight, model, true);
    for (int d = 0; d < D; d++) weight[d] = (double)neuron.out[d] * output_norm[d];
    rank(out->promotes, out->suppresses, weight, model, false);
    free(weight);
    return true;
}
