// The toy language's pairs, and what patching, its controls, carriers and edits do to a trained
// model.
#include "chapters/10_patching/carriers.h"
#include "chapters/10_patching/toy_edit.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_NEURONS = 256 };

static LanguageModel model;
static ToyRuns runs;
static bool layer[MOST_NEURONS]; // all neurons of the first

static void setup(void) {
    ck_assert(toy_model_new(&model, FEED_FORWARD_SGATLIN, 1));
    toy_model_train(&model, 1, NULL);
    ck_assert(toy_runs_new(&runs, &model));
    mask_layer(layer, 0, &model.sizes);
}

static void teardown(void) {
    toy_runs_free(&runs);
    language_model_free(&model);
}

// ---- pairs

static int different_words(const ToyPair *pair, int a, int b) {
    int different = 0;
    for (int t = 0; t < pair->T; t++) different += pair->inputs[a][t] != pair->inputs[b][t];
    return different;
}

START_TEST(pairs_differ_in_one_word)
{
    ToyQuestion question = (ToyQuestion)_i;
    int changed = question == ASK_THING_COLOR ? TOY_AT_COLOR : TOY_AT_NAME;
    ck_assert_int_eq(toy_pairs(question), question == ASK_PRONOUN ? 256 : 448);
    for (int i = 0; i < toy_pairs(question); i++) {
        ToyPair pair = toy_pair_number(question, i);
        for (int a = CLEAN; a < TOY_PROMPTS; a++) {
            for (int b = a + 1; b < TOY_PROMPTS; b++) {
                ck_assert_int_eq(different_words(&pair, a, b), 1);
                ck_assert_int_ne(pair.inputs[a][changed], pair.inputs[b][changed]);
            }
        }
        ck_assert_int_ne(pair.answer[CLEAN], pair.answer[OTHER]);
        // of a pronoun there is no third
        ck_assert_int_eq(pair.answer[CLEAN] == pair.answer[THIRD], question == ASK_PRONOUN);
        ck_assert_int_ne(pair.answer[OTHER], pair.answer[THIRD]);
        for (int j = 0; j < i; j++) {
            ToyPair earlier = toy_pair_number(question, j);
            ck_assert(memcmp(earlier.inputs, pair.inputs, 2 * sizeof pair.inputs[0]) != 0);
        }
    }
}
END_TEST

START_TEST(answers_are_the_facts)
{
    ToyPair pair = toy_pair(ASK_THING_NAME, 4, 1, 2, 0);
    static const char *const words[] = { "<end>", "leo", "has", "a", "blue" };
    ck_assert_int_eq(pair.T, COUNT_OF(words));
    for (int t = 0; t < pair.T; t++) ck_assert_str_eq(toy_words[pair.inputs[OTHER][t]], words[t]);
    ck_assert_str_eq(toy_words[pair.answer[CLEAN]], "hat");
    ck_assert_str_eq(toy_words[pair.answer[OTHER]], "ball");
    ck_assert_str_eq(toy_words[pair.answer[THIRD]], "book");
    pair = toy_pair(ASK_PRONOUN, 4, 1, 2, 5);
    ck_assert_int_eq(pair.T, 7);
    ck_assert_str_eq(toy_words[pair.inputs[OTHER][5]], "hat"); // mia's, although leo has a ball
    ck_assert_str_eq(toy_words[pair.answer[CLEAN]], "she");
    ck_assert_str_eq(toy_words[pair.answer[OTHER]], "he");
    ck_assert_str_eq(toy_words[pair.answer[THIRD]], "she");
}
END_TEST

// ---- the trained model

START_TEST(random_neurons_are_different_ones)
{
    int pairs_with_others = 0, K = model.sizes.K, first[64] = { 0 },
        entries = model.sizes.L * model.sizes.C * K;
    size_t bytes = (size_t)entries * sizeof *first;
    ck_assert_int_le(entries, COUNT_OF(first));
    for (int i = 0; i < 20; i++) {
        ToyPair pair = toy_pair_number(ASK_THING_NAME, i);
        toy_runs_take(&runs, &pair);
        const Snapshot *random = toy_source(&runs, SOURCE_RANDOM, TOY_AT_COLOR);
        const Snapshot *other = &runs.at[OTHER][TOY_AT_COLOR];
        ck_assert_mem_eq(random->score, other->score, (size_t)entries * sizeof *other->score);
        for (int a = 0; a < entries; a++) {
            ck_assert(random->index[a] >= 0 && random->index[a] < model.sizes.F);
            for (int b = a / K * K; b < a; b++) ck_assert(random->index[a] != random->index[b]);
        }
        pairs_with_others += memcmp(first, random->index, bytes) != 0;
        memcpy(first, random->index, bytes);
    }
    ck_assert_int_eq(pairs_with_others, 20);
}
END_TEST

static EffectSums recall(ToyQuestion question, ToySource source, int position) {
    ToyRow row = { source, { .position = position, .neurons = layer }, { 0 } };
    toy_recall(&row, 1, &runs, question);
    return row.sums;
}

// NIE and flips hardly tell the patch from breaking; the other's word first does.
START_TEST(controls)
{
    EffectSums patch = recall(ASK_THING_NAME, SOURCE_OTHER, TOY_AT_COLOR),
               own = recall(ASK_THING_NAME, SOURCE_OWN, TOY_AT_COLOR),
               silence = recall(ASK_THING_NAME, SOURCE_SILENCE, TOY_AT_COLOR),
               random = recall(ASK_THING_NAME, SOURCE_RANDOM, TOY_AT_COLOR),
               name = recall(ASK_THING_NAME, SOURCE_OTHER, TOY_AT_NAME);
    ck_assert(own.moved == 0.0 && own.flips == 0 && own.firsts == 0);
    ck_assert_double_gt(mean_effect(&patch), 0.5);
    ck_assert_double_gt(mean_effect(&silence), 0.3);
    ck_assert_int_gt(patch.firsts, 3 * silence.firsts);
    ck_assert_int_gt(patch.firsts, 3 * random.firsts);
    ck_assert_double_lt(mean_effect(&name), 0.1);
}
END_TEST

// The set suffices, and without any one of its neurons it does not.
START_TEST(carriers_are_enough_and_needed)
{
    int found = 0;
    for (int i = 0; i < 60; i++) {
        ToyPair pair = toy_pair_number(ASK_THING_COLOR, i);
        bool set[MOST_NEURONS];
        Differences m;
        toy_runs_take(&runs, &pair);
        Patch patch = { .position = TOY_AT_COLOR,
                        .source = &runs.at[OTHER][TOY_AT_COLOR],
                        .neurons = layer };
        int count =
            carrying_neurons(set, &model, pair.inputs[CLEAN], pair.T, &patch, pair.answer[OTHER]);
        bool whole = toy_patch(&m, NULL, &runs, SOURCE_OTHER, &patch) == pair.answer[OTHER];
        ck_assert_int_eq(count > 0, whole);
        if (count == 0) continue;
        found++;
        patch.neurons = set;
        ck_assert_int_eq(toy_patch(&m, NULL, &runs, SOURCE_OTHER, &patch), pair.answer[OTHER]);
        for (int n = 0; n < MOST_NEURONS; n++) {
            if (!set[n]) continue;
            set[n] = false;
            ck_assert_int_ne(toy_patch(&m, NULL, &runs, SOURCE_OTHER, &patch), pair.answer[OTHER]);
            set[n] = true;
        }
    }
    ck_assert_int_gt(found, 10);
}
END_TEST

// In the last layer an edit always succeeds: after it the residual stream is the other's.
START_TEST(an_edit_of_the_last_layer_succeeds)
{
    ToyExam before, again;
    ToyPair pair = toy_pair(ASK_THING_NAME, 4, 1, 2, 0);
    toy_examine(&before, &model);
    ck_assert_int_gt(before.facts, 60);
    double *parameters = malloc(model.list.doubles * sizeof *parameters), sum = 0.0;
    ck_assert_ptr_nonnull(parameters);
    memcpy(parameters, model.parameters, model.list.doubles * sizeof *parameters);
    for (int i = 0; i < TOY_SENTENCES; i++) sum += before.loss[i];
    ck_assert_double_eq_tol(sum / (TOY_SENTENCES * TOY_T), toy_model_loss(&model), 1e-12);
    toy_runs_take(&runs, &pair);
    ToyEdit edit = toy_edit(&runs, &before, model.sizes.L - 1, 4);
    ck_assert(edit.succeeded);
    toy_examine(&again, &model);
    ck_assert(!again.known[4][1] || pair.answer[CLEAN] == pair.answer[OTHER]);
    ck_assert_int_eq(before.facts - again.facts - 1, edit.facts_lost);
    memcpy(model.parameters, parameters, model.list.doubles * sizeof *parameters);
    free(parameters);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { pairs_differ_in_one_word, TOY_QUESTIONS }, { answers_are_the_facts },
        { random_neurons_are_different_ones },       { controls },
        { carriers_are_enough_and_needed },          { an_edit_of_the_last_layer_succeeds },
    };
    return run_tests_with(&(TestFixture){ setup, teardown, true }, "10 facts of the toy language",
                          tests, COUNT_OF(tests));
}
