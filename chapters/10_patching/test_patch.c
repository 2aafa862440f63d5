// Patches, terms and edits of small random models: every router and activation, and the mlp.
// What is computed twice, in another order, agrees to 4e-16.
#include "chapters/10_patching/edit.h"
#include "chapters/10_patching/logit_terms.h"
#include "chapters/10_patching/patch.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <stdlib.h>
#include <string.h>

enum { V = 13, T = 5, D = 6, L = 2, Dh = 2, H = D / Dh, F = 9, C = 2, K = 2, AT = 2 };
enum { MOST_NEURONS = L * C * F, MOST_TERMS = 1 + L * (H + F) };
static const int clean_inputs[T] = { 1, 4, 7, 2, 9 }, other_inputs[T] = { 1, 5, 3, 2, 8 };

typedef struct {
    FeedForwardKind kind;
    SgatlinRouter router;
    SgatlinActivation activation;
} Variant;
static const Variant variants[] = {
    { FEED_FORWARD_SGATLIN, PRODUCT_DENSE, IDENTITY },
    { FEED_FORWARD_SGATLIN, DENSE, RELU },
    { FEED_FORWARD_SGATLIN, KEY_VALUE, SWISH },
    { FEED_FORWARD_SGATLIN, PRODUCT_KEY_VALUE, GELU },
    { FEED_FORWARD_MLP, PRODUCT_DENSE, IDENTITY },
};
enum { VARIANTS = COUNT_OF(variants) };

static const bool all_heads[L * H] = { true, true, true, true, true, true };
static LanguageModel model;
static Snapshot own, other, source;
static bool all[MOST_NEURONS], first_layer[MOST_NEURONS], last_layer[MOST_NEURONS];

// The model of a variant, and what both prompts leave at position AT. The clean one ran last.
static void open_model(int variant) {
    const Variant *v = &variants[variant];
    ModelSizes sizes = { .ffn = v->kind,
                         .V = V,
                         .T = T,
                         .D = D,
                         .L = L,
                         .Dh = Dh,
                         .F = F,
                         .C = C,
                         .K = K,
                         .Dk = 3,
                         .router = v->router,
                         .activation = v->activation };
    ck_assert(language_model_new(&model, &sizes));
    for (int i = 0; i < model.list.count; i++) {
        const Parameter *p = &model.list.items[i];
        double deviation = p->deviation > 0.0 ? p->deviation : 0.3;
        for (size_t j = 0; j < p->count; j++)
            model.parameters[p->offset + j] =
                p->mean + deviation * random_normal(random_key(3, p->name), j);
    }
    ck_assert(snapshot_new(&own, &sizes) && snapshot_new(&other, &sizes) &&
              snapshot_new(&source, &sizes));
    memset(all, 0, sizeof all);
    memset(first_layer, 0, sizeof first_layer);
    memset(last_layer, 0, sizeof last_layer);
    for (int l = 0; l < L; l++) mask_layer(all, l, &sizes);
    mask_layer(first_layer, 0, &sizes);
    mask_layer(last_layer, L - 1, &sizes);
    language_model_forward(&model, other_inputs, T);
    snapshot_take(&other, &model, AT);
    language_model_forward(&model, clean_inputs, T);
    snapshot_take(&own, &model, AT);
    snapshot_copy(&source, &own, &sizes);
}

static void close_model(void) {
    snapshot_free(&own);
    snapshot_free(&other);
    snapshot_free(&source);
    language_model_free(&model);
}

static void patch_with(const Snapshot *from, const bool *neurons, bool values, const bool *heads) {
    const Patch patch = { AT, from, neurons, values, heads };
    patched_forward(&model, clean_inputs, T, &patch);
}

// The row of position AT after layer l.
static const double *after(int l) {
    return (l + 1 < L ? model.layers[l + 1].residual : model.residual) + AT * D;
}
static const double *before_ffn(int l) { return model.layers[l].residual_mid + AT * D; }

// What the neurons of layer l add at AT.
static void added(double y[D], int l) {
    for (int d = 0; d < D; d++) y[d] = after(l)[d] - before_ffn(l)[d];
}

// ---- patches

START_TEST(its_own_changes_no_bit)
{
    double logits[T * V];
    open_model(_i);
    memcpy(logits, model.logits, sizeof logits);
    for (int values = 0; values < 2; values++) {
        patch_with(&own, all, values == 1, all_heads);
        ck_assert_mem_eq(model.logits, logits, sizeof logits);
    }
    patch_with(&other, all, false, NULL);
    ck_assert_mem_ne(model.logits, logits, sizeof logits);
    ck_assert(model.hook.call == NULL);
    close_model();
}
END_TEST

// Earlier positions do not see it, bit for bit; the position and later ones do.
START_TEST(only_this_position_and_later_ones_change)
{
    double logits[T * V];
    open_model(_i);
    memcpy(logits, model.logits, sizeof logits);
    patch_with(&other, first_layer, false, NULL);
    for (int t = 0; t < T; t++) {
        bool same = memcmp(model.logits + t * V, logits + t * V, V * sizeof *logits) == 0;
        ck_assert_int_eq(same, t < AT);
    }
    close_model();
}
END_TEST

START_TEST(a_silent_layer_adds_nothing)
{
    open_model(_i);
    snapshot_silence(&source, &model.sizes);
    patch_with(&source, last_layer, false, NULL);
    for (int d = 0; d < D; d++) ck_assert_double_eq(after(L - 1)[d], before_ffn(L - 1)[d]);
    close_model();
}
END_TEST

// Chapter 06: step three alone, with the other's gating and this pass's input.
START_TEST(it_is_the_layer_with_the_others_gating)
{
    double y[D], expected[D], doubles[64];
    int index[C * K];
    open_model(_i);
    patch_with(&other, first_layer, false, NULL);
    added(y, 0);
    Sgatlin s = sgatlin_of(&model.sizes);
    ck_assert_uint_le(sgatlin_token_doubles(&s), COUNT_OF(doubles));
    SgatlinToken token = sgatlin_token(doubles, index, &s);
    memcpy(token.score, other.score, C * K * sizeof *token.score);
    memcpy(token.index, other.index, C * K * sizeof *token.index);
    sgatlin_experts(expected, &token, model.layers[0].normed_mid + AT * D,
                    &model.w.layers[0].ffn.sgatlin, &s);
    expect_within("y", y, expected, D, (Tolerance){ .absolute = 1e-14 });
    close_model();
}
END_TEST

// With values (or a hidden layer) and heads copied, both sublayers say what they said in the other
// pass.
START_TEST(values_and_heads_are_the_others_output)
{
    double y[D], expected[D], attended[D];
    open_model(_i);
    language_model_forward(&model, other_inputs, T);
    added(expected, 0);
    for (int d = 0; d < D; d++)
        attended[d] = before_ffn(0)[d] - model.layers[0].residual[AT * D + d];
    patch_with(&other, first_layer, true, all_heads);
    added(y, 0);
    expect_within("neurons", y, expected, D, (Tolerance){ .absolute = 1e-14 });
    for (int d = 0; d < D; d++) y[d] = before_ffn(0)[d] - model.layers[0].residual[AT * D + d];
    expect_within("attention", y, attended, D, (Tolerance){ .absolute = 1e-14 });
    close_model();
}
END_TEST

// One neuron at a time changes what all together change.
START_TEST(the_parts_of_a_patch_add_up)
{
    double none[D], y[D], sum[D] = { 0 }, whole[D];
    open_model(_i);
    added(none, 0);
    for (int i = 0; i < mask_size(&model.sizes) / L; i++) {
        bool one[MOST_NEURONS] = { false };
        one[i] = true;
        patch_with(&other, one, false, NULL);
        added(y, 0);
        for (int d = 0; d < D; d++) sum[d] += y[d] - none[d];
    }
    patch_with(&other, first_layer, false, NULL);
    added(y, 0);
    for (int d = 0; d < D; d++) whole[d] = y[d] - none[d];
    expect_within("change", sum, whole, D, (Tolerance){ .absolute = 1e-13 });
    close_model();
}
END_TEST

START_TEST(masks)
{
    open_model(0);
    bool chosen[MOST_NEURONS] = { false }, channels[MOST_NEURONS] = { false };
    int count = 0;
    mask_chosen(chosen, 1, &own, &model.sizes);
    for (int i = 0; i < MOST_NEURONS; i++) count += chosen[i];
    ck_assert_int_eq(count, C * K);
    for (int k = 0; k < C * K; k++) ck_assert(chosen[(C + k / K) * F + own.index[C * K + k]]);
    for (int c = 0; c < C; c++) mask_channel(channels, 1, c, &model.sizes);
    ck_assert_mem_eq(channels, last_layer, sizeof channels);
    ck_assert_int_eq(mask_size(&model.sizes), MOST_NEURONS);
    close_model();
}
END_TEST

// ---- terms

static int terms_of(LogitTerm terms[MOST_TERMS], double direction[D], int t, int token) {
    int count = logit_terms_count(&model.sizes);
    ck_assert_int_le(count, MOST_TERMS);
    token_direction(direction, &model, t, token);
    logit_terms(terms, &model, t, direction);
    return count;
}

// Measured: 1.1e-15.
START_TEST(terms_add_up_to_the_logit)
{
    LogitTerm terms[MOST_TERMS];
    double direction[D];
    open_model(_i);
    for (int t = 0; t < T; t++) {
        double sums[V];
        for (int v = 0; v < V; v++) sums[v] = sum_of_terms(terms, terms_of(terms, direction, t, v));
        expect_within("logits", sums, model.logits + (size_t)t * V, V,
                      (Tolerance){ .absolute = 1e-12 });
    }
    close_model();
}
END_TEST

// Without one neuron of the last layer, the logit with the old norm is smaller by its term.
// Measured: 5e-16.
START_TEST(a_term_is_what_removing_the_neuron_takes)
{
    LogitTerm terms[MOST_TERMS];
    double direction[D];
    int removed = 0;
    open_model(_i);
    int count = terms_of(terms, direction, AT, 6);
    double whole = sum_of_terms(terms, count);
    snapshot_silence(&source, &model.sizes);
    for (int i = 0; i < count; i++) {
        if (terms[i].part != PART_NEURON || terms[i].layer != L - 1) continue;
        bool one[MOST_NEURONS] = { false };
        int channels = mask_size(&model.sizes) / (L * F);
        one[((L - 1) * channels + terms[i].channel) * F + terms[i].index] = true;
        patch_with(&source, one, false, NULL);
        double rest = 0.0;
        for (int d = 0; d < D; d++) rest += after(L - 1)[d] * direction[d];
        rest = whole - rest;
        expect_within("term", &rest, &terms[i].value, 1, (Tolerance){ .absolute = 1e-12 });
        removed++;
    }
    ck_assert_int_eq(removed, variants[_i].kind == FEED_FORWARD_MLP ? F : C * K);
    close_model();
}
END_TEST

START_TEST(terms_by_hand)
{
    LogitTerm terms[] = { { PART_EMBEDDING, 0, 0, 0, -1.0 },
                          { PART_HEAD, 0, 0, 1, 2.0 },
                          { PART_NEURON, 1, 1, 5, -4.0 },
                          { PART_NEURON, 0, 0, 7, 1.0 } };
    ck_assert_double_eq(sum_of_terms(terms, 4), -2.0);
    sort_terms(terms, 4);
    ck_assert_int_eq(terms[0].index, 5);
    ck_assert_int_eq(terms[1].index, 1);
    ck_assert_int_eq(terms[2].part, PART_EMBEDDING);
    ck_assert_int_eq(terms[3].index, 7);
}
END_TEST

// ---- edits

// The layer says exactly `change` more at this position, and chooses the same neurons with the same
// scores; nothing but `out` of the chosen neurons is different.
START_TEST(an_edit_changes_the_output_by_exactly_this)
{
    const double change[D] = { 0.5, -1, 0, 2, 0.25, -3 };
    double before[D], y[D], expected[D], *parameters = malloc(sizeof(double) * 4096);
    ck_assert_ptr_nonnull(parameters);
    open_model(0);
    ck_assert_uint_le(model.list.doubles, 4096);
    memcpy(parameters, model.parameters, model.list.doubles * sizeof *parameters);
    added(before, 0);
    ck_assert_int_eq(edit_neurons(&model, 0, &own, NULL, change), C * K);
    language_model_forward(&model, clean_inputs, T);
    added(y, 0);
    for (int d = 0; d < D; d++) expected[d] = before[d] + change[d];
    expect_within("y", y, expected, D, (Tolerance){ .absolute = 1e-13 });
    snapshot_take(&source, &model, AT);
    ck_assert_mem_eq(source.score, own.score, C * K * sizeof *own.score);
    ck_assert_mem_eq(source.index, own.index, C * K * sizeof *own.index);
    int different = 0;
    for (size_t i = 0; i < model.list.doubles; i++)
        different += parameters[i] != model.parameters[i];
    ck_assert_int_eq(different, C * K * (D - 1)); // one number of `change` is 0
    free(parameters);
    close_model();
}
END_TEST

// One neuron alone: out += change / its value.
START_TEST(an_edit_of_one_neuron_by_hand)
{
    const double change[D] = { 1, 2, 3, 4, 5, 6 };
    bool one[MOST_NEURONS] = { false };
    double y[D];
    open_model(0);
    int c = 1, f = own.index[K]; // the first of channel 1
    double *out = model.w.layers[0].ffn.sgatlin.out + (c * F + f) * D;
    memcpy(y, out, sizeof y);
    one[c * F + f] = true;
    ck_assert_int_eq(edit_neurons(&model, 0, &own, one, change), 1);
    for (int d = 0; d < D; d++)
        ck_assert_double_eq_tol(out[d] - y[d], change[d] / own.value[K], 1e-12);
    memset(one, 0, sizeof one);
    ck_assert_int_eq(edit_neurons(&model, 0, &own, one, change), 0);
    snapshot_silence(&own, &model.sizes);
    ck_assert_int_eq(edit_neurons(&model, 0, &own, NULL, change), 0);
    close_model();
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { its_own_changes_no_bit, VARIANTS },
        { only_this_position_and_later_ones_change, VARIANTS },
        { a_silent_layer_adds_nothing, VARIANTS },
        { it_is_the_layer_with_the_others_gating, VARIANTS - 1 },
        { values_and_heads_are_the_others_output, VARIANTS },
        { the_parts_of_a_patch_add_up, VARIANTS },
        { masks },
        { terms_add_up_to_the_logit, VARIANTS },
        { a_term_is_what_removing_the_neuron_takes, VARIANTS },
        { terms_by_hand },
        { an_edit_changes_the_output_by_exactly_this },
        { an_edit_of_one_neuron_by_hand },
    };
    return run_tests("10 patches, terms and edits", tests, COUNT_OF(tests));
}
