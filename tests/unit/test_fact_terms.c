// How much of a fact's logit the largest neurons carry, against sorted attributions.
#include "reference/circuits/attribution.h"
#include "reference/circuits/fact_terms.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <stdlib.h>

enum { V = 11, T = 6, QUESTIONS = 3 };
static Error error;

static int descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

// Adds a token's logit, and the sum of the largest terms of neurons and experts.
static void expect_terms(double *logit, double *largest, TinyModel *tiny, const Prompt *prompt,
                         int32_t token) {
    Attribution all;
    double values[256];
    int count = 0;
    model_forward(&tiny->model, tiny->activations, prompt->inputs, 1, prompt->T);
    ck_assert(attribution_new(&all, &tiny->model, tiny->activations, prompt->inputs, prompt->T - 1,
                              token, &error));
    for (int i = 0; i < all.count; i++) {
        bool neuron = all.terms[i].kind == TERM_NEURON || all.terms[i].kind == TERM_EXPERT;
        if (neuron) values[count++] = all.terms[i].value;
    }
    ck_assert_int_gt(count, 0);
    qsort(values, (size_t)count, sizeof *values, descending);
    for (int i = 0; i < count && i < FACT_NEURONS; i++) *largest += values[i];
    *logit += all.total;
    attribution_free(&all);
}

static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

// The wrong answers are one of the two others each.
START_TEST(the_largest_terms_are_added_up)
{
    char name[VARIANT_NAME];
    TinyModel tiny = tiny_variant(_i, V, 1, T, name);
    int32_t inputs[QUESTIONS][4] = { { 1, 2, 3, 4 }, { 1, 5, 3 }, { 1, 6, 3, 9 } };
    int32_t answers[QUESTIONS] = { 7, 8, 7 };
    Question questions[QUESTIONS];
    for (int q = 0; q < QUESTIONS; q++)
        questions[q] = (Question){ .prompt = { q == 1 ? 3 : 4, inputs[q] },
                                   .answers = &answers[q],
                                   .answer_count = 1 };
    FactTerms actual, expected = { 0 };
    ck_assert_msg(fact_terms(&actual, &tiny.model, questions, QUESTIONS, 1, &error), "%s",
                  error.text);
    for (int q = 0; q < QUESTIONS; q++) {
        const Prompt *prompt = &questions[q].prompt;
        expect_terms(&expected.logit, &expected.largest, &tiny, prompt, answers[q]);
        // the only answer that is wrong for it
        expect_terms(&expected.wrong_logit, &expected.wrong_largest, &tiny, prompt,
                     answers[q] == 7 ? 8 : 7);
    }
    ck_assert_double_eq_tol(actual.logit, expected.logit / QUESTIONS, 1e-5);
    ck_assert_double_eq_tol(actual.largest, expected.largest / QUESTIONS, 1e-5);
    ck_assert_double_eq_tol(actual.wrong_logit, expected.wrong_logit / QUESTIONS, 1e-5);
    ck_assert_double_eq_tol(actual.wrong_largest, expected.wrong_largest / QUESTIONS, 1e-5);
    tiny_free(&tiny);
}
END_TEST

int main(void) {
    sgemm_setup();
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { the_largest_terms_are_added_up, variants - first, .first = first },
    };
    return run_tests("fact_terms", tests, COUNT_OF(tests));
}
