// The backend's contract, on the CPU: every function, against the model's own functions.
#include "reference/circuits/usage.h"
#include "reference/ffn/ffn.h"
#include "reference/model/loss.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/sgemm.h"
#include "reference/train/backend.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 29, B = 3, T = 7 };

static const Backend *const backend = &cpu_backend;
static const AdamwSettings settings = {
    .rate = 1e-2, .peak = 2e-2, .weight_decay = 0.1, .clip = 1
};

static Config kind_config(const char *name) {
    Config kind = config_default(ffn_find(name));
    return tiny_config(&kind, V, T);
}

static bool step(Device *device, StepResult *result, const TinyModel *tiny, int64_t number) {
    return backend->step(device, result, tiny->inputs, tiny->targets, &settings, number);
}

// The step that a device should make, by hand.
START_TEST(a_step_is_forward_backward_clip_adamw)
{
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    const Tensors *tensors = &tiny.model.tensors;
    size_t floats = tensors->floats;
    float *moments = floats_new(2 * floats);
    ck_assert_ptr_nonnull(moments);
    Device *device = tiny_device(&tiny, backend, DEVICE_TRAINS);
    for (int number = 0; number < 3; number++) {
        double loss = tiny_backward(&tiny);
        double norm = gradient_norm(tensors, tiny.gradients, NULL);
        adamw_step(tensors, tiny.model.parameters, tiny.gradients, moments, moments + floats, norm,
                   number, &settings);
        model_after_step(&tiny.model, tiny.activations);
        StepResult result;
        ck_assert(step(device, &result, &tiny, number));
        ck_assert(result.loss == loss && result.gradient_norm == norm);
        ck_assert(result.balance_loss == model_balance_loss(tiny.activations));
        ck_assert_int_eq(result.tokens, tiny_scored(&tiny));
        ck_assert_ptr_null(result.not_finite);
        for (int i = 0; i < STEP_PHASES; i++) ck_assert_double_ge(result.seconds[i], 0);
    }
    const float *own;
    const Model *model = backend->read(device, &own, NULL);
    ck_assert(config_equal(&model->config, &tiny.model.config));
    ck_assert_uint_eq(model->tensors.floats, floats);
    ck_assert_mem_eq(model->parameters, tiny.model.parameters, floats * sizeof(float));
    for (int i = 0; i < 2 * tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i % tensors->count];
        size_t offset = tensor->offset + (i < tensors->count ? 0 : floats);
        ck_assert_mem_eq(own + offset, moments + offset, tensor->count * sizeof(float));
    }
    backend->close(device);
    floats_free(moments, 2 * floats);
    tiny_free(&tiny);
}
END_TEST

START_TEST(a_device_continues_from_its_moments)
{
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    size_t floats = tiny.model.tensors.floats;
    Device *whole = tiny_device(&tiny, backend, DEVICE_TRAINS);
    StepResult result, again;
    ck_assert(step(whole, &result, &tiny, 0));
    const float *read;
    const Model *model = backend->read(whole, &read, NULL);
    float *moments = floats_new(2 * floats);
    ck_assert_ptr_nonnull(moments);
    memcpy(moments, read, 2 * floats * sizeof *moments);
    Model copy;
    Error error = { "" };
    ck_assert(model_new(&copy, &model->config, &error));
    memcpy(copy.parameters, model->parameters, floats * sizeof(float));
    Device *resumed = backend->open(&copy, moments, B, 0, DEVICE_TRAINS, &error);
    ck_assert_msg(resumed != NULL, "%s", error.text);
    ck_assert_ptr_null(copy.parameters); // it moved
    ck_assert(step(whole, &result, &tiny, 1) && step(resumed, &again, &tiny, 1));
    ck_assert(result.loss == again.loss);
    ck_assert_mem_eq(backend->read(whole, NULL, NULL)->parameters,
                     backend->read(resumed, NULL, NULL)->parameters, floats * sizeof(float));
    backend->close(resumed);
    backend->close(whole);
    tiny_free(&tiny);
}
END_TEST

// ---- not finite

// Parameters, then moments: what a step that fails must leave.
static float *state_of(Device *device) {
    const float *moments;
    const Model *model = backend->read(device, &moments, NULL);
    size_t floats = model->tensors.floats;
    float *copy = malloc(3 * floats * sizeof *copy);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, model->parameters, floats * sizeof *copy);
    memcpy(copy + floats, moments, 2 * floats * sizeof *copy);
    return copy;
}

static const struct {
    const char *kind, *tensor;
    float value;
} planted[] = {
    { "mlp", "layers.1.ffn.up", NAN },
    { "mlp", "output_norm", INFINITY },
    { "glu", "embedding", NAN },
    { "moe", "layers.0.ffn.experts.down", NAN },
    { "moe", "layers.1.ffn.experts.down", INFINITY },
    { "peer", "layers.0.ffn.experts.out", NAN },
    { "sgatlin", "layers.1.attention.value", NAN },
    { "sgatlin", "layers.1.attention.value", -INFINITY },
};

START_TEST(what_is_not_finite_changes_nothing)
{
    Config config = kind_config(planted[_i].kind);
    if (config.ffn->ragged) config.bias_step = 0.01;
    TinyModel tiny = tiny_model(&config, B, 3);
    const Tensors *tensors = &tiny.model.tensors;
    size_t bytes = 3 * tensors->floats * sizeof(float);
    const Tensor *tensor = tensors_find(tensors, planted[_i].tensor);
    ck_assert_ptr_nonnull(tensor);
    for (size_t i = 0; i < tensor->count; i++)
        tiny.model.parameters[tensor->offset + i] = planted[_i].value;
    Device *device = tiny_device(&tiny, backend, DEVICE_TRAINS);
    float *before = state_of(device);
    StepResult result;
    ck_assert(!step(device, &result, &tiny, 5));
    ck_assert(!isfinite(result.loss) || !isfinite(result.gradient_norm));
    ck_assert_int_eq(result.tokens, tiny_scored(&tiny));
    ck_assert_ptr_nonnull(result.not_finite);
    ck_assert_ptr_nonnull(tensors_find(tensors, result.not_finite->name));
    float *after = state_of(device);
    ck_assert(memcmp(before, after, bytes) == 0); // bit by bit, NaN included
    free(before);
    free(after);
    backend->close(device);
    tiny_free(&tiny);
}
END_TEST

// ---- passes without a step

START_TEST(loss_and_logits_are_the_models)
{
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    Device *device = tiny_device(&tiny, backend, DEVICE_EVALUATES);
    double expected = tiny_loss(&tiny);
    float *logits = tiny_logits(&tiny), own[2 * V];
    int64_t scored = -1;
    ck_assert(backend->loss(device, &scored, tiny.inputs, tiny.targets, B) == expected);
    ck_assert_int_eq(scored, tiny_scored(&tiny));
    backend->logits(device, own, 5, 2);
    // a product of other rows may round otherwise
    for (int i = 0; i < 2 * V; i++) ck_assert_float_eq_tol(own[i], logits[5 * V + i], 1e-5f);
    free(logits);
    for (int rows = 1; rows < B; rows++) {
        int64_t some = count_scored(tiny.targets, rows * T);
        model_forward(&tiny.model, tiny.activations, tiny.inputs, rows, T);
        ck_assert(backend->loss(device, &scored, tiny.inputs, tiny.targets, rows) ==
                  model_loss(&tiny.model, tiny.activations, tiny.targets, some));
        ck_assert_int_eq(scored, some);
    }
    backend->close(device);
    tiny_free(&tiny);
}
END_TEST

// What a step chose is added once; a loss alone is not counted.
START_TEST(usage_is_that_of_the_steps)
{
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    Device *device = tiny_device(&tiny, backend, DEVICE_TRAINS);
    Usage expected, actual;
    Error error;
    StepResult result;
    int64_t scored;
    ck_assert(usage_new(&expected, &tiny.model.config, &error));
    ck_assert(usage_new(&actual, &tiny.model.config, &error));
    tiny_forward(&tiny);
    for (int layer = 0; layer < tiny.model.config.L; layer++) {
        Gating gating = model_gating(tiny.activations, layer);
        usage_count(&expected, layer, &gating);
    }
    size_t count = usage_neurons(&expected);
    for (size_t i = 0; i < count; i++) actual.fired[i] = 5;
    backend->loss(device, &scored, tiny.inputs, tiny.targets, B);
    ck_assert(step(device, &result, &tiny, 0));
    for (int call = 0; call < 2; call++) {
        backend->usage(device, actual.fired);
        for (size_t i = 0; i < count; i++)
            ck_assert_uint_eq(actual.fired[i], expected.fired[i] + 5);
    }
    ck_assert(tiny.model.config.ffn->sparse == (count > 0));
    usage_free(&expected);
    usage_free(&actual);
    backend->close(device);
    tiny_free(&tiny);
}
END_TEST

static void count_call(void *context, const GatingEvent *event) {
    (void)event;
    ++*(int *)context;
}

START_TEST(the_hook_sees_every_pass)
{
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    int calls = 0, sparse = tiny.model.config.ffn->sparse ? tiny.model.config.L : 0;
    StepResult result;
    int64_t scored;
    Device *device = tiny_device(&tiny, backend, DEVICE_TRAINS);
    HookList hooks = one_hook(count_call, &calls);
    backend->hooks(device, &hooks);
    ck_assert(step(device, &result, &tiny, 0));
    ck_assert_int_eq(calls, sparse);
    backend->loss(device, &scored, tiny.inputs, tiny.targets, 1);
    ck_assert_int_eq(calls, 2 * sparse);
    backend->hooks(device, NULL);
    ck_assert(step(device, &result, &tiny, 1));
    ck_assert_int_eq(calls, 2 * sparse);
    backend->close(device);
    tiny_free(&tiny);
}
END_TEST

// ---- the layers' own updates, memory

START_TEST(a_step_moves_the_balancing_bias)
{
    Config config = kind_config("moe");
    config.bias_step = 0.25;
    TinyModel tiny = tiny_model(&config, B, 3);
    const Tensor *bias = tensors_find(&tiny.model.tensors, "layers.0.ffn.router_bias");
    ck_assert_ptr_nonnull(bias);
    Device *device = tiny_device(&tiny, backend, DEVICE_TRAINS);
    StepResult result;
    ck_assert(step(device, &result, &tiny, 0));
    const float *after = backend->read(device, NULL, NULL)->parameters + bias->offset,
                *before = tiny.model.parameters + bias->offset;
    int moved = 0;
    for (size_t e = 0; e < bias->count; e++) {
        float by = fabsf(after[e] - before[e]);
        ck_assert(by == 0.0f || fabsf(by - 0.25f) < 1e-6f);
        moved += by != 0.0f;
    }
    ck_assert_int_gt(moved, 1);
    backend->close(device);
    tiny_free(&tiny);
}
END_TEST

START_TEST(bytes_are_those_of_the_blocks)
{
    Config config = kind_config("sgatlin");
    Model model;
    Error error;
    ck_assert(model_new(&model, &config, &error));
    double floats = (double)model.tensors.floats,
           activations = (double)model_activation_floats(&config, B, T, true);
    ck_assert_double_eq(backend->bytes(&config, B), 4 * (4 * floats + activations + 2 * B * T));
    model_free(&model);
    config.D = 1 << 20; // more floats than there are addresses
    config.F = 1 << 30;
    config.C = 1 << 10;
    config.L = 64;
    ck_assert(isinf(backend->bytes(&config, B)));
}
END_TEST

// Too many rows to count in an int: refused, with model and moments freed (a leak check sees it).
START_TEST(what_cannot_be_opened_is_freed)
{
    Config config = kind_config("mlp");
    Model model;
    Error error = { "" };
    ck_assert(model_new(&model, &config, &error));
    float *moments = floats_new(2 * model.tensors.floats);
    ck_assert_ptr_null(backend->open(&model, moments, 2000000000, 0, DEVICE_TRAINS, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "too many"));
    ck_assert_ptr_null(model.parameters);
    backend->close(NULL);
}
END_TEST

int main(void) {
    sgemm_setup();
    int variants = layer_variants();
    const TestRow tests[] = {
        { a_step_is_forward_backward_clip_adamw, variants },
        { a_device_continues_from_its_moments, variants },
        { what_is_not_finite_changes_nothing, COUNT_OF(planted) },
        { loss_and_logits_are_the_models, variants },
        { usage_is_that_of_the_steps, variants },
        { the_hook_sees_every_pass, variants },
        { a_step_moves_the_balancing_bias },
        { bytes_are_those_of_the_blocks },
        { what_cannot_be_opened_is_freed },
    };
    return run_tests("backend", tests, COUNT_OF(tests));
}
