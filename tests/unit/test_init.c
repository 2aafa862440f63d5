// Initial values: the statistics of every tensor of every layer, and that they depend only on
// (seed, name, element).
#include "reference/model/model.h"
#include "reference/numbers/parallel.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static Model drawn(int variant, uint64_t seed) {
    Config config;
    Model model;
    Error error = { "" };
    ck_assert(layer_variant(variant, &config, NULL));
    config.V = 600, config.T = 8, config.L = 2, config.D = 128, config.Dh = 64, config.F = 256;
    if (config.ffn->sparse) config.C = 4, config.K = 8, config.Dk = 64;
    if (config.ffn->ragged) config.E = 16;
    ck_assert_msg(model_new(&model, &config, &error), "%s", error.text);
    tensors_init(&model.tensors, model.parameters, seed);
    return model;
}

typedef struct {
    double mean, variance, largest;
} Statistics;

static Statistics statistics(const float *x, size_t count) {
    Statistics s = { 0 };
    for (size_t i = 0; i < count; i++) {
        s.mean += x[i] / (double)count;
        s.variance += (double)x[i] * x[i] / (double)count;
        s.largest = fmax(s.largest, fabs(x[i]));
    }
    return s;
}

static bool ends_with(const char *name, const char *end) {
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

// What a tensor should have by its name: its variance, and its largest value in standard deviations
// (0: all values are equal).
static void expected(const char *name, const Config *config, double *variance, double *cut) {
    bool key_value = config->router == ROUTER_KEY_VALUE ||
                     config->router == ROUTER_PRODUCT_KEY_VALUE ||
                     strcmp(config->ffn->name, "peer") == 0;
    *cut = 2.2739; // 2 / 0.87962566, the deviation of a normal truncated at 2
    if (ends_with(name, "norm") || ends_with(name, "bias")) {
        *variance = ends_with(name, "norm");
        *cut = 0.0;
    } else if (strcmp(name, "embedding") == 0) {
        *variance = 1.0 / config->D;
        *cut = INFINITY;
    } else if (ends_with(name, "experts.in") || ends_with(name, "experts.out") ||
               ends_with(name, "ffn.down") || ends_with(name, "experts.down")) {
        *variance = 1.0 / config->F;
    } else if (ends_with(name, "router.keys") && key_value) {
        *variance = 0.7737;
        *cut = 2.0 / sqrt(0.7737);
    } else if (ends_with(name, "router.keys")) {
        *variance = 1.0 / config->Dk;
    } else {
        *variance = 1.0 / config->D; // attention, up, router.query
    }
}

START_TEST(initial_values_have_the_papers_statistics)
{
    Model model = drawn(_i, 1);
    for (int i = 0; i < model.tensors.count; i++) {
        const Tensor *tensor = &model.tensors.items[i];
        const float *x = model.parameters + tensor->offset;
        double variance, cut;
        expected(tensor->name, &model.config, &variance, &cut);
        Statistics s = statistics(x, tensor->count);
        if (cut == 0.0) {
            for (size_t j = 0; j < tensor->count; j++) ck_assert_float_eq(x[j], (float)variance);
            continue;
        }
        double n = (double)tensor->count, deviation = sqrt(variance);
        // Five standard errors: of the mean sd/sqrt(n), of the variance at most var·sqrt(2/n).
        ck_assert_msg(fabs(s.mean) < 5 * deviation / sqrt(n), "%s: mean %g", tensor->name, s.mean);
        ck_assert_msg(fabs(s.variance / variance - 1) < 5 * sqrt(2 / n),
                      "%s: variance %g, expected %g", tensor->name, s.variance, variance);
        ck_assert_msg(s.largest <= cut * deviation * 1.0002, "%s: largest %g sd", tensor->name,
                      s.largest / deviation);
        ck_assert_msg(s.largest >= fmin(cut * 0.97, 3.5) * deviation, "%s: largest is only %g sd",
                      tensor->name,
                      s.largest / deviation); // there is a tail; the embedding's is not truncated
    }
    model_free(&model);
}
END_TEST

START_TEST(norms_and_biases_are_not_decayed)
{
    Model model = drawn(_i, 1);
    for (int i = 0; i < model.tensors.count; i++) {
        const Tensor *tensor = &model.tensors.items[i];
        bool plain = ends_with(tensor->name, "norm") || ends_with(tensor->name, "bias");
        ck_assert_msg(tensor->decay == !plain, "%s", tensor->name);
    }
    model_free(&model);
}
END_TEST

START_TEST(seed_and_name_alone_decide)
{
    parallel_set_threads(1);
    Model a = drawn(_i, 1), other = drawn(_i, 2);
    parallel_set_threads(3);
    Model b = drawn(_i, 1);
    ck_assert(memcmp(a.parameters, b.parameters, a.tensors.floats * sizeof *a.parameters) == 0);
    for (int i = 0; i < a.tensors.count; i++) {
        const Tensor *tensor = &a.tensors.items[i];
        if (tensor->init == INIT_ONE || tensor->init == INIT_ZERO) continue;
        const float *x = a.parameters + tensor->offset;
        ck_assert(memcmp(x, other.parameters + tensor->offset, tensor->count * sizeof *x) != 0);
        for (int j = 0; j < i; j++) { // no two tensors have the same numbers
            const Tensor *before = &a.tensors.items[j];
            ck_assert_float_ne(x[0] / x[1],
                               a.parameters[before->offset] / a.parameters[before->offset + 1]);
        }
    }
    model_free(&a);
    model_free(&b);
    model_free(&other);
}
END_TEST

// A tensor's initial values and its place in a file depend on its name: one that is too long stops
// the program instead of being truncated.
START_TEST(names_are_not_truncated)
{
    Tensors tensors = { 0 };
    char name[TENSOR_NAME] = "";
    memset(name, 'x', TENSOR_NAME - 1);
    tensors_add(&tensors, "", name, INIT_ONE, 0, false, 1, (int[]){ 2 });
    if (tensors_find(&tensors, name) == NULL) return; // then there is no signal
    tensors_add(&tensors, "x", name, INIT_ONE, 0, false, 1, (int[]){ 2 });
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { initial_values_have_the_papers_statistics, layer_variants() },
        { norms_and_biases_are_not_decayed, layer_variants() },
        { seed_and_name_alone_decide, layer_variants(), .threads = USES_THREADS },
        { names_are_not_truncated, .signal = SIGABRT },
    };
    return run_tests("init", tests, COUNT_OF(tests));
}
