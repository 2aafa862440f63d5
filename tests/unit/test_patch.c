// Patches: what each edit changes and what it leaves, alone, in order, and with other hooks.
#include "reference/check/checked_layer.h"
#include "reference/circuits/patch.h"
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

static TinyModel model_of(int variant, int B) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    return tiny_model(&config, B, 5);
}

static GatingRecord new_record(const Config *config) {
    GatingRecord record;
    Error error = { "" };
    ck_assert_msg(gating_record_new(&record, config, T, &error), "%s", error.text);
    return record;
}

// A pass with these edits, recorded after them.
static GatingRecord run(TinyModel *tiny, const GatingEdit *edits, int count) {
    GatingPatch patch = { edits, count };
    Error error = { "" };
    ck_assert_msg(gating_patch_valid(&patch, &tiny->model.config, &error), "%s", error.text);
    GatingRecord record = new_record(&tiny->model.config);
    HookList hooks = one_hook(gating_patch_hook, &patch);
    ck_assert(hooks_add(&hooks, gating_record_hook, &record));
    model_hooks(tiny->activations, &hooks);
    tiny_forward(tiny);
    model_hooks(tiny->activations, NULL);
    return record;
}

static bool edited(const GatingEdit *edit, int layer, int t, int channel) {
    return (edit->layer == ALL || edit->layer == layer) &&
           (edit->position == ALL || edit->position == t) &&
           (edit->channel == ALL || edit->channel == channel);
}

// Checks entry i of a token's channel: plain is without the edit.
typedef void Check(const GatingRecord *plain, const GatingRecord *record, const GatingEdit *edit,
                   size_t i, size_t from);

// What the second layer selects depends on an edit of the first: it is compared only where the edit
// is of the second layer alone.
static void check_edit(const GatingRecord *plain, const GatingRecord *record,
                       const GatingEdit *edit, Check *check) {
    int last = edit->layer == ALL ? 0 : edit->layer;
    for (int l = 0; l <= last; l++) {
        for (int t = 0; t < T; t++) {
            for (int c = 0; c < record->C; c++) {
                size_t entry = gating_record_entry(record, t, l, c);
                int source = edit->source_position == ALL ? t : edit->source_position;
                size_t from = gating_record_entry(record, source, l, c);
                for (size_t k = 0; k < (size_t)record->K; k++) {
                    if (edited(edit, l, t, c)) {
                        check(plain, record, edit, entry + k, from + k);
                    } else {
                        ck_assert_int_eq(record->index[entry + k], plain->index[entry + k]);
                        ck_assert(record->score[entry + k] == plain->score[entry + k]);
                    }
                }
            }
        }
    }
}

// One layer, position and channel, or all of them.
static const int places[][3] = { { 0, 2, 0 },       { 1, 2, 0 },   { 0, ALL, 0 },   { 1, 3, ALL },
                                 { ALL, ALL, ALL }, { ALL, 5, 0 }, { 1, ALL, ALL }, { 0, 0, ALL } };
enum { PLACES = sizeof places / sizeof places[0] };

static GatingEdit edit_at(int place, const GatingRecord *source, int source_position, float scale) {
    return (GatingEdit){ .layer = places[place][0],
                         .position = places[place][1],
                         .channel = places[place][2],
                         .source = source,
                         .source_position = source_position,
                         .scale = scale };
}

static void check_scaled(const GatingRecord *plain, const GatingRecord *record,
                         const GatingEdit *edit, size_t i, size_t from) {
    (void)from;
    ck_assert_int_eq(record->index[i], plain->index[i]);
    ck_assert(record->score[i] == edit->scale * plain->score[i]);
}

static void check_silent(const GatingRecord *plain, const GatingRecord *record,
                         const GatingEdit *edit, size_t i, size_t from) {
    (void)edit;
    (void)from;
    float silent = ffn_gating(&record->config, NULL, 1).silent;
    ck_assert_int_eq(record->index[i], plain->index[i]);
    ck_assert(record->score[i] == (plain->index[i] == NO_EXPERT ? 0.0f : silent));
}

static void check_replaced(const GatingRecord *plain, const GatingRecord *record,
                           const GatingEdit *edit, size_t i, size_t from) {
    (void)plain;
    ck_assert_int_eq(record->index[i], edit->source->index[from]);
    ck_assert(record->score[i] == edit->scale * edit->source->score[from]);
}

START_TEST(an_edit_changes_what_it_names_and_nothing_else)
{
    TinyModel tiny = model_of(_i, 1), other = model_of(_i, 1);
    GatingRecord plain = run(&tiny, NULL, 0);
    for (int t = 0; t < T; t++) other.inputs[t] = 1 + (other.inputs[t] + 4) % (V - 1);
    GatingRecord source = run(&other, NULL, 0);
    ck_assert(memcmp(plain.index, source.index, sizeof *plain.index * (size_t)plain.K * T) != 0);
    for (int place = 0; place < PLACES; place++) {
        GatingEdit edits[] = { edit_at(place, NULL, 0, -2.5f), edit_at(place, NULL, 0, 0.0f),
                               edit_at(place, &source, 4, 1.0f), edit_at(place, &source, 4, 0.5f),
                               edit_at(place, &source, ALL, 1.0f) };
        Check *const checks[] = { check_scaled, check_silent, check_replaced, check_replaced,
                                  check_replaced };
        for (int i = 0; i < 5; i++) {
            // Lists of other lengths may not all fit; a test below has those.
            bool fits = !tiny.model.config.ffn->ragged ||
                        tiny.model.config.routing == ROUTING_TOKEN || i < 2;
            if (!fits) continue;
            GatingRecord record = run(&tiny, &edits[i], 1);
            check_edit(&plain, &record, &edits[i], checks[i]);
            gating_record_free(&record);
        }
    }
    gating_record_free(&plain);
    gating_record_free(&source);
    tiny_free(&tiny);
    tiny_free(&other);
}
END_TEST

// Both layers silent: the model is what it is without feed-forward layers. Half of it is not.
START_TEST(silent_layers_add_nothing)
{
    TinyModel tiny = model_of(_i, 1);
    GatingEdit all = { .layer = ALL, .position = ALL, .channel = ALL };
    GatingRecord record = run(&tiny, &all, 1);
    for (int l = 0; l < tiny.model.config.L; l++) {
        const float *before = model_after_attention(tiny.activations, l),
                    *after = model_after_ffn(tiny.activations, l);
        for (int i = 0; i < T * tiny.model.config.D; i++) ck_assert(after[i] == before[i]);
    }
    gating_record_free(&record);
    all.position = 3;
    record = run(&tiny, &all, 1);
    const float *before = model_after_attention(tiny.activations, 0),
                *after = model_after_ffn(tiny.activations, 0);
    size_t D = (size_t)tiny.model.config.D;
    int changed = 0;
    for (int t = 0; t < T; t++) {
        size_t row = (size_t)t * D;
        bool same = memcmp(before + row, after + row, D * sizeof *before) == 0;
        ck_assert(t != 3 || same);
        changed += !same; // relu may shut all neurons of a token, and a moe may have none for it
    }
    ck_assert_int_ge(changed, 2);
    gating_record_free(&record);
    tiny_free(&tiny);
}
END_TEST

// The gradients of a silenced expert are 0, and none is NaN.
START_TEST(backward_goes_through_a_patch)
{
    TinyModel tiny = model_of(_i, 1);
    GatingEdit all = { .layer = ALL, .position = ALL, .channel = ALL };
    GatingPatch patch = { &all, 1 };
    HookList hooks = one_hook(gating_patch_hook, &patch);
    model_hooks(tiny.activations, &hooks);
    tiny_backward(&tiny);
    for (int i = 0; i < tiny.model.tensors.count; i++) {
        const Tensor *tensor = &tiny.model.tensors.items[i];
        const float *gradient = tiny.gradients + tensor->offset;
        bool experts = strstr(tensor->name, "experts.out") != NULL ||
                       strstr(tensor->name, "experts.down") != NULL;
        for (size_t j = 0; j < tensor->count; j++) {
            ck_assert_msg(!isnan(gradient[j]), "%s[%zu]", tensor->name, j);
            if (experts) ck_assert(gradient[j] == 0.0f);
        }
    }
    tiny_free(&tiny);
}
END_TEST

// In peer the others of the head take over the weight of one that is silenced.
START_TEST(a_silenced_expert_of_peer_leaves_its_weight_to_the_others)
{
    float score[] = { 1.0f, -INFINITY, 0.5f, -INFINITY, -INFINITY, 2.0f };
    int32_t index[] = { 0, 1, 0, 1, 0, 1 };
    Config config = config_default(ffn_find("peer"));
    config.D = 3, config.F = 4, config.C = 1, config.K = 2, config.Dk = 2, config.T = 3;
    Error error = { "" };
    FfnLayer layer;
    ck_assert_msg(checked_layer_new(&layer, &config, 1, 3, &error), "%s", error.text);
    ffn_layer_randomize(&layer, 3);
    ForcedGating forced = { .gating = { .N = 3, .C = 1, .K = 2, .score = score, .index = index } };
    HookList hooks = one_hook(gating_force_hook, &forced);
    ck_assert_msg(checked_forward(&layer, &hooks, &error), "%s", error.text);
    float alone[9];
    memcpy(alone, layer.y, sizeof alone);
    // The same experts twice in a head: each of two has half of the weight.
    index[1] = index[3] = 0;
    index[4] = 1;
    for (int i = 0; i < 6; i++) score[i] = 0.25f;
    ck_assert_msg(checked_forward(&layer, &hooks, &error), "%s", error.text);
    for (int i = 0; i < 9; i++) ck_assert_float_eq_tol(alone[i], layer.y[i], 1e-5f);
    ffn_layer_free(&layer);
}
END_TEST

START_TEST(edits_are_applied_in_order)
{
    TinyModel tiny = model_of(_i, 1);
    GatingRecord plain = run(&tiny, NULL, 0);
    GatingEdit twice[] = { { .layer = 0, .position = 2, .channel = 0, .scale = 2.0f },
                           { .layer = 0, .position = ALL, .channel = ALL, .scale = 4.0f } };
    GatingRecord record = run(&tiny, twice, 2);
    size_t entry = gating_record_entry(&record, 2, 0, 0),
           first = gating_record_entry(&record, 1, 0, 0);
    ck_assert(record.score[entry] == 8.0f * plain.score[entry]);
    ck_assert(record.score[first] == 4.0f * plain.score[first]);
    gating_record_free(&record);
    // Silence, then a replacement, and the other way round.
    GatingEdit replace = { .layer = 0,
                           .position = 2,
                           .channel = ALL,
                           .source = &plain,
                           .source_position = ALL,
                           .scale = 1.0f };
    GatingEdit silence = { .layer = 0, .position = 2, .channel = ALL, .scale = 0.0f };
    record = run(&tiny, (GatingEdit[]){ silence, replace }, 2);
    ck_assert(record.score[entry] == plain.score[entry]);
    gating_record_free(&record);
    record = run(&tiny, (GatingEdit[]){ replace, silence }, 2);
    ck_assert(record.score[entry] == ffn_gating(&record.config, NULL, 1).silent ||
              record.index[entry] == NO_EXPERT);
    gating_record_free(&record);
    gating_record_free(&plain);
    tiny_free(&tiny);
}
END_TEST

// Hooks see what the hooks before them left.
START_TEST(hooks_are_called_in_order)
{
    TinyModel tiny = model_of(_i, 1);
    GatingRecord plain = run(&tiny, NULL, 0), before = new_record(&tiny.model.config),
                 after = new_record(&tiny.model.config);
    GatingEdit edit = { .layer = 0, .position = ALL, .channel = ALL, .scale = 3.0f };
    GatingPatch patch = { &edit, 1 };
    HookList hooks = one_hook(gating_record_hook, &before);
    ck_assert(hooks_add(&hooks, gating_patch_hook, &patch));
    ck_assert(hooks_add(&hooks, gating_record_hook, &after));
    model_hooks(tiny.activations, &hooks);
    tiny_forward(&tiny);
    size_t count = (size_t)plain.C * (size_t)plain.K; // the first token's, layer 0
    ck_assert_mem_eq(before.score, plain.score, count * sizeof *plain.score);
    for (size_t i = 0; i < count; i++) ck_assert(after.score[i] == 3.0f * plain.score[i]);
    while (hooks.count < MAX_HOOKS) ck_assert(hooks_add(&hooks, gating_record_hook, &before));
    ck_assert(!hooks_add(&hooks, gating_record_hook, &before));
    ck_assert_int_eq(hooks.count, MAX_HOOKS);
    gating_record_free(&plain);
    gating_record_free(&before);
    gating_record_free(&after);
    tiny_free(&tiny);
}
END_TEST

// In a batch an edit is of that position of every row.
START_TEST(a_position_is_that_of_every_row_of_a_batch)
{
    TinyModel tiny = model_of(_i, 2);
    tiny_forward(&tiny);
    Gating gating = model_gating(tiny.activations, 0);
    size_t count = gating_entries(&gating);
    float *plain = malloc(count * sizeof *plain);
    ck_assert_ptr_nonnull(plain);
    memcpy(plain, gating.score, count * sizeof *plain);
    GatingEdit edit = { .layer = 0, .position = 4, .channel = ALL, .scale = 2.0f };
    GatingPatch patch = { &edit, 1 };
    HookList hooks = one_hook(gating_patch_hook, &patch);
    model_hooks(tiny.activations, &hooks);
    tiny_forward(&tiny);
    size_t i = 0;
    for (int row = 0; row < gating.N; row++) {
        size_t end = gating.start != NULL ? (size_t)gating.start[row + 1]
                                          : (size_t)(row + 1) * (size_t)(gating.C * gating.K);
        for (; i < end; i++) ck_assert(gating.score[i] == (row % T == 4 ? 2.0f : 1.0f) * plain[i]);
    }
    ck_assert_uint_eq(i, count);
    free(plain);
    tiny_free(&tiny);
}
END_TEST

// Of the entries of a token and channel only that of the neuron is scaled.
START_TEST(a_single_neuron_is_scaled)
{
    TinyModel tiny = model_of(_i, 1);
    GatingRecord plain = run(&tiny, NULL, 0);
    size_t entry = gating_record_entry(&plain, 3, 1, 0), count = (size_t)plain.K;
    GatingEdit edit = { .layer = 1, .position = 3, .channel = 0, .scale = 2.0f, .single = true };
    for (edit.index = 0; edit.index < plain.F; edit.index++) {
        GatingRecord record = run(&tiny, &edit, 1);
        for (size_t i = 0; i < gating_record_entry(&plain, T, 0, 0); i++) {
            bool scaled = i >= entry && i < entry + count && plain.index[i] == edit.index;
            ck_assert_int_eq(record.index[i], plain.index[i]);
            ck_assert(record.score[i] == (scaled ? 2.0f : 1.0f) * plain.score[i]);
        }
        gating_record_free(&record);
    }
    gating_record_free(&plain);
    tiny_free(&tiny);
}
END_TEST

// A batch of two rows, of which each has edits of its own.
START_TEST(each_row_has_its_own_patch)
{
    TinyModel tiny = model_of(_i, 2);
    tiny_forward(&tiny);
    Gating gating = model_gating(tiny.activations, 0);
    size_t count = gating_entries(&gating);
    float *plain = malloc(count * sizeof *plain);
    ck_assert_ptr_nonnull(plain);
    memcpy(plain, gating.score, count * sizeof *plain);
    GatingEdit second = { .layer = 0, .position = 1, .channel = ALL, .scale = 3.0f },
               first = { .layer = 0, .position = 4, .channel = ALL, .scale = 2.0f };
    GatingPatch patches[] = { { &first, 1 }, { &second, 1 } };
    HookList hooks = one_hook(gating_patch_rows_hook, patches);
    model_hooks(tiny.activations, &hooks);
    tiny_forward(&tiny);
    size_t i = 0;
    for (int row = 0; row < gating.N; row++) {
        size_t end = gating.start != NULL ? (size_t)gating.start[row + 1]
                                          : (size_t)(row + 1) * (size_t)(gating.C * gating.K);
        float scale = row == 4 ? 2.0f : row == T + 1 ? 3.0f : 1.0f;
        for (; i < end; i++) ck_assert(gating.score[i] == scale * plain[i]);
    }
    ck_assert_uint_eq(i, count);
    free(plain);
    tiny_free(&tiny);
}
END_TEST

// Every combination of the positions, layers and channels of a place, once.
START_TEST(a_place_is_patched)
{
    static const int layers[] = { 1, 0 }, channels[] = { 1 };
    static const PatchPlace places_of[] = {
        { .first = 2, .last = 3 },
        { .first = 2, .last = 3, .layers = layers, .layer_count = 1 },
        { .first = 4, .last = 4, .layers = layers, .layer_count = 2 },
        { .first = 0, .last = 5, .channels = channels, .channel_count = 1 },
        { 1, 2, layers, channels, 2, 1 },
    };
    TinyModel tiny = model_of(layer_variants() - 1, 1);
    GatingRecord plain = run(&tiny, NULL, 0), source = run(&tiny, NULL, 0);
    for (size_t i = 0; i < gating_record_entry(&source, T, 0, 0); i++) source.score[i] = 7.0f;
    Error error = { "" };
    for (int i = 0; i < COUNT_OF(places_of); i++) {
        const PatchPlace *place = &places_of[i];
        GatingPatch patch;
        ck_assert(gating_patch_new(&patch, place, &source, &error));
        GatingRecord record = run(&tiny, patch.edits, patch.count);
        for (int t = 0; t < T; t++) {
            for (int row = 0; row < plain.L * plain.C; row++) {
                int layer = row / plain.C, channel = row % plain.C;
                bool at = t >= place->first && t <= place->last;
                if (place->layer_count == 1) at = at && layer == 1;
                if (place->channel_count == 1) at = at && channel == 1;
                bool patched = record.score[gating_record_entry(&record, t, layer, channel)] == 7;
                ck_assert_int_eq(patched, at);
            }
        }
        gating_record_free(&record);
        gating_patch_free(&patch);
    }
    gating_record_free(&plain);
    gating_record_free(&source);
    tiny_free(&tiny);
}
END_TEST

// ---- lists of other lengths

static Gating ragged(float *score, int32_t *index, int32_t *start, size_t capacity) {
    return (Gating){ .N = 3,
                     .C = 1,
                     .K = 2,
                     .F = 4,
                     .score = score,
                     .index = index,
                     .start = start,
                     .capacity = capacity };
}

START_TEST(a_list_is_replaced_by_one_of_another_length)
{
    int32_t source_index[] = { 3,
                               1,
                               0,
                               NO_EXPERT,
                               /**/ 2,
                               NO_EXPERT,
                               NO_EXPERT,
                               NO_EXPERT,
                               /**/ NO_EXPERT,
                               NO_EXPERT,
                               NO_EXPERT,
                               NO_EXPERT };
    float source_score[] = { 9, 8, 7, 0, /**/ 6, 0, 0, 0, /**/ 0, 0, 0, 0 };
    GatingRecord source = { .T = 3,
                            .L = 1,
                            .C = 1,
                            .K = 4,
                            .F = 4,
                            .ragged = true,
                            .index = source_index,
                            .score = source_score };
    static const struct {
        int position, from;
        size_t capacity;
        int start[4], index[8];
    } cases[] = {
        { 1, 0, 8, { 0, 2, 5, 6 }, { 0, 1, 3, 1, 0, 2 } }, // longer
        { 0, 1, 8, { 0, 1, 3, 4 }, { 2, 2, 3, 2 } },       // shorter
        { 2, 2, 8, { 0, 2, 4, 4 }, { 0, 1, 2, 3 } },       // none
        { 2, 0, 8, { 0, 2, 4, 7 }, { 0, 1, 2, 3, 3, 1, 0 } },
        { 2, 0, 6, { 0, 2, 4, 6 }, { 0, 1, 2, 3, 3, 1 } }, // as many as there is space for
        { 0, 0, 5, { 0, 2, 4, 5 }, { 3, 1, 2, 3, 2 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float score[9] = { 10, 11, 12, 13, 14, 0, 0, 0, -1 };
        int32_t index[9] = { 0, 1, 2, 3, 2, 0, 0, 0, -5 }, start[4] = { 0, 2, 4, 5 };
        Gating gating = ragged(score, index, start, cases[i].capacity);
        GatingEdit edit = { .layer = 0,
                            .position = cases[i].position,
                            .channel = ALL,
                            .source = &source,
                            .source_position = cases[i].from,
                            .scale = 1.0f };
        GatingPatch patch = { &edit, 1 };
        GatingEvent event = { .gating = &gating, .T = 3, .fresh = 3 };
        gating_patch_hook(&patch, &event);
        ck_assert_mem_eq(start, cases[i].start, sizeof start);
        ck_assert_mem_eq(index, cases[i].index, (size_t)start[3] * sizeof *index);
        for (int t = 0; t < 3; t++) {
            for (int e = start[t]; e < start[t + 1]; e++) {
                float expected = t == edit.position ? 9.0f - (float)(e - start[t]) : 0.0f;
                if (t == edit.position && edit.source_position == 1) expected = 6.0f;
                if (t != edit.position) expected = t == 2 ? 14.0f : 10.0f + (float)index[e];
                ck_assert(score[e] == expected);
            }
        }
        for (size_t e = cases[i].capacity; e < 9; e++)
            ck_assert(index[e] == (e == 8 ? -5 : e == 5 || e > 5 ? 0 : 2));
    }
}
END_TEST

// A recording that lacks an entry of a layer that has K everywhere: it is silent.
START_TEST(an_entry_that_the_source_lacks_is_silent)
{
    for (int peer = 0; peer < 2; peer++) {
        int32_t source_index[] = { 5, NO_EXPERT }, index[] = { 1, 2 };
        float source_score[] = { 3, 0 }, score[] = { 7, 8 };
        GatingRecord source = { .T = 1,
                                .L = 1,
                                .C = 1,
                                .K = 2,
                                .F = 9,
                                .first = 4,
                                .index = source_index,
                                .score = source_score };
        Gating gating = { .N = 1, .C = 1, .K = 2, .F = 9, .score = score, .index = index };
        gating.silent = peer ? -INFINITY : 0.0f;
        GatingEdit edit = { .layer = 0,
                            .position = ALL,
                            .channel = ALL,
                            .source = &source,
                            .source_position = ALL,
                            .scale = 1.0f };
        GatingPatch patch = { &edit, 1 };
        GatingEvent event = { .gating = &gating, .T = 1, .position = 3, .fresh = 1 };
        gating_patch_hook(&patch, &event); // the source has no position 3
        ck_assert(score[0] == 7 && score[1] == 8 && index[0] == 1 && index[1] == 2);
        event.position = 4;
        gating_patch_hook(&patch, &event);
        ck_assert(score[0] == 3 && score[1] == gating.silent && index[0] == 5);
    }
}
END_TEST

// ---- edits that are not of the model

START_TEST(an_invalid_edit_is_named)
{
    Config kind = config_default(ffn_find("sgatlin")), config = tiny_config(&kind, V, T);
    Config larger = config;
    larger.F = 16;
    GatingRecord source = new_record(&config), foreign = new_record(&larger);
    source.first = 1;
    const struct {
        GatingEdit edit;
        const char *message;
    } cases[] = {
        { { 2, 0, 0, NULL, 0, 1 }, "layer 2" },
        { { -2, 0, 0, NULL, 0, 1 }, "layer -2" },
        { { 0, -2, 0, NULL, 0, 1 }, "position -2" },
        { { 0, 0, 2, NULL, 0, 1 }, "channel 2" },
        { { 0, 0, -3, NULL, 0, 1 }, "channel -3" },
        { { 0, 0, 0, &foreign, 0, 1 }, "F=16" },
        { { 0, 0, 0, &source, 0, 1 }, "positions 1 to 6" },
        { { 0, 0, 0, &source, T + 1, 1 }, "positions 1 to 6" },
        { { 0, 0, 0, NULL, 0, 1, .single = true, .index = 9 }, "neurons 0 to 8" },
        { { 0, 0, 0, NULL, 0, 1, .single = true, .index = -1 }, "neuron -1" },
    };
    GatingEdit fine = { ALL, ALL, ALL, &source, ALL, 1 };
    Error error;
    ck_assert(gating_patch_valid(&(GatingPatch){ &fine, 1 }, &config, &error));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        GatingEdit edits[] = { fine, cases[i].edit };
        ck_assert(!gating_patch_valid(&(GatingPatch){ edits, 2 }, &config, &error));
        ck_assert_msg(strstr(error.text, "edit 1") != NULL, "%s", error.text);
        ck_assert_msg(strstr(error.text, cases[i].message) != NULL, "%s", error.text);
    }
    Config dense = config_default(ffn_find("glu"));
    ck_assert(!gating_patch_valid(&(GatingPatch){ &fine, 1 }, &dense, &error));
    gating_record_free(&source);
    gating_record_free(&foreign);
}
END_TEST

START_TEST(a_forced_gating_of_other_sizes_is_not_used)
{
    float score[4] = { 1, 2, 3, 4 }, own[4] = { 5, 6, 7, 8 };
    int32_t index[4] = { 0, 1, 2, 3 }, own_index[4] = { 3, 2, 1, 0 }, start[3] = { 0, 2, 4 };
    Gating gating = { .N = 2, .C = 1, .K = 2, .score = own, .index = own_index };
    GatingEvent event = { .gating = &gating, .T = 2, .fresh = 2 };
    const Gating others[] = { { .N = 1, .C = 1, .K = 2 },
                              { .N = 2, .C = 2, .K = 2 },
                              { .N = 2, .C = 1, .K = 1 },
                              { .N = 2, .C = 1, .K = 2, .start = start } };
    for (int i = 0; i < 4; i++) {
        ForcedGating forced = { .gating = others[i] };
        forced.gating.score = score;
        forced.gating.index = index;
        gating_force_hook(&forced, &event);
        ck_assert(forced.calls == 1 && forced.mismatches == 1);
        ck_assert(own[0] == 5 && own[3] == 8);
    }
    ForcedGating forced = { .gating = { .N = 2, .C = 1, .K = 2, .score = score, .index = index } };
    gating_force_hook(&forced, &event);
    ck_assert(forced.calls == 1 && forced.mismatches == 0);
    ck_assert_mem_eq(own, score, sizeof own);
    ck_assert_mem_eq(own_index, index, sizeof own_index);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { an_edit_changes_what_it_names_and_nothing_else, variants - first, .first = first },
        { silent_layers_add_nothing, variants - first, .first = first },
        { backward_goes_through_a_patch, variants - first, .first = first },
        { edits_are_applied_in_order, variants - first, .first = first },
        { hooks_are_called_in_order, variants - first, .first = first },
        { a_position_is_that_of_every_row_of_a_batch, variants - first, .first = first },
        { a_single_neuron_is_scaled, variants - first, .first = first },
        { a_place_is_patched },
        { each_row_has_its_own_patch, variants - first, .first = first },
        { a_silenced_expert_of_peer_leaves_its_weight_to_the_others },
        { a_list_is_replaced_by_one_of_another_length },
        { an_entry_that_the_source_lacks_is_silent },
        { an_invalid_edit_is_named },
        { a_forced_gating_of_other_sizes_is_not_used },
    };
    return run_tests("patch", tests, COUNT_OF(tests));
}
