// The comparison of backends accepts a backend that agrees, and refuses each planted bug.
#include "reference/check/backend_agree.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <string.h>

enum { V = 29, B = 3, T = 7, STEPS = 3 };

static bool compare_within(const Tolerances *tolerances, const Backend *actual,
                           const Config *config, BackendErrors *errors, Error *error) {
    BackendComparison comparison = { .actual = actual,
                                     .expected = &cpu_backend,
                                     .config = config,
                                     .B = B,
                                     .steps = STEPS,
                                     .seed = 1,
                                     .tolerances = *tolerances };
    return backends_agree(errors, &comparison, error);
}

static bool compare(const Backend *actual, const Config *config, BackendErrors *errors,
                    Error *error) {
    Tolerance tolerance = { .relative = 1e-5 };
    const Tolerances same = { tolerance, tolerance, tolerance, tolerance, 0, 0 };
    return compare_within(&same, actual, config, errors, error);
}

START_TEST(a_backend_agrees_with_itself)
{
    Config kind;
    BackendErrors errors;
    Error error = { "" };
    ck_assert(layer_variant(_i, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    ck_assert_msg(compare(&cpu_backend, &config, &errors, &error), "%s", error.text);
    ck_assert(errors.backward == 0.0 && errors.training == 0.0 && errors.other_choices == 0);
    ck_assert(config.ffn->sparse == (errors.rows > 0));
    ck_assert_msg(backend_refuses_nan(&cpu_backend, &config, B, &error), "%s", error.text);
}
END_TEST

// ---- planted bugs: the CPU's backend with one function that is wrong

static double nan_loss(Device *device, int64_t *scored, const int32_t *inputs,
                       const int32_t *targets, int rows) {
    cpu_backend.loss(device, scored, inputs, targets, rows);
    return NAN;
}
static double larger_loss(Device *device, int64_t *scored, const int32_t *inputs,
                          const int32_t *targets, int rows) {
    return cpu_backend.loss(device, scored, inputs, targets, rows) * 1.0001;
}
static double scores_padding(Device *device, int64_t *scored, const int32_t *inputs,
                             const int32_t *targets, int rows) {
    double loss = cpu_backend.loss(device, scored, inputs, targets, rows);
    *scored = rows * T;
    return loss;
}
static void one_infinite_logit(Device *device, float *out, int first, int rows) {
    cpu_backend.logits(device, out, first, rows);
    out[5] = INFINITY;
}
static void rows_in_another_order(Device *device, float *out, int first, int rows) {
    cpu_backend.logits(device, out, (first + 1) % (B * T), rows - 1);
    cpu_backend.logits(device, out + (rows - 1) * V, first, 1);
}
static const float *one_wrong_gradient(Device *device, Error *error) {
    float *gradients = (float *)cpu_backend.gradients(device, error);
    gradients[40] *= 1.1f;
    return gradients;
}
static const float *no_norm_gradient(Device *device, Error *error) {
    float *gradients = (float *)cpu_backend.gradients(device, error);
    const Tensors *tensors = &cpu_backend.read(device, NULL, error)->tensors;
    const Tensor *norm = tensors_find(tensors, "layers.0.ffn_norm");
    memset(gradients + norm->offset, 0, norm->count * sizeof *gradients);
    return gradients;
}
static const float *larger_gradients(Device *device, Error *error) {
    float *gradients = (float *)cpu_backend.gradients(device, error);
    size_t floats = cpu_backend.read(device, NULL, error)->tensors.floats;
    for (size_t i = 0; i < floats; i++) gradients[i] *= 1.1f;
    return gradients;
}
static bool step_with(Device *device, StepResult *out, const int32_t *inputs,
                      const int32_t *targets, const AdamwSettings *settings, int64_t step,
                      double clip, double decay) {
    AdamwSettings other = *settings;
    other.clip *= clip;
    other.weight_decay *= decay;
    return cpu_backend.step(device, out, inputs, targets, &other, step);
}
static bool without_clipping(Device *device, StepResult *out, const int32_t *inputs,
                             const int32_t *targets, const AdamwSettings *settings, int64_t step) {
    return step_with(device, out, inputs, targets, settings, step, 0.0, 1.0);
}
static bool without_decay(Device *device, StepResult *out, const int32_t *inputs,
                          const int32_t *targets, const AdamwSettings *settings, int64_t step) {
    return step_with(device, out, inputs, targets, settings, step, 1.0, 0.0);
}
static bool counts_steps_from_one(Device *device, StepResult *out, const int32_t *inputs,
                                  const int32_t *targets, const AdamwSettings *settings,
                                  int64_t step) {
    return cpu_backend.step(device, out, inputs, targets, settings, step + 1);
}

// Hooks that change a gating before those of the caller see it, as a wrong router would.
static void rounded_scores(void *unused, const GatingEvent *event) {
    (void)unused;
    float *score = event->gating->key_scores;
    score[3] = roundf(score[3] * 64.0f) / 64.0f;
}
static void another_expert(void *unused, const GatingEvent *event) {
    (void)unused;
    int32_t *index = event->gating->index;
    int last = event->gating->F - 1;
    index[0] = index[0] == last || index[1] == last ? 0 : last;
}
static void the_same_expert_twice(void *unused, const GatingEvent *event) {
    (void)unused;
    event->gating->index[1] = event->gating->index[0];
}
static void with_first(Device *device, const HookList *hooks, GatingHook *hook) {
    HookList all = one_hook(hook, NULL);
    hooks_add(&all, hooks->hooks[0].call, hooks->hooks[0].context);
    all.key_scores = hooks->key_scores;
    cpu_backend.hooks(device, &all);
}
static void wrong_scores(Device *device, const HookList *hooks) {
    with_first(device, hooks, rounded_scores);
}
static void wrong_choice(Device *device, const HookList *hooks) {
    with_first(device, hooks, another_expert);
}
static void repeated_choice(Device *device, const HookList *hooks) {
    with_first(device, hooks, the_same_expert_twice);
}
static void no_hooks(Device *device, const HookList *hooks) {
    (void)hooks;
    cpu_backend.hooks(device, NULL);
}
static void counts_one_more(Device *device, uint64_t *fired) {
    cpu_backend.usage(device, fired);
    fired[1]++;
}

static Backend backend_with(int bug) {
    Backend backend = cpu_backend;
    switch (bug) {
    case 0: backend.loss = nan_loss; break;
    case 1: backend.loss = larger_loss; break;
    case 2: backend.loss = scores_padding; break;
    case 3: backend.logits = one_infinite_logit; break;
    case 4: backend.logits = rows_in_another_order; break;
    case 5: backend.gradients = one_wrong_gradient; break;
    case 6: backend.gradients = no_norm_gradient; break;
    case 7: backend.gradients = larger_gradients; break;
    case 8: backend.step = without_clipping; break;
    case 9: backend.step = without_decay; break;
    case 10: backend.step = counts_steps_from_one; break;
    // of sparse layers
    case 11: backend.hooks = wrong_scores; break;
    case 12: backend.hooks = wrong_choice; break;
    case 13: backend.hooks = repeated_choice; break;
    case 14: backend.hooks = no_hooks; break;
    default: backend.usage = counts_one_more;
    }
    return backend;
}
enum { DENSE_BUGS = 11, BUGS = 16 };

static const char *const said[BUGS] = { "loss[0]: nan",
                                        "loss[0]: ",
                                        "scored targets",
                                        "logits[5]: inf",
                                        "logits[",
                                        "gradient of embedding[40]",
                                        "gradient of layers.0.ffn_norm",
                                        "gradient of embedding[",
                                        "step 2: loss[0]: ",
                                        "step 1: loss[0]: ",
                                        "step 1: loss[0]: ",
                                        "layer 0: all scores[3]",
                                        "layer 0: ",
                                        "layer 0: ",
                                        "the hook saw 0 tokens",
                                        "usage: expert 1 of" };

START_TEST(planted_bugs_are_refused)
{
    Config kind = config_default(ffn_find(_i < DENSE_BUGS ? "mlp" : "sgatlin"));
    Config config = tiny_config(&kind, V, T);
    Backend backend = backend_with(_i);
    BackendErrors errors;
    Error error = { "" };
    ck_assert(!compare(&backend, &config, &errors, &error));
    ck_assert_msg(strstr(error.text, said[_i]) != NULL, "%s", error.text);
}
END_TEST

// The tolerances of bf16 hide what is as small as its rounding, and no more.
static const struct {
    int bug;
    const char *kind, *said;
} bf16_bugs[] = { { 0, "mlp", "loss[0]: nan" },
                  { 2, "mlp", "scored targets" },
                  { 3, "mlp", "logits[5]: inf" },
                  { 4, "mlp", "logits[" },
                  { 6, "mlp", "gradient of layers.0.ffn_norm" },
                  { 8, "mlp", "first moment of embedding" },
                  { 7, "mlp", "gradient of embedding: the root mean square" },
                  { 12, "sgatlin", "layer 0: " },
                  { 13, "sgatlin", "layer 0: " },
                  { 14, "sgatlin", "the hook saw 0 tokens" },
                  { 15, "sgatlin", "usage: expert 1 of" } };

START_TEST(planted_bugs_are_refused_in_bf16)
{
    Config kind = config_default(ffn_find(bf16_bugs[_i].kind));
    Config config = tiny_config(&kind, V, T);
    const Tolerances tolerances = tolerances_of(PRECISION_BF16, config.L);
    Backend backend = backend_with(bf16_bugs[_i].bug);
    BackendErrors errors;
    Error error = { "" };
    ck_assert(!compare_within(&tolerances, &backend, &config, &errors, &error));
    ck_assert_msg(strstr(error.text, bf16_bugs[_i].said) != NULL, "%s", error.text);
}
END_TEST

static bool accepts_nan(Device *device, StepResult *out, const int32_t *inputs,
                        const int32_t *targets, const AdamwSettings *settings, int64_t step) {
    cpu_backend.step(device, out, inputs, targets, settings, step);
    return true;
}
static bool updates_before_the_check(Device *device, StepResult *out, const int32_t *inputs,
                                     const int32_t *targets, const AdamwSettings *settings,
                                     int64_t step) {
    Model *model = (Model *)cpu_backend.read(device, NULL, NULL);
    model->parameters[0] += 1.0f;
    return cpu_backend.step(device, out, inputs, targets, settings, step);
}

START_TEST(nan_must_be_refused)
{
    Config kind = config_default(ffn_find("glu"));
    Config config = tiny_config(&kind, V, T);
    Backend backend = cpu_backend;
    backend.step = _i == 0 ? accepts_nan : updates_before_the_check;
    Error error = { "" };
    ck_assert(!backend_refuses_nan(&backend, &config, B, &error));
    ck_assert_ptr_nonnull(strstr(error.text, _i == 0 ? "succeeds" : "changes the model"));
}
END_TEST

int main(void) {
    sgemm_setup();
    const TestRow tests[] = {
        { a_backend_agrees_with_itself, layer_variants() },
        { planted_bugs_are_refused, BUGS },
        { planted_bugs_are_refused_in_bf16, COUNT_OF(bf16_bugs) },
        { nan_must_be_refused, 2 },
    };
    return run_tests("backend_agree", tests, COUNT_OF(tests));
}
