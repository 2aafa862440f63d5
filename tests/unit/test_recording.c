// Recordings of gatings: what the hook stores, the predictions, circuits.
#include "reference/circuits/circuits.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/story_recorder.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 11, T = 6 };

// The dense kinds come first.
static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

static TinyModel model_of(int variant) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    return tiny_model(&config, 1, 5);
}

static GatingRecord new_record(const Config *config, int tokens) {
    GatingRecord record;
    Error error = { "" };
    ck_assert_msg(gating_record_new(&record, config, tokens, &error), "%s", error.text);
    return record;
}

static void record_pass(GatingRecord *record, TinyModel *tiny) {
    HookList hooks = one_hook(gating_record_hook, record);
    model_hooks(tiny->activations, &hooks);
    tiny_forward(tiny);
}

static GatingRecord recorded(int variant) {
    TinyModel tiny = model_of(variant);
    GatingRecord record = new_record(&tiny.model.config, T);
    record_pass(&record, &tiny);
    tiny_free(&tiny);
    return record;
}

// ---- the hook

// The record's entries of a token are the gating's, and NO_EXPERT after them.
static void check_token(const GatingRecord *record, int t, int layer, const Gating *gating,
                        int row) {
    size_t size = (size_t)record->C * (size_t)record->K, count = size, first = (size_t)row * size;
    if (gating->start != NULL) {
        first = (size_t)gating->start[row];
        count = (size_t)gating->start[row + 1] - first;
    }
    size_t entry = gating_record_entry(record, t, layer, 0);
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(record->index[entry + i],
                         i < count ? gating->index[first + i] : NO_EXPERT);
        ck_assert(record->score[entry + i] == (i < count ? gating->score[first + i] : 0.0f));
    }
}

static void check_record(const GatingRecord *record, const TinyModel *tiny) {
    for (int t = 0; t < record->T && record->first + t < T; t++) {
        int row = record->first + t;
        ck_assert_int_eq(record->tokens[t], tiny->inputs[row]);
        for (int l = 0; l < record->L; l++) {
            Gating gating = model_gating(tiny->activations, l);
            check_token(record, t, l, &gating, row);
        }
    }
}

START_TEST(the_hook_records_what_was_selected)
{
    TinyModel tiny = model_of(_i);
    const Config *config = &tiny.model.config;
    Gating shape = ffn_gating(config, NULL, 1);
    // All; the text after TOKEN_END; a part; more than there is.
    static const int firsts[] = { 0, 1, 2, 3 }, counts[] = { T, T - 1, 2, T };
    for (int i = 0; i < 4; i++) {
        GatingRecord record = new_record(config, counts[i]);
        ck_assert(record.L == 2 && record.C == shape.C && record.F == shape.F);
        ck_assert_int_eq(record.K, config->ffn->ragged ? config->E : config->K);
        record.first = firsts[i];
        record_pass(&record, &tiny);
        check_record(&record, &tiny);
        for (int t = T - record.first; t < record.T; t++)
            ck_assert_int_eq(record.index[gating_record_entry(&record, t, 0, 0)], NO_EXPERT);
        gating_record_free(&record);
    }
    tiny_free(&tiny);
}
END_TEST

START_TEST(a_dense_model_has_nothing_to_record)
{
    Config config = config_default(ffn_find("mlp"));
    GatingRecord record;
    Error error = { "" };
    ck_assert(!gating_record_new(&record, &config, 1, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "ffn=mlp"));
}
END_TEST

// ---- stories

// The recorder's pass is the decoder's input: TOKEN_END, then the story.
START_TEST(a_story_is_recorded_after_the_end_of_another)
{
    TinyModel tiny = model_of(_i);
    StoryRecorder recorder;
    Error error = { "" };
    ck_assert_msg(story_recorder_new(&recorder, &tiny.model, T - 1, &error), "%s", error.text);
    for (int count = T - 1; count >= 1; count -= 2) {
        ck_assert(story_recorder_run(&recorder, tiny.inputs + 1, count, &error));
        GatingRecord expected = new_record(&tiny.model.config, count);
        expected.first = 1;
        HookList hooks = one_hook(gating_record_hook, &expected);
        model_hooks(tiny.activations, &hooks);
        model_forward(&tiny.model, tiny.activations, tiny.inputs, 1, count + 1);
        size_t entries = gating_record_entry(&expected, count, 0, 0);
        ck_assert_int_eq(recorder.record.T, count);
        ck_assert_mem_eq(recorder.record.tokens, expected.tokens,
                         (size_t)count * sizeof *expected.tokens);
        ck_assert_mem_eq(recorder.record.index, expected.index, entries * sizeof *expected.index);
        ck_assert_mem_eq(recorder.record.score, expected.score, entries * sizeof *expected.score);
        gating_record_free(&expected);
    }
    story_recorder_free(&recorder);
    tiny_free(&tiny);
}
END_TEST

// The rank of a token among the logits of its row: how many are before it.
static int rank_of(const float *logits, int token) {
    int rank = 0;
    for (int v = TOKEN_PAD + 1; v < V; v++)
        rank += logits[v] > logits[token] || (logits[v] == logits[token] && v < token);
    return rank;
}

START_TEST(predictions_are_the_most_likely_tokens)
{
    TinyModel tiny = model_of(first_sparse());
    StoryRecorder recorder;
    Error error = { "" };
    ck_assert_msg(story_recorder_new(&recorder, &tiny.model, T - 1, &error), "%s", error.text);
    ck_assert(story_recorder_run(&recorder, tiny.inputs + 1, T - 1, &error));
    tiny_forward(&tiny);
    float *logits = tiny_logits(&tiny);
    ck_assert_int_eq(recorder.P, RECORDED_PREDICTIONS);
    for (int t = 0; t < T - 1; t++) {
        const float *row = logits + (t + 1) * V;
        double sum = 0;
        for (int v = 0; v < V; v++) sum += exp((double)row[v]);
        for (int p = 0; p < recorder.P; p++) {
            int token = recorder.predictions[t * recorder.P + p];
            ck_assert_int_eq(rank_of(row, token), p);
            ck_assert_double_eq_tol(recorder.probabilities[t * recorder.P + p],
                                    exp((double)row[token]) / sum, 1e-6);
        }
    }
    tiny.model.parameters[0] = NAN;
    ck_assert(!story_recorder_run(&recorder, tiny.inputs, T - 1, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "NaN"));
    free(logits);
    story_recorder_free(&recorder);
    tiny_free(&tiny);
}
END_TEST

START_TEST(a_vocabulary_of_four_has_three_predictions)
{
    Config kind = config_default(ffn_find("sgatlin")), config = tiny_config(&kind, 4, T);
    TinyModel tiny = tiny_model(&config, 1, 5);
    StoryRecorder recorder;
    Error error = { "" };
    ck_assert_msg(story_recorder_new(&recorder, &tiny.model, T - 1, &error), "%s", error.text);
    ck_assert_int_eq(recorder.P, 3);
    ck_assert(story_recorder_run(&recorder, tiny.inputs, T - 1, &error));
    bool seen[4] = { true }; // but for TOKEN_PAD
    for (int p = 0; p < 3; p++) seen[recorder.predictions[p]] = true;
    ck_assert(seen[1] && seen[2] && seen[3]);
    story_recorder_free(&recorder);
    tiny_free(&tiny);
}
END_TEST

// ---- circuits

START_TEST(circuits_are_a_channels_entries)
{
    GatingRecord record = recorded(_i);
    Error error = { "" };
    Circuits one, all;
    for (int l = 0; l < record.L; l++) {
        ck_assert(circuits_new(&all, &record, l, ALL, &error));
        ck_assert(all.N == T && all.K == record.C * record.K && all.F == record.C * record.F);
        for (int c = 0; c < record.C; c++) {
            ck_assert(circuits_new(&one, &record, l, c, &error));
            ck_assert(one.N == T && one.K == record.K && one.F == record.F);
            for (int i = 0; i < T * record.K; i++) {
                int t = i / record.K, k = i % record.K;
                size_t entry = gating_record_entry(&record, t, l, c) + (size_t)k;
                int together = t * all.K + c * record.K + k, index = record.index[entry];
                ck_assert_int_eq(one.index[i], index);
                ck_assert_int_eq(all.index[together],
                                 index == NO_EXPERT ? NO_EXPERT : c * record.F + index);
                ck_assert(one.score[i] == record.score[entry]);
                ck_assert(all.score[together] == record.score[entry]);
            }
            circuits_free(&one);
        }
        circuits_free(&all);
    }
    ck_assert(!circuits_new(&one, &record, record.L, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "layers are 0 to 1"));
    ck_assert(!circuits_new(&one, &record, 0, record.C, &error));
    ck_assert(!circuits_new(&one, &record, -1, 0, &error));
    ck_assert(one.index == NULL);
    gating_record_free(&record);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { the_hook_records_what_was_selected, variants - first, .first = first },
        { a_dense_model_has_nothing_to_record },
        { a_story_is_recorded_after_the_end_of_another, variants - first, .first = first },
        { predictions_are_the_most_likely_tokens },
        { a_vocabulary_of_four_has_three_predictions },
        { circuits_are_a_channels_entries, variants - first, .first = first },
    };
    return run_tests("recording", tests, COUNT_OF(tests));
}
