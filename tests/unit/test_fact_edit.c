// Edits of a fact: the answer changes, by neurons of the layer alone, and protected prompts keep
// theirs.
#include "reference/circuits/attribution.h"
#include "reference/circuits/fact_edit.h"
#include "reference/circuits/neurons.h"
#include "reference/circuits/patch.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { V = 11, T = 4, FROM = 5, TO = 8, PROMPTS = 3 };
static Error error;
static int32_t inputs[PROMPTS][T] = { { TOKEN_END, 2, 7, 3 },
                                      { TOKEN_END, 2, 9, 3 },
                                      { TOKEN_END, 4, 6, 3 } };
static const Prompt prompts[PROMPTS] = { { T, inputs[0] }, { T, inputs[1] }, { T, inputs[2] } };

static bool has_rows(int variant) {
    Config kind;
    return layer_variant(variant, &kind, NULL) && has_neurons(&kind);
}

static TinyModel model_of(int variant) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    // as many neurons as possible, since relu shuts some and prompts to protect use some up
    Config config = tiny_config(&kind, V, T);
    config.K = 3;
    return tiny_model(&config, 1, 9);
}

// logit(TO) - logit(FROM) after a prompt; unscaled: before the final norm.
static double difference(TinyModel *tiny, int prompt, bool unscaled) {
    float logits[V];
    model_forward(&tiny->model, tiny->activations, inputs[prompt], 1, T);
    model_logits(&tiny->model, tiny->activations, T - 1, 1, logits);
    int D = tiny->model.config.D;
    const float *residual = model_after_ffn(tiny->activations, 1) + (T - 1) * D;
    double squares = 0;
    for (int d = 0; d < D; d++) squares += residual[d] * residual[d];
    return (logits[TO] - logits[FROM]) * (unscaled ? sqrt(squares / D + 1e-6) : 1);
}

static float *copy_of(const Model *model) {
    float *copy = malloc(model->tensors.floats * sizeof *copy);
    ck_assert_ptr_nonnull(copy);
    return memcpy(copy, model->parameters, model->tensors.floats * sizeof *copy);
}

// Floats outside the tables `out` of the layer (ALL: of any) must be the same; returns how many
// rows of them are not.
static int changed_rows(const Model *model, const float *before, int layer) {
    int rows = 0, D = model->config.D;
    for (int i = 0; i < model->tensors.count; i++) {
        const Tensor *tensor = &model->tensors.items[i];
        bool out = strstr(tensor->name, "experts.out") != NULL &&
                   (layer == ALL || tensor->name[strlen("layers.")] == '0' + layer);
        for (size_t row = 0; row < tensor->count / (size_t)D; row++) {
            size_t at = tensor->offset + row * (size_t)D;
            bool same =
                memcmp(before + at, model->parameters + at, (size_t)D * sizeof *before) == 0;
            ck_assert_msg(same || out, "%s has changed", tensor->name);
            rows += !same;
        }
    }
    return rows;
}

START_TEST(the_answer_becomes_another)
{
    static const int layers[] = { 0, 1, ALL };
    for (int i = 0; i < COUNT_OF(layers); i++) {
        TinyModel tiny = model_of(_i);
        float *before = copy_of(&tiny.model);
        FactEdit edit = { .prompt = &prompts[0],
                          .from = FROM,
                          .to = TO,
                          .layer = layers[i],
                          .margin = difference(&tiny, 0, false) + 0.7 };
        FactEditResult result;
        ck_assert_msg(fact_edit(&result, &tiny.model, &edit, &error), "%s", error.text);
        ck_assert_double_eq_tol(result.before, edit.margin - 0.7, 1e-4);
        ck_assert_double_ge(result.after, edit.margin - 1e-3);
        ck_assert_double_eq_tol(difference(&tiny, 0, false), result.after, 1e-4);
        ck_assert(result.share == 1 && result.change > 0 && result.size > 0);
        int rows = changed_rows(&tiny.model, before, layers[i]);
        ck_assert_int_gt(rows, 0);
        ck_assert_int_le(rows, result.neurons); // relu may shut some
        free(before);
        tiny_free(&tiny);
    }
}
END_TEST

// In the last layer the change is all there is: a protected prompt has the same logits to rounding
// where it has the same neurons, and without protection it has not.
START_TEST(protected_prompts_keep_their_answers)
{
    double moved[2];
    bool alone = false;
    for (int protect = 0; protect < 2; protect++) {
        TinyModel tiny = model_of(_i);
        double others[PROMPTS];
        for (int i = 1; i < PROMPTS; i++) others[i] = difference(&tiny, i, true);
        FactEdit edit = { .prompt = &prompts[0],
                          .from = FROM,
                          .to = TO,
                          .layer = 1,
                          .margin = difference(&tiny, 0, false) + 0.5,
                          .protect = prompts + 1,
                          .protect_count = protect ? PROMPTS - 1 : 0 };
        FactEditResult result;
        ck_assert_msg(fact_edit(&result, &tiny.model, &edit, &error), "%s", error.text);
        ck_assert_double_ge(difference(&tiny, 0, false), edit.margin - 2e-3);
        ck_assert(result.share > 0 && result.share <= 1);
        alone = result.share == 1; // with protection: the prompts share no neuron with it
        moved[protect] = 0;
        for (int i = 1; i < PROMPTS; i++)
            moved[protect] = fmax(moved[protect], fabs(difference(&tiny, i, true) - others[i]));
        tiny_free(&tiny);
    }
    if (getenv("MEASURE")) fprintf(stderr, "moved %.1e, protected %.1e\n", moved[0], moved[1]);
    ck_assert_msg(alone || moved[0] > 1e-3, "unprotected prompts moved by only %g", moved[0]);
    // measured worst: 4e-7
    ck_assert_msg(moved[1] < 2e-6, "protected prompts moved by %g", moved[1]);
}
END_TEST

// The same prompt cannot be protected: nothing is left to change, and nothing is changed.
START_TEST(an_impossible_edit_changes_nothing)
{
    TinyModel tiny = model_of(_i);
    float *before = copy_of(&tiny.model);
    FactEdit edit = { .prompt = &prompts[0],
                      .from = FROM,
                      .to = TO,
                      .layer = ALL,
                      .margin = 9,
                      .protect = prompts,
                      .protect_count = 1 };
    FactEditResult result;
    ck_assert(!fact_edit(&result, &tiny.model, &edit, &error));
    ck_assert_msg(strstr(error.text, "in the same proportions") != NULL, "%s", error.text);
    ck_assert_mem_eq(before, tiny.model.parameters, tiny.model.tensors.floats * sizeof *before);
    free(before);
    tiny_free(&tiny);
}
END_TEST

START_TEST(other_kinds_are_refused)
{
    Config kind;
    for (int i = 0; layer_variant(i, &kind, NULL); i++) {
        if (has_neurons(&kind)) continue;
        TinyModel tiny = model_of(i);
        FactEdit edit = { .prompt = &prompts[0], .from = FROM, .to = TO, .layer = ALL };
        FactEditResult result;
        ck_assert(!fact_edit(&result, &tiny.model, &edit, &error));
        ck_assert_msg(strstr(error.text, "has no neurons to edit") != NULL, "%s", error.text);
        tiny_free(&tiny);
    }
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int first = 0, end = layer_variants();
    while (!has_rows(first)) first++;
    const TestRow tests[] = {
        { the_answer_becomes_another, end - first, .first = first },
        { protected_prompts_keep_their_answers, end - first, .first = first },
        { an_impossible_edit_changes_nothing, end - first, .first = first },
        { other_kinds_are_refused },
    };
    return run_tests("fact edit", tests, COUNT_OF(tests));
}
