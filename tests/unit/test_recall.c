// Patching pairs of prompts: the equations against numbers from the sgatlin paper's own code, and
// controls whose results are known.
#include "reference/check/compare.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/recall.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Error error;

// ---- the golden pairs

enum { PAIRS = 6, PREFIX = 5, MEASURED = 3, ANSWERS = 2 };

typedef struct {
    Safetensors file;
    Model model;
    Question questions[2 * PAIRS]; // the clean ones, then the others
    QuestionPair pairs[PAIRS];
    int32_t inputs[2 * PAIRS * PREFIX], answers[2 * PAIRS * ANSWERS];
} Golden;

static const SafeTensor *tensor(const Golden *golden, const char *name, size_t count) {
    const SafeTensor *found = safetensors_find(&golden->file, name);
    ck_assert_msg(found != NULL && found->count == count, "%s", name);
    return found;
}

static void golden_open_pairs(Golden *golden) {
    ck_assert_msg(safetensors_open(&golden->file, "tests/golden/circuits/patching.safetensors",
                                   &error),
                  "%s", error.text);
    Config config = config_default(ffn_find("sgatlin"));
    for (int i = 0; i < golden->file.metadata_count; i++) {
        bool found;
        const Metadata *row = &golden->file.metadata[i];
        ck_assert_msg(config_set(&config, row->key, row->value, &found, &error), "%s", error.text);
    }
    config.T = PREFIX;
    ck_assert_msg(model_new(&golden->model, &config, &error), "%s", error.text);
    for (int i = 0; i < golden->model.tensors.count; i++) {
        const Tensor *own = &golden->model.tensors.items[i];
        safetensor_to_floats(golden->model.parameters + own->offset,
                             tensor(golden, own->name, own->count));
    }
    safetensor_to_ints(golden->inputs, tensor(golden, "prefix_clean", PAIRS * PREFIX));
    safetensor_to_ints(golden->inputs + PAIRS * PREFIX,
                       tensor(golden, "prefix_other", PAIRS * PREFIX));
    safetensor_to_ints(golden->answers, tensor(golden, "answers_clean", PAIRS * ANSWERS));
    safetensor_to_ints(golden->answers + PAIRS * ANSWERS,
                       tensor(golden, "answers_other", PAIRS * ANSWERS));
    for (int i = 0; i < 2 * PAIRS; i++)
        golden->questions[i] = (Question){ .prompt = { MEASURED + 1, golden->inputs + i * PREFIX },
                                           .first = 2,
                                           .last = 2,
                                           .answers = golden->answers + i * ANSWERS,
                                           .answer_count = ANSWERS };
    for (int i = 0; i < PAIRS; i++) golden->pairs[i] = (QuestionPair){ i, PAIRS + i, NO_QUESTION };
}

static const struct {
    const char *layers;
    int layer;
} golden_layers[] = { { "0", 0 }, { "1", 1 }, { "0_1", ALL } };

static void check_golden(const Golden *golden, Recall *recall, int layer, Place place) {
    static const char *const names[] = { "clean", "other", "patched" };
    Effect effects[PAIRS];
    ck_assert_msg(recall_effects(effects, recall, golden->pairs, PAIRS, golden_layers[layer].layer,
                                 place, CONTROL_PATCH, &error),
                  "%s", error.text);
    char name[96];
    for (int which = 0; which < 3; which++) {
        double expected[PAIRS], actual[PAIRS];
        snprintf(name, sizeof name, "layers_%s.position_%d.logit_difference_%s",
                 golden_layers[layer].layers, place == AT_NOUN ? 2 : 3, names[which]);
        safetensor_to_doubles(expected, tensor(golden, name, PAIRS));
        for (int i = 0; i < PAIRS; i++)
            actual[i] = which == 0   ? effects[i].clean
                        : which == 1 ? effects[i].other
                                     : effects[i].patched;
        Difference difference;
        // measured worst: 6e-7
        bool same = compare_values(&difference, name, (Values){ actual, PAIRS },
                                   (Values){ expected, PAIRS }, (Tolerance){ .absolute = 2e-6 });
        if (getenv("MEASURE")) fprintf(stderr, "%-50s %.1e\n", name, difference.worst);
        ck_assert_msg(same, "%s", difference.problem);
    }
    double flips[PAIRS], recovered[PAIRS];
    snprintf(name, sizeof name, "layers_%s.position_%d.rank_flip", golden_layers[layer].layers,
             place == AT_NOUN ? 2 : 3);
    safetensor_to_doubles(flips, tensor(golden, name, PAIRS));
    snprintf(name, sizeof name, "layers_%s.position_%d.recovered", golden_layers[layer].layers,
             place == AT_NOUN ? 2 : 3);
    safetensor_to_doubles(recovered, tensor(golden, name, PAIRS));
    for (int i = 0; i < PAIRS; i++) {
        EffectSummary one = effects_summary(&effects[i], 1);
        // the fifth pair's denominator is -0.006
        double tolerance = 8e-6 / fabs(effects[i].clean - effects[i].other);
        ck_assert_double_eq_tol(one.nie, recovered[i], tolerance);
        ck_assert(one.flips == flips[i]);
    }
}

START_TEST(effects_are_those_of_the_paper)
{
    Golden golden;
    golden_open_pairs(&golden);
    Recall *recall = recall_new(&golden.model, golden.questions, 2 * PAIRS, &error);
    ck_assert_msg(recall != NULL, "%s", error.text);
    for (int layer = 0; layer < COUNT_OF(golden_layers); layer++) {
        check_golden(&golden, recall, layer, AT_NOUN);
        check_golden(&golden, recall, layer, AT_LAST);
    }
    recall_free(recall);
    model_free(&golden.model);
    safetensors_close(&golden.file);
}
END_TEST

// ---- controls

enum { V = 11, T = 4, COUNT = 5 };

// Prompts 1 2 NOUN 3 with one answer each, but question 4 is a token longer and questions 0 and 1
// may share an answer.
typedef struct {
    TinyModel tiny;
    Question questions[COUNT];
    int32_t inputs[COUNT][T + 1], answers[COUNT];
} Fixture;

static void fixture_new(Fixture *f, int variant) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    Config config = tiny_config(&kind, V, T + 1);
    f->tiny = tiny_model(&config, 1, 5);
    for (int i = 0; i < COUNT; i++) {
        int32_t inputs[T + 1] = { TOKEN_END, 2, 4 + i, 3, 3 };
        memcpy(f->inputs[i], inputs, sizeof inputs);
        f->answers[i] = 5 + i;
        f->questions[i] = (Question){ .prompt = { i == 4 ? T + 1 : T, f->inputs[i] },
                                      .first = 2,
                                      .last = 2,
                                      .answers = &f->answers[i],
                                      .answer_count = 1 };
    }
}

static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

static void effects_of(Effect *out, Recall *recall, const QuestionPairs *pairs, int layer,
                       Place place, Control control) {
    ck_assert_msg(recall_effects(out, recall, pairs->items, pairs->count, layer, place, control,
                                 &error),
                  "%s", error.text);
}

START_TEST(pairs_have_the_same_form_and_other_answers)
{
    Fixture f;
    fixture_new(&f, first_sparse());
    QuestionPairs pairs;
    f.answers[1] = f.answers[0];
    ck_assert_msg(question_pairs_new(&pairs, f.questions, COUNT, &error), "%s", error.text);
    ck_assert_int_eq(pairs.other_form, 2 * 4);
    ck_assert_int_eq(pairs.same_answer, 2);
    ck_assert_int_eq(pairs.count, 4 * 3 - 2);
    int thirds = 0;
    for (int i = 0; i < pairs.count; i++) {
        const QuestionPair *pair = &pairs.items[i];
        ck_assert(pair->clean != pair->other && pair->clean < 4 && pair->other < 4);
        if (pair->third == NO_QUESTION) continue;
        thirds++;
        ck_assert(pair->third < 4);
        ck_assert(f.answers[pair->third] != f.answers[pair->clean]);
        ck_assert(f.answers[pair->third] != f.answers[pair->other]);
    }
    ck_assert_int_eq(thirds, pairs.count);
    free(pairs.items);
    tiny_free(&f.tiny);
}
END_TEST

// Its own gating changes nothing; silence is the same for every other prompt; where a third prompt
// is the other one, it has its effect; random neurons have one of their own.
START_TEST(controls_are_what_they_say)
{
    Fixture f;
    fixture_new(&f, _i);
    QuestionPairs pairs;
    ck_assert(question_pairs_new(&pairs, f.questions, COUNT - 1, &error));
    ck_assert_int_eq(pairs.count, 12);
    Recall *recall = recall_new(&f.tiny.model, f.questions, COUNT, &error);
    ck_assert_msg(recall != NULL, "%s", error.text);
    for (int place = 0; place < PLACES; place++) {
        Effect effects[12], patched[12];
        effects_of(effects, recall, &pairs, ALL, (Place)place, CONTROL_OWN);
        for (int i = 0; i < 12; i++)
            ck_assert_double_eq_tol(effects[i].patched, effects[i].clean, 1e-5);
        ck_assert_double_eq_tol(effects_summary(effects, 12).nie, 0, 1e-5);
        effects_of(patched, recall, &pairs, ALL, (Place)place, CONTROL_PATCH);
        int changed = 0;
        for (int i = 0; i < 12; i++) changed += fabs(patched[i].patched - patched[i].clean) > 1e-4;
        ck_assert_int_gt(changed, 0);
        for (int i = 0; i < 12; i++) pairs.items[i].third = pairs.items[i].other;
        effects_of(effects, recall, &pairs, ALL, (Place)place, CONTROL_THIRD);
        for (int i = 0; i < 12; i++)
            ck_assert_double_eq_tol(effects[i].patched, patched[i].patched, 1e-5);
        effects_of(effects, recall, &pairs, ALL, (Place)place, CONTROL_RANDOM);
        changed = 0;
        for (int i = 0; i < 12; i++)
            changed += fabs(patched[i].patched - effects[i].patched) > 1e-4;
        ck_assert_int_gt(changed, 0);
    }
    recall_free(recall);
    free(pairs.items);
    tiny_free(&f.tiny);
}
END_TEST

// The same as a pass of its own with a patch of these positions.
START_TEST(a_row_of_a_batch_is_a_pass_of_its_own)
{
    Fixture f;
    fixture_new(&f, _i);
    QuestionPairs pairs;
    ck_assert(question_pairs_new(&pairs, f.questions, COUNT - 1, &error));
    Recall *recall = recall_new(&f.tiny.model, f.questions, COUNT, &error);
    ck_assert_msg(recall != NULL, "%s", error.text);
    Effect effects[12];
    effects_of(effects, recall, &pairs, 1, AT_NOUN, CONTROL_SILENT);
    float logits[V];
    for (int i = 0; i < 12; i++) {
        GatingEdit edit = { .layer = 1, .position = 2, .channel = ALL };
        GatingPatch patch = { &edit, 1 };
        HookList hooks = one_hook(gating_patch_hook, &patch);
        model_hooks(f.tiny.activations, &hooks);
        model_forward(&f.tiny.model, f.tiny.activations, f.inputs[pairs.items[i].clean], 1, T);
        model_logits(&f.tiny.model, f.tiny.activations, T - 1, 1, logits);
        double m =
            logits[f.answers[pairs.items[i].clean]] - logits[f.answers[pairs.items[i].other]];
        ck_assert_double_eq_tol(effects[i].patched, m, 1e-5);
    }
    recall_free(recall);
    free(pairs.items);
    tiny_free(&f.tiny);
}
END_TEST

START_TEST(a_pair_without_a_third_is_left_out)
{
    Fixture f;
    fixture_new(&f, first_sparse());
    QuestionPairs pairs;
    ck_assert(question_pairs_new(&pairs, f.questions, 2, &error));
    ck_assert_int_eq(pairs.count, 2);
    ck_assert_int_eq(pairs.items[0].third, NO_QUESTION);
    Recall *recall = recall_new(&f.tiny.model, f.questions, 2, &error);
    Effect effects[2];
    effects_of(effects, recall, &pairs, ALL, AT_LAST, CONTROL_THIRD);
    EffectSummary summary = effects_summary(effects, 2);
    ck_assert(summary.pairs == 0 && isnan(summary.nie) && isnan(summary.first));
    recall_free(recall);
    free(pairs.items);
    tiny_free(&f.tiny);
}
END_TEST

// By hand: the differences are added up before they are divided.
START_TEST(effects_are_pooled)
{
    const Effect effects[] = { { 4, -4, 0, false }, // half of it
                               { 1, 0.5, -3, true },
                               { NAN, NAN, NAN, false } };
    EffectSummary summary = effects_summary(effects, 3);
    ck_assert_int_eq(summary.pairs, 2);
    ck_assert_double_eq_tol(summary.nie, (4 + 4) / 8.5, 1e-12);
    ck_assert(summary.flips == 0.5 && summary.first == 0.5);
}
END_TEST

START_TEST(a_dense_model_is_refused)
{
    Fixture f;
    fixture_new(&f, 0);
    ck_assert_ptr_null(recall_new(&f.tiny.model, f.questions, COUNT, &error));
    ck_assert_msg(strstr(error.text, "has no gates") != NULL, "%s", error.text);
    tiny_free(&f.tiny);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { effects_are_those_of_the_paper },
        { pairs_have_the_same_form_and_other_answers },
        { controls_are_what_they_say, variants - first, .first = first },
        { a_row_of_a_batch_is_a_pass_of_its_own, variants - first, .first = first },
        { a_pair_without_a_third_is_left_out },
        { effects_are_pooled },
        { a_dense_model_is_refused },
    };
    return run_tests("recall", tests, COUNT_OF(tests));
}
