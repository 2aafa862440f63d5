// Attribution and patching of the reference against chapter 10, on the same weights: every router
// and activation of sgatlin.
#include "chapters/10_patching/logit_terms.h"
#include "chapters/10_patching/patch.h"
#include "reference/circuits/attribution.h"
#include "reference/circuits/patch.h"
#include "reference/numbers/sgemm.h"
#include "tests/chain/chapter_model.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 11, T = 5, MAX_TERMS = 64, SEEDS = 4 };
static Error error;

typedef struct {
    TinyModel reference;
    LanguageModel chapter;
} Pair;

static bool is_sgatlin(int variant) {
    Config kind;
    return layer_variant(variant, &kind, NULL) && strcmp(kind.ffn->name, "sgatlin") == 0;
}

static Pair pair_of(int variant, uint64_t seed) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    Pair pair = { .reference = tiny_model(&config, 1, seed) };
    pair.chapter = chapter_model_of(&pair.reference.model);
    return pair;
}

static void pair_free(Pair *pair) {
    language_model_free(&pair->chapter);
    tiny_free(&pair->reference);
}

static void run_chapter(Pair *pair) {
    int inputs[T];
    for (int t = 0; t < T; t++) inputs[t] = pair->reference.inputs[t];
    language_model_forward(&pair->chapter, inputs, T);
}

// ---- attribution

static void check_terms(const LogitTerm *expected, const Attribution *actual, double size) {
    for (int i = 0; i < actual->count; i++) {
        const Term *term = &actual->terms[i];
        ResidualPart part = term->kind == TERM_EMBEDDING ? PART_EMBEDDING
                            : term->kind == TERM_HEAD    ? PART_HEAD
                                                         : PART_NEURON;
        ck_assert_int_eq(part, expected[i].part);
        ck_assert_int_eq(term->layer, expected[i].layer);
        if (part == PART_HEAD) ck_assert_int_eq(term->head, expected[i].index);
        if (part == PART_NEURON) {
            ck_assert_int_eq(term->channel, expected[i].channel);
            ck_assert_int_eq(term->index, expected[i].index);
        }
        // measured worst: 4e-7 of the sum of the sizes of all terms
        ck_assert_double_eq_tol(term->value, expected[i].value, 2e-6 * size);
    }
}

static void compare_terms(Pair *pair, int t, int token) {
    TinyModel *tiny = &pair->reference;
    LogitTerm expected[MAX_TERMS];
    double direction[64], size = 0;
    Attribution actual;
    int count = logit_terms_count(&pair->chapter.sizes);
    ck_assert(count <= MAX_TERMS && pair->chapter.sizes.D <= COUNT_OF(direction));
    token_direction(direction, &pair->chapter, t, token);
    logit_terms(expected, &pair->chapter, t, direction);
    for (int i = 0; i < count; i++) size += fabs(expected[i].value);
    ck_assert(
        attribution_new(&actual, &tiny->model, tiny->activations, tiny->inputs, t, token, &error));
    ck_assert_int_eq(actual.count, count);
    check_terms(expected, &actual, size);
    attribution_free(&actual);
}

START_TEST(terms_are_the_chapters)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Pair pair = pair_of(_i, seed);
        tiny_forward(&pair.reference);
        run_chapter(&pair);
        for (int t = 0; t < T; t++) {
            for (int token = 0; token < V; token++) compare_terms(&pair, t, token);
        }
        pair_free(&pair);
    }
}
END_TEST

// ---- patching

// The other prompt: another token at position `at`, the rest the same.
static void other_prompt(int other[T], const TinyModel *tiny, int at) {
    for (int t = 0; t < T; t++) other[t] = tiny->inputs[t];
    other[at] = (other[at] + 3) % V;
}

static GatingRecord record_of(TinyModel *tiny, const int prompt[T]) {
    GatingRecord record;
    int32_t inputs[T];
    for (int t = 0; t < T; t++) inputs[t] = prompt[t];
    ck_assert(gating_record_new(&record, &tiny->model.config, T, &error));
    HookList hooks = one_hook(gating_record_hook, &record);
    model_hooks(tiny->activations, &hooks);
    model_forward(&tiny->model, tiny->activations, inputs, 1, T);
    return record;
}

// All logits of the reference, with the gating of `source` at one position of a layer, or ALL.
static float *patched_logits(TinyModel *tiny, const GatingRecord *source, int layer, int at) {
    GatingEdit edit = { .layer = layer,
                        .position = at,
                        .channel = ALL,
                        .source = source,
                        .source_position = ALL,
                        .scale = 1 };
    GatingPatch patch = { &edit, 1 };
    HookList hooks = one_hook(gating_patch_hook, &patch);
    model_hooks(tiny->activations, &hooks);
    tiny_forward(tiny);
    model_hooks(tiny->activations, NULL);
    return tiny_logits(tiny);
}

static void patch_chapter(Pair *pair, const Snapshot *source, int layer, int at) {
    const ModelSizes *sizes = &pair->chapter.sizes;
    bool neurons[256] = { false };
    int inputs[T];
    ck_assert_int_le(mask_size(sizes), COUNT_OF(neurons));
    for (int l = 0; l < sizes->L; l++) {
        if (layer == ALL || l == layer) mask_layer(neurons, l, sizes);
    }
    for (int t = 0; t < T; t++) inputs[t] = pair->reference.inputs[t];
    patched_forward(&pair->chapter, inputs, T,
                    &(Patch){ .position = at, .source = source, .neurons = neurons });
}

static void compare_patch(Pair *pair, const Snapshot *source, const GatingRecord *record, int layer,
                          int at) {
    float *actual = patched_logits(&pair->reference, record, layer, at);
    patch_chapter(pair, source, layer, at);
    // measured worst: 8e-6
    for (int i = 0; i < T * V; i++)
        ck_assert_double_eq_tol(actual[i], pair->chapter.logits[i], 3e-5);
    free(actual);
}

START_TEST(patched_logits_are_the_chapters)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Pair pair = pair_of(_i, seed);
        Snapshot source;
        ck_assert(snapshot_new(&source, &pair.chapter.sizes));
        for (int at = 1; at < T; at++) {
            int other[T];
            other_prompt(other, &pair.reference, at);
            language_model_forward(&pair.chapter, other, T);
            snapshot_take(&source, &pair.chapter, at);
            GatingRecord record = record_of(&pair.reference, other);
            for (int layer = ALL; layer < pair.chapter.sizes.L; layer++)
                compare_patch(&pair, &source, &record, layer, at);
            gating_record_free(&record);
        }
        snapshot_free(&source);
        pair_free(&pair);
    }
}
END_TEST

int main(void) {
    sgemm_setup();
    int first = 0, count = 0;
    while (!is_sgatlin(first)) first++;
    while (is_sgatlin(first + count)) count++;
    const TestRow tests[] = {
        { terms_are_the_chapters, count, .first = first },
        { patched_logits_are_the_chapters, count, .first = first },
    };
    return run_tests("chain: patching", tests, COUNT_OF(tests));
}
