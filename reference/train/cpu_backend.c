// The backend of this machine's CPU: the model's functions on blocks of its own.
#include "reference/circuits/usage.h"
#include "reference/io/progress.h"
#include "reference/model/layout.h"
#include "reference/model/loss.h"
#include "reference/numbers/memory.h"
#include "reference/train/backend.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>

struct Device {
    Model model;
    float *moments, *gradients; // [2,floats], [floats]; NULL: not for training
    Activations *activations;
    Usage usage; // of the steps since it was asked for
    int B;
};

static double cpu_bytes(const Config *config, int B) {
    Tensors tensors = { 0 };
    int *layers = malloc((size_t)config->L * sizeof *layers);
    bool declared = layers != NULL && layout_declare(&tensors, layers, config);
    double floats = declared ? (double)tensors.floats : INFINITY;
    tensors_free(&tensors);
    free(layers);
    double activations = (double)model_activation_floats(config, B, config->T, true),
           batch = 2.0 * B * config->T; // inputs and targets, of the size of floats
    return 4.0 * (4.0 * floats + activations + batch);
}

static void cpu_close(Device *device) {
    if (device == NULL) return;
    size_t floats = device->model.tensors.floats;
    floats_free(device->gradients, floats);
    floats_free(device->moments, 2 * floats);
    model_activations_free(device->activations);
    usage_free(&device->usage);
    model_free(&device->model);
    free(device);
}

static Device *cpu_open(Model *model, float *moments, int B, int micro_batch, DeviceUse use,
                        Error *error) {
    (void)micro_batch;
    size_t floats = model->tensors.floats;
    bool trains = use == DEVICE_TRAINS;
    Device *device = malloc(sizeof *device);
    if (device == NULL) {
        floats_free(moments, 2 * floats);
        model_free(model);
        fail(error, "out of memory");
        return NULL;
    }
    *device = (Device){ .model = *model, .moments = moments, .B = B };
    *model = (Model){ 0 };
    if (trains && moments == NULL) device->moments = floats_new(2 * floats);
    if (trains) device->gradients = floats_new(floats);
    if (trains && (device->moments == NULL || device->gradients == NULL)) {
        fail(error, "out of memory: gradients and moments take %.0f MB; a smaller model needs less",
             12e-6 * (double)floats);
    } else if (usage_new(&device->usage, &device->model.config, error)) {
        const Config *config = &device->model.config;
        device->activations = model_activations_new(config, B, config->T, trains, error);
    }
    if (device->activations != NULL) return device;
    cpu_close(device);
    return NULL;
}

static void cpu_describe(const Device *device, char out[DEVICE_TEXT]) {
    (void)device;
    out[0] = '\0';
}

static bool cpu_step(Device *d, StepResult *out, const int32_t *inputs, const int32_t *targets,
                     const AdamwSettings *settings, int64_t step) {
    assert(d->gradients != NULL);
    Model *model = &d->model;
    size_t floats = model->tensors.floats;
    *out = (StepResult){ .tokens = count_scored(targets, d->B * model->config.T) };
    double start = clock_seconds();
    model_forward(model, d->activations, inputs, d->B, model->config.T);
    double forward = clock_seconds();
    out->loss = model_backward(model, d->activations, inputs, targets, out->tokens, d->gradients);
    out->balance_loss = model_balance_loss(d->activations);
    double backward = clock_seconds();
    out->gradient_norm = gradient_norm(&model->tensors, d->gradients, &out->not_finite);
    bool finite = isfinite(out->loss) && isfinite(out->gradient_norm) && out->not_finite == NULL;
    if (finite) {
        adamw_step(&model->tensors, model->parameters, d->gradients, d->moments,
                   d->moments + floats, out->gradient_norm, step, settings);
        model_after_step(model, d->activations);
        for (int l = 0; l < model->config.L; l++) {
            const Gating gating = model_gating(d->activations, l);
            usage_count(&d->usage, l, &gating);
        }
    }
    out->seconds[STEP_FORWARD] = forward - start;
    out->seconds[STEP_BACKWARD] = backward - forward;
    out->seconds[STEP_UPDATE] = clock_seconds() - backward;
    return finite;
}

static double cpu_loss(Device *d, int64_t *scored, const int32_t *inputs, const int32_t *targets,
                       int rows) {
    int T = d->model.config.T;
    *scored = count_scored(targets, rows * T);
    model_forward(&d->model, d->activations, inputs, rows, T);
    return model_loss(&d->model, d->activations, targets, *scored);
}

static void cpu_logits(Device *d, float *out, int first, int rows) {
    model_logits(&d->model, d->activations, first, rows, out);
}

static void cpu_usage(Device *d, uint64_t *fired) {
    size_t count = usage_neurons(&d->usage);
    for (size_t i = 0; i < count; i++) fired[i] += d->usage.fired[i];
    usage_clear(&d->usage);
}

static const float *cpu_gradients(Device *d, Error *error) {
    (void)error;
    return d->gradients;
}

static void cpu_hooks(Device *d, const HookList *hooks) { model_hooks(d->activations, hooks); }

static const Model *cpu_read(Device *d, const float **moments, Error *error) {
    (void)error;
    if (moments != NULL) *moments = d->moments;
    return &d->model;
}

const Backend cpu_backend = {
    .name = "cpu",
    .bytes = cpu_bytes,
    .open = cpu_open,
    .describe = cpu_describe,
    .close = cpu_close,
    .step = cpu_step,
    .loss = cpu_loss,
    .logits = cpu_logits,
    .usage = cpu_usage,
    .gradients = cpu_gradients,
    .hooks = cpu_hooks,
    .read = cpu_read,
    .reader = cpu_reader,
};
