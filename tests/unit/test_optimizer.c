// AdamW, clipping and the schedule, against numbers worked by hand.
#include "reference/check/compare.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/train/optimizer.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 70001 }; // more than one block, and odd

// weight [2] decays, bias [3] does not, large [LARGE] decays.
static Tensors table(bool with_large) {
    Tensors tensors = { 0 };
    tensors_add(&tensors, "", "weight", INIT_LECUN, 2, true, 1, (int[]){ 2 });
    tensors_add(&tensors, "", "bias", INIT_ZERO, 0, false, 1, (int[]){ 3 });
    if (with_large) tensors_add(&tensors, "", "large", INIT_LECUN, 2, true, 1, (int[]){ LARGE });
    ck_assert_uint_ne(tensors.floats, SIZE_MAX);
    return tensors;
}

typedef struct {
    Tensors tensors;
    float *parameters, *gradients, *m, *v;
} State;

static State state_new(bool with_large) {
    State s = { .tensors = table(with_large) };
    s.parameters = floats_new(4 * s.tensors.floats);
    ck_assert_ptr_nonnull(s.parameters);
    s.gradients = s.parameters + s.tensors.floats;
    s.m = s.gradients + s.tensors.floats;
    s.v = s.m + s.tensors.floats;
    return s;
}

static void state_free(State *s) {
    floats_free(s->parameters, 4 * s->tensors.floats);
    tensors_free(&s->tensors);
}

static float *tensor_of(const State *s, float *block, const char *name) {
    return block + tensors_find(&s->tensors, name)->offset;
}

START_TEST(the_schedule_has_its_corners)
{
    Schedule schedule = { .peak = 0.004, .warmup = 4, .constant = 10, .decay = 4 };
    static const struct {
        int64_t step;
        double share; // of the peak
    } corners[] = {
        { 0, 0.0 },
        { 1, 0.25 },
        { 3, 0.75 },
        { 4, 1.0 },
        { 13, 1.0 },
        { 14, 1.0 }, // 1 - sqrt(0)
        { 15, 0.5 }, // 1 - sqrt(1/4)
        { 16, 0.2928932188134524 },
        { 17, 0.1339745962155614 },
        { 18, 0.0 },
        { 19, 0.0 },
        { INT64_C(1) << 40, 0.0 },
    };
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++) {
        ck_assert_double_eq_tol(schedule_learning_rate(&schedule, corners[i].step),
                                0.004 * corners[i].share, 1e-15);
    }
}
END_TEST

START_TEST(parts_of_the_schedule_may_be_empty)
{
    Schedule none = { .peak = 1.0, .warmup = 0, .constant = 2, .decay = 0 };
    ck_assert_double_eq(schedule_learning_rate(&none, 0), 1.0);
    ck_assert_double_eq(schedule_learning_rate(&none, 1), 1.0);
    ck_assert_double_eq(schedule_learning_rate(&none, 2), 0.0);
    Schedule decay_only = { .peak = 1.0, .warmup = 0, .constant = 0, .decay = 1 };
    ck_assert_double_eq(schedule_learning_rate(&decay_only, 0), 1.0);
    ck_assert_double_eq(schedule_learning_rate(&decay_only, 1), 0.0);
}
END_TEST

// Worked by hand: rate 0.1, peak 0.2, decay 0.01, no clipping, so p -= 0.1/0.2 · 0.01 · p before
// Adam's step. Step 0: m = 0.1 g, v = 0.001 g², corrected to g and g²: the step is
// 0.1 · g/(|g| + 1e-8) = ±0.1.
// Step 1 with gradient 0: m = 0.09 g, corrected 0.09/0.19 g; v = 0.000999 g², corrected
// 0.000999/0.001999 g².
START_TEST(two_steps_by_hand)
{
    State s = state_new(false);
    float *weight = tensor_of(&s, s.parameters, "weight"),
          *bias = tensor_of(&s, s.parameters, "bias");
    float *dweight = tensor_of(&s, s.gradients, "weight"),
          *dbias = tensor_of(&s, s.gradients, "bias");
    weight[0] = 2.0f;
    weight[1] = -1.0f;
    bias[0] = 2.0f;
    bias[1] = 3.0f;
    dweight[0] = 0.5f;
    dweight[1] = -4.0f;
    dbias[0] = 0.5f;
    AdamwSettings settings = { .rate = 0.1, .peak = 0.2, .weight_decay = 0.01, .clip = 0.0 };
    adamw_step(&s.tensors, s.parameters, s.gradients, s.m, s.v, 100.0, 0, &settings);
    ck_assert_float_eq_tol(weight[0], 2.0f * 0.995f - 0.1f, 1e-6f);
    ck_assert_float_eq_tol(weight[1], -1.0f * 0.995f + 0.1f, 1e-6f);
    ck_assert_float_eq_tol(bias[0], 1.9f, 1e-6f); // no decay
    ck_assert_float_eq(bias[1], 3.0f);            // no gradient, no decay
    ck_assert_float_eq_tol(tensor_of(&s, s.m, "weight")[0], 0.05f, 1e-8f);
    ck_assert_float_eq_tol(tensor_of(&s, s.v, "weight")[1], 0.016f, 1e-8f);
    ck_assert_float_eq(dweight[1], -4.0f); // gradients are only read
    dweight[0] = dweight[1] = dbias[0] = 0.0f;
    adamw_step(&s.tensors, s.parameters, s.gradients, s.m, s.v, 0.0, 1, &settings);
    float step = (float)(0.1 * (0.09 / 0.19) / sqrt(0.000999 / 0.001999)); // 0.0670043
    ck_assert_float_eq_tol(weight[0], 1.89f * 0.995f - step, 1e-6f);
    ck_assert_float_eq_tol(bias[0], 1.9f - step, 1e-6f);
    state_free(&s);
}
END_TEST

// eps is outside the root: a gradient of 1e-8 moves by rate · 1/2, one of 0 by nothing.
START_TEST(eps_is_outside_the_root)
{
    State s = state_new(false);
    tensor_of(&s, s.gradients, "bias")[0] = 1e-8f;
    AdamwSettings settings = { .rate = 0.1, .peak = 0.1 };
    adamw_step(&s.tensors, s.parameters, s.gradients, s.m, s.v, 1e-8, 0, &settings);
    ck_assert_float_eq_tol(tensor_of(&s, s.parameters, "bias")[0], -0.05f, 1e-5f);
    ck_assert_float_eq(tensor_of(&s, s.parameters, "bias")[1], 0.0f);
    state_free(&s);
}
END_TEST

// m shows the gradient that was used: g · clip / norm where the norm is above clip, else g.
START_TEST(clipping_scales_by_the_norm)
{
    static const struct {
        double norm, clip;
        float used;
    } cases[] = {
        { 10.0, 2.0, 0.6f }, { 2.0, 2.0, 3.0f }, { 1.9, 2.0, 3.0f }, { 10.0, 0.0, 3.0f }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        State s = state_new(false);
        tensor_of(&s, s.gradients, "weight")[0] = 3.0f;
        AdamwSettings settings = { .rate = 0.1, .peak = 0.1, .clip = cases[i].clip };
        adamw_step(&s.tensors, s.parameters, s.gradients, s.m, s.v, cases[i].norm, 0, &settings);
        ck_assert_float_eq_tol(tensor_of(&s, s.m, "weight")[0], 0.1f * cases[i].used, 1e-7f);
        ck_assert_float_eq_tol(tensor_of(&s, s.v, "weight")[0],
                               0.001f * cases[i].used * cases[i].used, 1e-8f);
        ck_assert_float_eq(tensor_of(&s, s.gradients, "weight")[0], 3.0f);
        state_free(&s);
    }
}
END_TEST

START_TEST(a_rate_of_zero_changes_only_the_moments)
{
    State s = state_new(false);
    float *weight = tensor_of(&s, s.parameters, "weight");
    weight[0] = 1.5f;
    tensor_of(&s, s.gradients, "weight")[0] = 1.0f;
    AdamwSettings settings = { .rate = 0.0, .peak = 0.1, .weight_decay = 0.1, .clip = 1.0 };
    adamw_step(&s.tensors, s.parameters, s.gradients, s.m, s.v, 1.0, 0, &settings);
    ck_assert_float_eq(weight[0], 1.5f);
    ck_assert_float_eq_tol(tensor_of(&s, s.m, "weight")[0], 0.1f, 1e-8f);
    state_free(&s);
}
END_TEST

START_TEST(the_norm_is_over_everything)
{
    State s = state_new(true);
    const Tensor *bad = &s.tensors.items[0];
    ck_assert_double_eq(gradient_norm(&s.tensors, s.gradients, &bad), 0.0);
    ck_assert_ptr_null(bad);
    tensor_of(&s, s.gradients, "weight")[1] = 3.0f;
    tensor_of(&s, s.gradients, "large")[LARGE - 1] = -4.0f;
    ck_assert_double_eq(gradient_norm(&s.tensors, s.gradients, NULL), 5.0);
    tensor_of(&s, s.gradients, "weight")[0] = 1e30f; // its square is over a float
    ck_assert_double_eq_tol(gradient_norm(&s.tensors, s.gradients, &bad) / 1e30, 1.0, 1e-6);
    ck_assert_ptr_null(bad);
    state_free(&s);
}
END_TEST

START_TEST(the_norm_names_the_tensor_that_is_not_finite)
{
    static const char *const names[] = { "weight", "bias", "large" };
    static const float values[] = { NAN, INFINITY, -INFINITY };
    for (int i = 0; i < 3; i++) {
        State s = state_new(true);
        const Tensor *tensor = tensors_find(&s.tensors, names[i]), *bad = NULL;
        random_fill_normal(s.gradients + tensor->offset, tensor->count, 5, 1.0);
        s.gradients[tensor->offset + tensor->count - 1] = values[_i];
        double norm = gradient_norm(&s.tensors, s.gradients, &bad);
        ck_assert_ptr_eq(bad, tensor);
        ck_assert(!finite_bits(norm)); // also seen without asking for the name
        state_free(&s);
    }
}
END_TEST

START_TEST(the_first_bad_tensor_is_named)
{
    State s = state_new(true);
    const Tensor *bad = NULL;
    tensor_of(&s, s.gradients, "large")[0] = NAN;
    tensor_of(&s, s.gradients, "bias")[2] = INFINITY;
    gradient_norm(&s.tensors, s.gradients, &bad);
    ck_assert_str_eq(bad->name, "bias");
    state_free(&s);
}
END_TEST

START_TEST(threads_do_not_change_a_bit)
{
    State states[3];
    double norms[3];
    static const int threads[] = { 1, 2, 3 };
    for (int i = 0; i < 3; i++) {
        State *s = &states[i];
        parallel_set_threads(threads[i]);
        *s = state_new(true);
        random_fill_normal(s->parameters, s->tensors.floats, 1, 0.3);
        AdamwSettings settings = { .rate = 1e-3, .peak = 2e-3, .weight_decay = 1e-4, .clip = 2.0 };
        for (int step = 0; step < 3; step++) {
            random_fill_normal(s->gradients, s->tensors.floats, (uint64_t)step + 2, 0.1);
            norms[i] = gradient_norm(&s->tensors, s->gradients, NULL);
            adamw_step(&s->tensors, s->parameters, s->gradients, s->m, s->v, norms[i], step,
                       &settings);
        }
        ck_assert(norms[i] == norms[0]);
        ck_assert(memcmp(s->parameters, states[0].parameters,
                         4 * s->tensors.floats * sizeof *s->parameters) == 0);
    }
    for (int i = 0; i < 3; i++) state_free(&states[i]);
}
END_TEST

// Against the same rule in double, over several steps. Measured 1.2e-6 of the parameters' rms.
START_TEST(many_steps_agree_with_double)
{
    State s = state_new(true);
    const Tensor *large = tensors_find(&s.tensors, "large");
    double *p = calloc(3 * (size_t)LARGE, sizeof *p), *m = p + LARGE, *v = m + LARGE;
    ck_assert_ptr_nonnull(p);
    random_fill_normal(s.parameters, s.tensors.floats, 1, 0.3);
    for (int i = 0; i < LARGE; i++) p[i] = s.parameters[large->offset + (size_t)i];
    AdamwSettings settings = { .rate = 1e-3, .peak = 2e-3, .weight_decay = 1e-4, .clip = 2.0 };
    for (int step = 0; step < 20; step++) {
        random_fill_normal(s.gradients, s.tensors.floats, (uint64_t)step + 2, 0.1);
        double norm = gradient_norm(&s.tensors, s.gradients, NULL), c1 = 1 - pow(0.9, step + 1),
               c2 = 1 - pow(0.999, step + 1);
        for (int i = 0; i < LARGE; i++) {
            double g = s.gradients[large->offset + (size_t)i] * (norm > 2.0 ? 2.0 / norm : 1.0);
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            p[i] -= 0.5 * 1e-4 * p[i] + 1e-3 * (m[i] / c1) / (sqrt(v[i] / c2) + 1e-8);
        }
        adamw_step(&s.tensors, s.parameters, s.gradients, s.m, s.v, norm, step, &settings);
    }
    Difference difference;
    bool same = compare_floats(&difference, "large", s.parameters + large->offset, LARGE,
                               (Values){ p, LARGE }, (Tolerance){ .relative = 4e-6 });
    ck_assert_msg(same, "%s", difference.problem);
    if (getenv("MEASURE"))
        fprintf(stderr, "20 steps: %.1e of rms\n", difference.worst / difference.rms);
    free(p);
    state_free(&s);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_schedule_has_its_corners },
        { parts_of_the_schedule_may_be_empty },
        { two_steps_by_hand },
        { eps_is_outside_the_root },
        { clipping_scales_by_the_norm },
        { a_rate_of_zero_changes_only_the_moments },
        { the_norm_is_over_everything },
        { the_norm_names_the_tensor_that_is_not_finite, 3 },
        { the_first_bad_tensor_is_named },
        { threads_do_not_change_a_bit, .threads = NEEDS_THREADS },
        { many_steps_agree_with_double },
    };
    return run_tests("optimizer", tests, COUNT_OF(tests));
}
