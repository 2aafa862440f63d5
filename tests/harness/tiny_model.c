#include "tests/harness/tiny_model.h"
#include "reference/data/tokenizer.h"
#include "reference/model/loss.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/random.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Config tiny_config(const Config *kind, int V, int T) {
    Config config = *kind;
    config.V = V;
    config.T = T;
    config.L = 2;
    config.D = 12;
    config.Dh = 4;
    config.F = 9;
    if (!kind->ffn->sparse) return config;
    if (kind->ffn->ragged) {
        config.E = 5;
        config.K = 2;
        // otherwise no expert takes a token
        if (config.routing == ROUTING_EXPERT && T < 3) config.capacity = config.E;
        return config;
    }
    config.C = 2;
    config.K = 2;
    config.Dk = 3;
    return config;
}

static void randomize(Model *model, uint64_t seed) {
    tensors_init(&model->tensors, model->parameters, seed);
    for (int i = 0; i < model->tensors.count; i++) {
        const Tensor *tensor = &model->tensors.items[i];
        if (tensor->init != INIT_ONE && tensor->init != INIT_ZERO) continue;
        uint64_t key = random_key(seed, tensor->name);
        for (size_t j = 0; j < tensor->count; j++) {
            model->parameters[tensor->offset + j] += (float)(0.3 * random_normal(key, j));
        }
    }
}

TinyModel tiny_model(const Config *config, int B, uint64_t seed) {
    TinyModel tiny = { .B = B, .T = config->T };
    Error error = { "" };
    ck_assert_msg(model_new(&tiny.model, config, &error), "%s", error.text);
    tiny.activations = model_activations_new(config, B, config->T, true, &error);
    ck_assert_msg(tiny.activations != NULL, "%s", error.text);
    size_t N = (size_t)B * (size_t)config->T;
    tiny.gradients = floats_new(tiny.model.tensors.floats);
    tiny.inputs = malloc(2 * N * sizeof *tiny.inputs);
    ck_assert(tiny.gradients != NULL && tiny.inputs != NULL);
    tiny.targets = tiny.inputs + N;
    randomize(&tiny.model, seed);
    uint64_t key = random_key(seed, "targets");
    for (size_t i = 0; i < N; i++)
        tiny.targets[i] = 1 + (int32_t)random_below(key, i, (uint64_t)config->V - 1);
    for (size_t i = N; config->T > 2 && i > N - 2; i--) tiny.targets[i - 1] = TOKEN_PAD;
    for (size_t i = 0; i < N; i++)
        tiny.inputs[i] = i % (size_t)config->T == 0 ? TOKEN_END : tiny.targets[i - 1];
    return tiny;
}

TinyModel tiny_variant(int i, int V, int B, int T, char name[VARIANT_NAME]) {
    Config kind;
    ck_assert(layer_variant(i, &kind, name));
    Config config = tiny_config(&kind, V, T);
    return tiny_model(&config, B, 21);
}

void tiny_free(TinyModel *tiny) {
    floats_free(tiny->gradients, tiny->model.tensors.floats);
    free(tiny->inputs);
    model_activations_free(tiny->activations);
    model_free(&tiny->model);
}

int64_t tiny_scored(const TinyModel *tiny) {
    return count_scored(tiny->targets, tiny->B * tiny->T);
}

void tiny_forward(TinyModel *tiny) {
    model_forward(&tiny->model, tiny->activations, tiny->inputs, tiny->B, tiny->T);
}

double tiny_loss(TinyModel *tiny) {
    tiny_forward(tiny);
    return model_loss(&tiny->model, tiny->activations, tiny->targets, tiny_scored(tiny));
}

double tiny_backward(TinyModel *tiny) {
    for (size_t i = 0; i < tiny->model.tensors.floats; i++) tiny->gradients[i] = NAN;
    tiny_forward(tiny);
    return model_backward(&tiny->model, tiny->activations, tiny->inputs, tiny->targets,
                          tiny_scored(tiny), tiny->gradients);
}

float *tiny_logits(TinyModel *tiny) {
    int N = tiny->B * tiny->T;
    float *logits = malloc((size_t)N * (size_t)tiny->model.config.V * sizeof *logits);
    ck_assert_ptr_nonnull(logits);
    model_logits(&tiny->model, tiny->activations, 0, N, logits);
    return logits;
}

Device *tiny_device(const TinyModel *tiny, const Backend *backend, DeviceUse use) {
    Model copy;
    Error error = { "" };
    ck_assert_msg(model_new(&copy, &tiny->model.config, &error), "%s", error.text);
    memcpy(copy.parameters, tiny->model.parameters, copy.tensors.floats * sizeof(float));
    Device *device = backend->open(&copy, NULL, tiny->B, 0, use, &error);
    ck_assert_msg(device != NULL, "%s", error.text);
    return device;
}
