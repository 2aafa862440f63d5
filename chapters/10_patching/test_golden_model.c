// The paper's model and its patching of it, to 1e-10; and the terms of its logits.
#include "chapters/10_patching/effect.h"
#include "chapters/10_patching/logit_terms.h"
#include "chapters/10_patching/patch.h"
#include "tests/harness/expect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 6, T = 5, ANSWERS = 2, READ_AT = 3, MOST_NEURONS = 64, MOST_TERMS = 32 };

static Safetensors file;
static LanguageModel model;
static int used; // tensors of the file

static void setup(void) {
    Error error;
    const char *path = "tests/golden/circuits/patching.safetensors";
    ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.text);
    ModelSizes sizes = { .ffn = FEED_FORWARD_SGATLIN,
                         .T = T,
                         .V = golden_size(&file, "V"),
                         .D = golden_size(&file, "D"),
                         .L = golden_size(&file, "L"),
                         .Dh = golden_size(&file, "Dh"),
                         .F = golden_size(&file, "F"),
                         .C = golden_size(&file, "C"),
                         .K = golden_size(&file, "K"),
                         .Dk = golden_size(&file, "Dk") };
    ck_assert(language_model_new(&model, &sizes));
    for (int i = 0; i < model.list.count; i++) {
        const Parameter *p = &model.list.items[i];
        read_tensor(model.parameters + p->offset, &file, p->name, p->count);
    }
    used = model.list.count;
}

static void teardown(void) {
    language_model_free(&model);
    safetensors_close(&file);
}

static void read_ints(int *out, const char *name, size_t count) {
    const SafeTensor *tensor = safetensors_find(&file, name);
    ck_assert_msg(tensor != NULL && tensor->count == count, "%s", name);
    int32_t *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    safetensor_to_ints(values, tensor);
    for (size_t i = 0; i < count; i++) out[i] = values[i];
    free(values);
    used++;
}

typedef struct {
    int clean[PAIRS][T], other[PAIRS][T];
    int clean_answers[PAIRS][ANSWERS], other_answers[PAIRS][ANSWERS];
} Prompts;

static Prompts read_prompts(void) {
    Prompts p;
    read_ints(p.clean[0], "prefix_clean", PAIRS * T);
    read_ints(p.other[0], "prefix_other", PAIRS * T);
    read_ints(p.clean_answers[0], "answers_clean", PAIRS * ANSWERS);
    read_ints(p.other_answers[0], "answers_other", PAIRS * ANSWERS);
    return p;
}

static double difference(const Prompts *p, int pair) {
    return logit_difference(model.logits + (size_t)READ_AT * model.sizes.V, p->clean_answers[pair],
                            p->other_answers[pair], ANSWERS);
}

static void expect_numbers(const char *cell, const char *what, const double *actual) {
    char name[64];
    snprintf(name, sizeof name, "%s.%s", cell, what);
    expect_tensor(&file, name, actual, PAIRS);
    used++;
}

// One cell of the layers x positions table; the layers in the name are joined by _.
static void check_cell(const Prompts *p, const char *layers, int position) {
    double clean[PAIRS], other[PAIRS], patched[PAIRS], recovered[PAIRS], flips[PAIRS];
    bool neurons[MOST_NEURONS] = { false };
    char cell[32];
    Snapshot source;
    ck_assert_int_le(mask_size(&model.sizes), MOST_NEURONS);
    ck_assert(snapshot_new(&source, &model.sizes));
    for (int l = 0; l < model.sizes.L; l++)
        if (strchr(layers, '0' + l)) mask_layer(neurons, l, &model.sizes);
    for (int i = 0; i < PAIRS; i++) {
        language_model_forward(&model, p->clean[i], T);
        clean[i] = difference(p, i);
        language_model_forward(&model, p->other[i], T);
        other[i] = difference(p, i);
        snapshot_take(&source, &model, position);
        const Patch patch = { .position = position, .source = &source, .neurons = neurons };
        patched_forward(&model, p->clean[i], T, &patch);
        patched[i] = difference(p, i);
        const Differences m = { clean[i], other[i], patched[i] };
        recovered[i] = indirect_effect(&m);
        flips[i] = rank_flipped(&m);
    }
    snprintf(cell, sizeof cell, "layers_%s.position_%d", layers, position);
    expect_numbers(cell, "logit_difference_clean", clean);
    expect_numbers(cell, "logit_difference_other", other);
    expect_numbers(cell, "logit_difference_patched", patched);
    expect_numbers(cell, "recovered", recovered);
    expect_numbers(cell, "rank_flip", flips);
    snapshot_free(&source);
}

START_TEST(the_papers_patching)
{
    static const char *const layers[] = { "0", "1", "0_1" };
    Prompts p = read_prompts();
    for (int i = 0; i < COUNT_OF(layers); i++)
        for (int position = 2; position <= 3; position++) check_cell(&p, layers[i], position);
    ck_assert_int_eq(used, file.count);
}
END_TEST

// At every position, for every token. Measured: 1.3e-15.
START_TEST(terms_add_up_to_the_logit)
{
    Prompts p = read_prompts();
    LogitTerm terms[MOST_TERMS];
    double direction[64], sums[64];
    int count = logit_terms_count(&model.sizes), V = model.sizes.V;
    ck_assert_int_le(count, MOST_TERMS);
    language_model_forward(&model, p.clean[_i], T);
    for (int t = 0; t < T; t++) {
        for (int v = 0; v < V; v++) {
            token_direction(direction, &model, t, v);
            logit_terms(terms, &model, t, direction);
            sums[v] = sum_of_terms(terms, count);
        }
        expect_within("logits", sums, model.logits + (size_t)t * V, (size_t)V,
                      (Tolerance){ .absolute = 1e-12 });
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = { { the_papers_patching }, { terms_add_up_to_the_logit, PAIRS } };
    return run_tests_with(&(TestFixture){ setup, teardown, false }, "10 the paper's model", tests,
                          COUNT_OF(tests));
}
