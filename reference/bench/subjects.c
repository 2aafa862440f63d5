#include "reference/bench/subjects.h"
#include "reference/io/progress.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/train/optimizer.h"
#include <stdlib.h>

bool layer_subject_new(FfnLayer *out, const Config *config, int B, Error *error) {
    if (!ffn_layer_new(out, config, B, config->T, 0, error)) return false;
    ffn_layer_randomize(out, 1);
    return true;
}

void layer_subject_run(void *context, double seconds[BENCH_PARTS]) {
    FfnLayer *layer = context;
    double start = clock_seconds();
    ffn_layer_forward(layer, NULL, NULL);
    double middle = clock_seconds();
    ffn_layer_backward(layer);
    seconds[LAYER_FORWARD] = middle - start;
    seconds[LAYER_BACKWARD] = clock_seconds() - middle;
}

bool step_subject_new(StepSubject *out, const Config *config, int B, Error *error) {
    *out = (StepSubject){ .B = B };
    if (!model_new(&out->model, config, error)) return false;
    size_t floats = out->model.tensors.floats, tokens = (size_t)B * (size_t)config->T;
    out->gradients = floats_new(floats);
    out->moments = floats_new(2 * floats);
    out->inputs = malloc(tokens * sizeof *out->inputs);
    out->targets = malloc(tokens * sizeof *out->targets);
    if (!out->gradients || !out->moments || !out->inputs || !out->targets) {
        step_subject_free(out);
        return fail(error, "no memory: gradients and moments take %.0f MB", 12e-6 * (double)floats);
    }
    out->activations = model_activations_new(config, B, config->T, true, error);
    if (out->activations == NULL) {
        step_subject_free(out);
        return false;
    }
    tensors_init(&out->model.tensors, out->model.parameters, 1);
    uint64_t key = random_key(1, "tokens");
    for (size_t i = 0; i < tokens; i++) { // id 0 is the pad token, which no loss is taken of
        out->inputs[i] = 1 + (int32_t)random_below(key, 2 * i, (uint64_t)config->V - 1);
        out->targets[i] = 1 + (int32_t)random_below(key, 2 * i + 1, (uint64_t)config->V - 1);
    }
    return true;
}

void step_subject_free(StepSubject *step) {
    size_t floats = step->model.tensors.floats;
    floats_free(step->gradients, floats);
    floats_free(step->moments, 2 * floats);
    free(step->inputs);
    free(step->targets);
    if (step->activations != NULL) model_activations_free(step->activations);
    model_free(&step->model);
    *step = (StepSubject){ 0 };
}

void step_subject_run(void *context, double seconds[BENCH_PARTS]) {
    StepSubject *step = context;
    Model *model = &step->model;
    size_t floats = model->tensors.floats;
    AdamwSettings settings = { .rate = 1e-3, .peak = 1e-3, .weight_decay = 1e-4, .clip = 2 };
    double start = clock_seconds();
    model_forward(model, step->activations, step->inputs, step->B, model->config.T);
    double forward = clock_seconds();
    model_backward(model, step->activations, step->inputs, step->targets, step->gradients);
    double backward = clock_seconds();
    double norm = gradient_norm(&model->tensors, step->gradients, NULL);
    adamw_step(&model->tensors, model->parameters, step->gradients, step->moments,
               step->moments + floats, norm, step->step++, &settings);
    seconds[STEP_FORWARD] = forward - start;
    seconds[STEP_BACKWARD] = backward - forward;
    seconds[STEP_UPDATE] = clock_seconds() - backward;
}

// Forward, of one row: what of a layer's parameter bytes grows with the tokens is gathered for each
// of them.
static double gathered_bytes(const Config *config) {
    return ffn_of(config)->cost(config, config->T).bytes - ffn_of(config)->cost(config, 0).bytes;
}

CountedWork layer_counted(const Config *config, int B) {
    return (CountedWork){ .flops = 3.0 * B * ffn_of(config)->cost(config, config->T).flops,
                          .gathered_bytes = 3.0 * B * gathered_bytes(config) };
}

CountedWork step_counted(const Config *config, int B) {
    ModelCost cost = model_cost(config);
    return (CountedWork){ .flops = 3.0 * B * cost.flops_full,
                          .gathered_bytes = 3.0 * B * config->L * gathered_bytes(config),
                          // the gradient twice (norm, update); parameters and both moments, read
                          // and written
                          .update_bytes = 4 * 8 * cost.parameters };
}
