#include "tests/golden/golden_model.h"
#include "reference/data/tokenizer.h"
#include "reference/model/loss.h"
#include "reference/model/model.h"
#include "reference/numbers/memory.h"
#include "reference/train/backend.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Multiples of the errors that the file states for a float32 program; the golden files allow at
// most 32.
static const double FORWARD = 8.0, GRADIENT = 32.0, PARAMETER = 32.0;
static const double FLOAT32_ERROR = 1e-5, DOUBLE_ERROR = 1e-12;

typedef struct {
    GoldenFile *golden;
    Model model; // empty after it moved into a device
    size_t floats;
    Activations *activations;
    float *gradients;           // block
    float *logits;              // [N,V]
    int32_t *tokens, *inputs;   // [steps,B,T]; [B,T]
    double *loss, *norm, *rate; // [steps]
    int B, T, steps;
    double logits_error, parameter_error;
} Run;

static Shape shape_of(const Tensor *tensor) {
    Shape shape = { { 0 } };
    for (int i = 0; i < tensor->rank; i++) shape.size[i] = tensor->shape[i];
    return shape;
}

static bool take_memory(Run *run) {
    const Config *config = &run->model.config;
    size_t steps = (size_t)run->steps, N = (size_t)run->B * run->T;
    run->floats = run->model.tensors.floats;
    run->gradients = floats_new(run->floats);
    run->logits = malloc(N * config->V * sizeof *run->logits);
    run->tokens = malloc((steps + 1) * N * sizeof *run->tokens);
    run->loss = calloc(3 * steps, sizeof *run->loss);
    if (!run->gradients || !run->logits || !run->tokens || !run->loss)
        return golden_problem(run->golden, "out of memory for a model of %zu floats", run->floats);
    run->inputs = run->tokens + steps * N;
    run->norm = run->loss + steps;
    run->rate = run->norm + steps;
    return true;
}

static void release(Run *run) {
    floats_free(run->gradients, run->floats);
    free(run->logits);
    free(run->tokens);
    free(run->loss);
    model_activations_free(run->activations);
    model_free(&run->model);
}

static bool read_file(Run *run) {
    GoldenFile *golden = run->golden;
    for (int i = 0; i < run->model.tensors.count; i++) {
        const Tensor *tensor = &run->model.tensors.items[i];
        const double *values = golden_input(golden, tensor->name, shape_of(tensor));
        for (size_t j = 0; values && j < tensor->count; j++) {
            run->model.parameters[tensor->offset + j] = (float)values[j];
        }
    }
    Shape shape = { { run->steps, run->B, run->T } };
    if (!golden_input_ints(golden, "tokens", shape, run->tokens)) return false;
    int V = run->model.config.V;
    for (size_t i = 0; i < (size_t)run->steps * run->B * run->T; i++) {
        if (run->tokens[i] < 0 || run->tokens[i] >= V)
            return golden_problem(golden, "tokens[%zu] is %d, expected below V = %d", i,
                                  run->tokens[i], V);
    }
    return golden->problems == 0;
}

// The inputs of these targets: each row is TOKEN_END, then its targets but the last.
static const int32_t *inputs_of(Run *run, const int32_t *targets) {
    for (int i = 0; i < run->B * run->T; i++)
        run->inputs[i] = i % run->T == 0 ? TOKEN_END : targets[i - 1];
    return run->inputs;
}

// The files have no ragged gatings; the residual stream after the layer shows them.
static void check_gating(Run *run, int layer, const Gating *gating) {
    const Config *config = &run->golden->config;
    Shape chosen = { { run->B, run->T, config->C, config->K } };
    char name[TENSOR_NAME];
    if ((gating->N != 0) != config->ffn->sparse)
        golden_problem(run->golden, "layer %d of kind %s has a gating of N = %d", layer,
                       config->ffn->name, gating->N);
    if (gating->N == 0 || config->ffn->ragged) return;
    if (gating->N != run->B * run->T || gating->C != config->C || gating->K != config->K ||
        gating->F != config->F) {
        golden_problem(run->golden, "layer %d has a gating of N = %d, C = %d, K = %d, F = %d",
                       layer, gating->N, gating->C, gating->K, gating->F);
        return;
    }
    snprintf(name, sizeof name, "layers.%d.gating.scores", layer);
    golden_compare_floats(run->golden, "gating.scores", name, chosen, gating->score,
                          (Tolerance){ .relative = FORWARD * run->logits_error });
    snprintf(name, sizeof name, "layers.%d.gating.indices", layer);
    golden_compare_ints(run->golden, "gating.indices", name, chosen, gating->index);
}

static void check_layers(Run *run) {
    const Config *config = &run->model.config;
    Shape residual = { { run->B, run->T, config->D } };
    Tolerance forward = { .relative = FORWARD * run->logits_error };
    char name[TENSOR_NAME];
    for (int layer = 0; layer < config->L; layer++) {
        snprintf(name, sizeof name, "layers.%d.after_attention", layer);
        golden_compare_floats(run->golden, "after_attention", name, residual,
                              model_after_attention(run->activations, layer), forward);
        snprintf(name, sizeof name, "layers.%d.after_ffn", layer);
        golden_compare_floats(run->golden, "after_ffn", name, residual,
                              model_after_ffn(run->activations, layer), forward);
        Gating gating = model_gating(run->activations, layer);
        check_gating(run, layer, &gating);
    }
}

static void check_logits(Run *run) {
    golden_compare_floats(run->golden, "logits", "logits",
                          (Shape){ { run->B, run->T, run->golden->config.V } }, run->logits,
                          (Tolerance){ .absolute = FORWARD * run->logits_error });
}

static void check_gradients(Run *run, const Tensors *tensors, const float *gradients) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        char name[TENSOR_NAME + 8];
        snprintf(name, sizeof name, "grad.%s", tensor->name);
        golden_compare_floats(run->golden, "grad", name, shape_of(tensor),
                              gradients + tensor->offset,
                              (Tolerance){ .relative = GRADIENT * run->logits_error });
    }
}

// Logits in two calls, so that a first row other than 0 is checked too.
static void check_first_batch(Run *run) {
    int V = run->model.config.V, N = run->B * run->T, part = N / 3;
    const int32_t *inputs = inputs_of(run, run->tokens);
    model_forward(&run->model, run->activations, inputs, run->B, run->T);
    model_logits(&run->model, run->activations, 0, part, run->logits);
    model_logits(&run->model, run->activations, part, N - part, run->logits + (size_t)part * V);
    check_logits(run);
    check_layers(run);
    // every gradient must be written
    for (size_t i = 0; i < run->model.tensors.floats; i++) run->gradients[i] = NAN;
    model_backward(&run->model, run->activations, inputs, run->tokens,
                   count_scored(run->tokens, run->B * run->T), run->gradients);
    check_gradients(run, &run->model.tensors, run->gradients);
}

static void check_parameters(Run *run, const Model *model, int steps) {
    char group[GOLDEN_GROUP_NAME], name[TENSOR_NAME + 24];
    snprintf(group, sizeof group, "after_%d", steps);
    for (int i = 0; i < model->tensors.count; i++) {
        const Tensor *tensor = &model->tensors.items[i];
        snprintf(name, sizeof name, "after_%d.%s", steps, tensor->name);
        golden_compare_floats(run->golden, group, name, shape_of(tensor),
                              model->parameters + tensor->offset,
                              (Tolerance){ .absolute = PARAMETER * run->parameter_error });
    }
}

// ---- a device

static void gating_hook(void *context, const GatingEvent *event) {
    check_gating(context, event->layer, event->gating);
}

// A device does not show its residual stream.
static void leave_out_residual(Run *run) {
    const Config *config = &run->golden->config;
    char name[TENSOR_NAME];
    for (int layer = 0; layer < config->L; layer++) {
        snprintf(name, sizeof name, "layers.%d.after_attention", layer);
        golden_input(run->golden, name, (Shape){ { run->B, run->T, config->D } });
        snprintf(name, sizeof name, "layers.%d.after_ffn", layer);
        golden_input(run->golden, name, (Shape){ { run->B, run->T, config->D } });
    }
}

static void check_device_batch(Run *run, const Backend *backend, Device *device) {
    int N = run->B * run->T, part = N / 3;
    int64_t scored;
    HookList hooks = one_hook(gating_hook, run);
    backend->hooks(device, &hooks);
    backend->loss(device, &scored, inputs_of(run, run->tokens), run->tokens, run->B);
    backend->hooks(device, NULL);
    backend->logits(device, run->logits, 0, part);
    backend->logits(device, run->logits + (size_t)part * (size_t)run->golden->config.V, part,
                    N - part);
    check_logits(run);
    leave_out_residual(run);
}

static void check_device_gradients(Run *run, const Backend *backend, Device *device) {
    Error error = { "" };
    const float *gradients = backend->gradients(device, &error);
    const Model *model = backend->read(device, NULL, &error);
    if (gradients == NULL || model == NULL) {
        golden_problem(run->golden, "%s", error.text);
    } else {
        check_gradients(run, &model->tensors, gradients);
    }
}

// The model moves into a device. whole: the first batch is checked there, too.
static void check_steps(Run *run, const Backend *backend, bool whole) {
    GoldenFile *golden = run->golden;
    Error error = { "" };
    Schedule schedule = { golden_number(golden, "peak", 0, 1),
                          (int)golden_number(golden, "warmup", 0, 1e6),
                          (int)golden_number(golden, "const", 0, 1e6),
                          (int)golden_number(golden, "decay", 0, 1e6) };
    AdamwSettings settings = { .peak = schedule.peak,
                               .weight_decay = golden_number(golden, "weight_decay", 0, 1),
                               .clip = golden_number(golden, "clip", 0, 1e6) };
    if (golden->problems) return;
    Device *device = backend->open(&run->model, NULL, run->B, 0, DEVICE_TRAINS, &error);
    if (device == NULL) {
        golden_problem(golden, "%s", error.text);
        return;
    }
    if (whole) check_device_batch(run, backend, device);
    for (int step = 0; step < run->steps; step++) {
        const int32_t *targets = run->tokens + (size_t)step * run->B * run->T;
        StepResult result;
        settings.rate = run->rate[step] = schedule_learning_rate(&schedule, step);
        if (!backend->step(device, &result, inputs_of(run, targets), targets, &settings, step))
            golden_problem(golden, "step %d: not finite", step);
        run->loss[step] = result.loss;
        run->norm[step] = result.gradient_norm;
        if (whole && step == 0) check_device_gradients(run, backend, device);
        if (step + 1 == 3 || step + 1 == 10)
            check_parameters(run, backend->read(device, NULL, &error), step + 1);
    }
    backend->close(device);
    Shape shape = { { run->steps } };
    double scale = run->logits_error;
    golden_compare(golden, "loss", "loss", shape, run->loss,
                   (Tolerance){ .absolute = FORWARD * scale });
    golden_compare(golden, "grad_norm", "grad_norm", shape, run->norm,
                   (Tolerance){ .relative = GRADIENT * scale });
    golden_compare(golden, "learning_rate", "learning_rate", shape, run->rate,
                   (Tolerance){ .relative = DOUBLE_ERROR });
}

// device: NULL: the first batch on the CPU alone, then the steps by its backend.
static void check(GoldenFile *golden, const Backend *device) {
    Error error = { "" };
    Run run = { .golden = golden, .B = golden->B, .T = golden->config.T };
    run.logits_error = golden_number(golden, "float32_logits_error", 0, FLOAT32_ERROR);
    run.parameter_error = golden_number(golden, "float32_parameter_error", 0, FLOAT32_ERROR);
    double steps = golden_number(golden, "steps", 0, 1000);
    if (golden->problems) return;
    run.steps = (int)steps;
    if (!model_new(&run.model, &golden->config, &error)) {
        golden_problem(golden, "%s", error.text);
        return;
    }
    run.activations = model_activations_new(&golden->config, run.B, run.T, true, &error);
    if (run.activations == NULL) {
        golden_problem(golden, "%s", error.text);
    } else if (take_memory(&run) && read_file(&run)) {
        if (device == NULL) check_first_batch(&run);
        check_steps(&run, device != NULL ? device : &cpu_backend, device != NULL);
    }
    release(&run);
}

void golden_check_model(GoldenFile *golden) { check(golden, NULL); }

void golden_check_device(GoldenFile *golden, const Backend *device) { check(golden, device); }
