// Attribution: the terms add up to the logit, and each is what its part adds.
#include "reference/circuits/attribution.h"
#include "reference/circuits/patch.h"
#include "reference/model/layout.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 11, T = 6, B = 2, N = B * T };
static Error error;

// The dense kinds come first.
static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

static Attribution attribution(const TinyModel *tiny, int row, int32_t token) {
    Attribution out;
    ck_assert_msg(attribution_new(&out, &tiny->model, tiny->activations, tiny->inputs, row, token,
                                  &error),
                  "%s", error.text);
    return out;
}

// Every token after every position of both rows. With MEASURE in the environment the worst error is
// printed, in units of the sum of the terms' sizes.
START_TEST(terms_add_up_to_the_logit)
{
    char name[VARIANT_NAME];
    TinyModel tiny = tiny_variant(_i, V, B, T, name);
    tiny_forward(&tiny);
    float *logits = tiny_logits(&tiny);
    double worst = 0;
    for (int row = 0; row < N; row++) {
        for (int token = 0; token < V; token++) {
            Attribution out = attribution(&tiny, row, token);
            double total = 0, size = 0;
            for (int i = 0; i < out.count; i++) {
                total += out.terms[i].value;
                size += fabs(out.terms[i].value);
            }
            ck_assert_double_eq_tol(total, out.total, 1e-12 * size);
            ck_assert_double_eq_tol(out.prediction.logit, logits[row * V + token], 1e-5);
            worst = fmax(worst, fabs(total - logits[row * V + token]) / size);
            attribution_free(&out);
        }
    }
    if (getenv("MEASURE")) fprintf(stderr, "%-40s %.1e\n", name, worst);
    // measured worst of all variants: 3e-7; a float has 6e-8
    ck_assert_msg(worst < 1e-6, "%s: %g", name, worst);
    free(logits);
    tiny_free(&tiny);
}
END_TEST

// The sum of output_norm · embedding · residual, which the final norm has not scaled.
static double unscaled_logit(const TinyModel *tiny, int row, int32_t token) {
    const Config *config = &tiny->model.config;
    const float *embedding = tiny->model.parameters + tiny->model.tensors.items[EMBEDDING].offset +
                             (size_t)token * (size_t)config->D,
                *scale = tiny->model.parameters + layout_output_norm(&tiny->model.tensors)->offset,
                *residual = model_after_ffn(tiny->activations, config->L - 1) +
                            (size_t)row * (size_t)config->D;
    double sum = 0;
    for (int d = 0; d < config->D; d++) sum += (double)residual[d] * scale[d] * embedding[d];
    return sum;
}

static double inverse_rms(const TinyModel *tiny, int row) {
    const Config *config = &tiny->model.config;
    const float *residual =
        model_after_ffn(tiny->activations, config->L - 1) + (size_t)row * (size_t)config->D;
    double sum = 0;
    for (int d = 0; d < config->D; d++) sum += (double)residual[d] * residual[d];
    return 1 / sqrt(sum / config->D + 1e-6);
}

static void silence(TinyModel *tiny, const GatingEdit *edit) {
    GatingPatch patch = { edit, 1 };
    ck_assert_msg(gating_patch_valid(&patch, &tiny->model.config, &error), "%s", error.text);
    HookList hooks = one_hook(gating_patch_hook, &patch);
    model_hooks(tiny->activations, &hooks);
    tiny_forward(tiny);
    model_hooks(tiny->activations, NULL);
}

// Without a neuron of the last layer the logit before the final norm is less by exactly its term.
START_TEST(a_last_layer_neuron_changes_the_logit_by_its_term)
{
    enum { ROW = 4, TOKEN = 7 };
    char name[VARIANT_NAME];
    TinyModel tiny = tiny_variant(_i, V, 1, T, name);
    tiny_forward(&tiny);
    Attribution out = attribution(&tiny, ROW, TOKEN);
    double before = unscaled_logit(&tiny, ROW, TOKEN), scale = inverse_rms(&tiny, ROW);
    int last = tiny.model.config.L - 1, silenced = 0;
    for (int i = 0; i < out.count; i++) {
        const Term *term = &out.terms[i];
        if (term->kind != TERM_NEURON || term->layer != last) continue;
        silence(&tiny, &(GatingEdit){ .layer = last,
                                      .position = ROW,
                                      .channel = term->channel,
                                      .single = true,
                                      .index = term->index });
        double change = (before - unscaled_logit(&tiny, ROW, TOKEN)) * scale;
        // measured worst: 2e-7
        ck_assert_msg(fabs(change - term->value) < 1e-6, "%s: neuron %d of channel %d: %g, not %g",
                      name, term->index, term->channel, change, term->value);
        silenced++;
    }
    ck_assert_int_eq(silenced, tiny.model.config.C * tiny.model.config.K);
    attribution_free(&out);
    tiny_free(&tiny);
}
END_TEST

START_TEST(the_largest_come_first)
{
    TinyModel tiny = tiny_variant(first_sparse(), V, 1, T, NULL);
    tiny_forward(&tiny);
    Attribution out = attribution(&tiny, 3, 5);
    ck_assert(out.terms[0].kind == TERM_EMBEDDING);
    ck_assert_int_eq(out.prediction.token, 5);
    double total = out.total;
    attribution_sort(&out);
    for (int i = 1; i < out.count; i++)
        ck_assert(fabs(out.terms[i - 1].value) >= fabs(out.terms[i].value));
    ck_assert(out.total == total);
    attribution_free(&out);
    tiny_free(&tiny);
}
END_TEST

START_TEST(a_dense_model_has_no_gates)
{
    TinyModel tiny = tiny_variant(0, V, 1, T, NULL);
    tiny_forward(&tiny);
    Attribution out;
    ck_assert(!attribution_new(&out, &tiny.model, tiny.activations, tiny.inputs, 0, 0, &error));
    ck_assert_msg(strstr(error.text, "ffn=mlp has no gates") != NULL, "%s", error.text);
    tiny_free(&tiny);
}
END_TEST

static bool has_linear_neurons(int variant) {
    Config kind;
    return layer_variant(variant, &kind, NULL) && strcmp(kind.ffn->name, "sgatlin") == 0;
}

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int variants = layer_variants(), first = first_sparse(), sgatlin = 0;
    while (sgatlin < variants && !has_linear_neurons(sgatlin)) sgatlin++;
    const TestRow tests[] = {
        { terms_add_up_to_the_logit, variants - first, .first = first },
        { a_last_layer_neuron_changes_the_logit_by_its_term, variants - sgatlin, .first = sgatlin },
        { the_largest_come_first },
        { a_dense_model_has_no_gates },
    };
    return run_tests("attribution", tests, COUNT_OF(tests));
}
