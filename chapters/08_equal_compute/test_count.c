#include "chapters/07_language_model/language_model.h"
#include "chapters/08_equal_compute/count.h"
#include "chapters/08_equal_compute/parts.h"
#include "chapters/08_equal_compute/scales.h"
#include "chapters/08_equal_compute/traffic.h"
#include "reference/io/json.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <string.h>

// ---- on paper: T = 3 tokens, D = 4, one head, L = 2, V = 5
// projections: 2 layers · 8·3·16 = 768; attention: 2 · 4·9·4 = 288; logits: 2·3·4·5 = 120

static ModelSizes small(FeedForwardKind kind) {
    return (ModelSizes){ .ffn = kind,
                         .V = 5,
                         .T = 3,
                         .D = 4,
                         .L = 2,
                         .Dh = 4,
                         .F = 4,
                         .E = 3,
                         .C = 2,
                         .K = 2,
                         .Dk = 3 };
}

static const struct {
    FeedForwardKind kind;
    SgatlinRouter router;
    double router_flops, expert_flops; // of two layers
    double layer, touched; // weights of one feed-forward layer: stored, and used by one token
} on_paper[] = {
    { FEED_FORWARD_MLP, 0, 0, 2 * 4 * 3 * 4 * 4, 2 * 4 * 4, 2 * 4 * 4 },
    { FEED_FORWARD_GLU, 0, 0, 2 * 6 * 3 * 4 * 4, 48 + 8 + 4, 48 + 8 + 4 },
    // three experts of 60 weights, two of them active, a router of 4·3
    { FEED_FORWARD_MOE, 0, 2 * 2 * 3 * 12, 2 * 2 * 6 * 3 * 4 * 4, 12 + 3 * 60, 12 + 2 * 60 },
    // n = 2, lists = 4: queries 4·4·3 = 48 and keys 4·2·3 = 24; 4 experts of 8 weights, 2·2 uses
    { FEED_FORWARD_PEER, 0, 2 * 2 * 3 * 72, 2 * 2 * 3 * 4 * 8, 72 + 32, 72 + 32 },
    // one query of 4·3 = 12 and the same 24 keys; 2 pools of 4 experts
    { FEED_FORWARD_SGATLIN, PRODUCT_DENSE, 2 * 2 * 3 * 36, 2 * 2 * 3 * 4 * 8, 36 + 64, 36 + 32 },
    { FEED_FORWARD_SGATLIN, PRODUCT_KEY_VALUE, 2 * 2 * 3 * 72, 2 * 2 * 3 * 4 * 8, 72 + 64,
      72 + 32 },
    // flat: 2 lists of 4 keys, 2·4·3 = 24; one query, or two
    { FEED_FORWARD_SGATLIN, DENSE, 2 * 2 * 3 * 36, 2 * 2 * 3 * 4 * 8, 36 + 64, 36 + 32 },
    { FEED_FORWARD_SGATLIN, KEY_VALUE, 2 * 2 * 3 * 48, 2 * 2 * 3 * 4 * 8, 48 + 64, 48 + 32 },
};
enum { ON_PAPER = COUNT_OF(on_paper) };

START_TEST(flops_on_paper)
{
    ModelSizes sizes = small(on_paper[_i].kind);
    sizes.router = on_paper[_i].router;
    Flops f = count_flops(&sizes);
    ck_assert_double_eq(f.projections, 768);
    ck_assert_double_eq(f.attention, 288);
    ck_assert_double_eq(f.logits, 120);
    ck_assert_double_eq(f.router, on_paper[_i].router_flops);
    ck_assert_double_eq(f.experts, on_paper[_i].expert_flops);
    double counted = 768 + 288 + on_paper[_i].router_flops + on_paper[_i].expert_flops;
    ck_assert_double_eq(counted_flops(&f), counted);
    ck_assert_double_eq(full_flops(&f), counted + 120);
    ck_assert_double_eq(step_flops(&sizes, 5), 15 * counted);
    ck_assert_double_eq(full_step_flops(&sizes, 5), 15 * (counted + 120));
}
END_TEST

// Attention has 4·16 weights and two norms of 4, a layer two norms of 4, the model an embedding of
// 5·4 and a norm of 4.
START_TEST(weights_on_paper)
{
    ModelSizes sizes = small(on_paper[_i].kind);
    sizes.router = on_paper[_i].router;
    Weights w = count_weights(&sizes);
    ck_assert_double_eq(w.stored, 2 * (64 + 8 + 8 + on_paper[_i].layer) + 24);
    ck_assert_double_eq(w.active, 2 * (64 + 8 + 8 + on_paper[_i].touched) + 24);
}
END_TEST

// Three heads select two experts each from a pool of four: one token uses at most four. n = 2,
// lists = 6: queries 6·4·3 = 72 and keys 6·2·3 = 36. The FLOPs are of all six.
START_TEST(at_most_all_experts_are_active)
{
    ModelSizes sizes = small(FEED_FORWARD_PEER);
    sizes.C = 3;
    Weights w = count_weights(&sizes);
    ck_assert_double_eq(w.stored, 2 * (64 + 8 + 8 + 108 + 32) + 24);
    ck_assert_double_eq(w.active, w.stored);
    ck_assert_double_eq(count_flops(&sizes).experts, 2 * 2 * 3 * 6 * 8);
}
END_TEST

// ---- the count agrees with the parameter list of chapter 07's model

START_TEST(the_model_of_chapter_07_has_as_many_parameters)
{
    ModelSizes sizes = {
        .V = 11, .T = 3, .D = 6, .L = 3, .Dh = 2, .F = 9, .E = 5, .C = 2, .K = 3, .Dk = 5
    };
    sizes.ffn = on_paper[_i].kind;
    sizes.router = on_paper[_i].router;
    LanguageModel model;
    ck_assert(language_model_new(&model, &sizes));
    ck_assert_double_eq(count_weights(&sizes).stored, (double)model.list.doubles);
    language_model_free(&model);
}
END_TEST

// ---- the paper's own counting functions, exactly

enum { GOLDEN_ROWS = 42 };

static int whole(const json_t *row, const char *name) {
    return (int)json_integer_value(json_object_get(row, name));
}

static bool row_sizes(ModelSizes *out, const json_t *row) {
    static const char *const routers[] = { "product_dense", "product_key_value", "dense",
                                           "key_value" };
    const char *ffn = json_string_value(json_object_get(row, "ffn"));
    const char *router = json_string_value(json_object_get(row, "router"));
    *out = (ModelSizes){ .ffn = FEED_FORWARD_LAYERS,
                         .V = whole(row, "V"),
                         .T = whole(row, "T"),
                         .D = whole(row, "D"),
                         .L = whole(row, "L"),
                         .Dh = whole(row, "Dh"),
                         .F = whole(row, "F"),
                         .E = whole(row, "E"),
                         .C = whole(row, "C"),
                         .K = whole(row, "K"),
                         .Dk = whole(row, "Dk") };
    bool known = router == NULL;
    for (int i = 0; i < FEED_FORWARD_LAYERS; i++) {
        if (strcmp(feed_forward_kinds[i].name, ffn) == 0) out->ffn = (FeedForwardKind)i;
    }
    for (int i = 0; router != NULL && i < 4; i++) {
        if (strcmp(routers[i], router) != 0) continue;
        out->router = (SgatlinRouter)i;
        known = true;
    }
    return out->ffn < FEED_FORWARD_LAYERS && known;
}

static json_t *golden_rows(void) {
    Error error = { "" };
    json_t *file = json_read_file("tests/golden/flops.json", &error),
           *rows = json_incref(json_object_get(file, "rows"));
    ck_assert_msg(file != NULL, "%s", error.text);
    ck_assert_int_eq((int)json_array_size(rows), GOLDEN_ROWS);
    json_decref(file);
    return rows;
}

START_TEST(the_papers_count_exactly)
{
    json_t *rows = golden_rows(), *row = json_array_get(rows, (size_t)_i);
    ModelSizes sizes;
    ck_assert(row_sizes(&sizes, row));
    Flops f = count_flops(&sizes);
    ck_assert_double_eq(count_weights(&sizes).stored,
                        (double)json_integer_value(json_object_get(row, "parameters")));
    ck_assert_double_eq(counted_flops(&f), (double)json_integer_value(
                                               json_object_get(row, "forward_flops_per_sequence")));
    json_decref(rows);
}
END_TEST

START_TEST(the_scales_are_the_papers)
{
    json_t *rows = golden_rows();
    int found = 0;
    for (size_t i = 0; i < GOLDEN_ROWS; i++) {
        const json_t *row = json_array_get(rows, i);
        ModelSizes theirs, ours;
        if (strcmp(json_string_value(json_object_get(row, "study")), "isoflop") != 0) continue;
        ck_assert(row_sizes(&theirs, row));
        ck_assert(paper_scale(&ours, theirs.ffn, whole(row, "scale")));
        ck_assert_msg(memcmp(&ours, &theirs, sizeof ours) == 0, "row %zu", i);
        found++;
    }
    ck_assert_int_eq(found, 7 * FEED_FORWARD_LAYERS);
    json_decref(rows);
}
END_TEST

START_TEST(a_quarter_keeps_the_proportions)
{
    for (int s = 2; s <= 8; s++) {
        ModelSizes paper, ours;
        ck_assert(paper_scale(&paper, (FeedForwardKind)_i, s) &&
                  quarter_scale(&ours, (FeedForwardKind)_i, s));
        ck_assert_ptr_null(model_sizes_problem(&ours));
        bool neurons = paper.C > 0; // peer and sgatlin keep their F
        ck_assert(4 * ours.D == paper.D && 4 * ours.Dh == paper.Dh && 2 * ours.L == paper.L &&
                  4 * ours.C == paper.C);
        ck_assert(4 * ours.Dk == paper.Dk && ours.K == paper.K && ours.E == paper.E);
        ck_assert_int_eq((neurons ? 1 : 4) * ours.F, paper.F);
    }
}
END_TEST

START_TEST(invalid_scales_and_kinds)
{
    ModelSizes sizes = { .V = 77 };
    for (int s = -3; s < 12; s++) {
        if (s < 2 || s > 8) ck_assert(!paper_scale(&sizes, FEED_FORWARD_MLP, s));
        if (s < 1 || s > 8) ck_assert(!quarter_scale(&sizes, FEED_FORWARD_MLP, s));
    }
    ck_assert(!paper_scale(&sizes, FEED_FORWARD_LAYERS, 4) &&
              !quarter_scale(&sizes, (FeedForwardKind)-1, 4));
    ck_assert_int_eq(sizes.V, 77);
}
END_TEST

// ---- what a budget buys

// The mlp on paper: 768 + 288 + 384 = 1440 per sequence, so a step of 5 takes 21600, with the
// logits 23400.
START_TEST(a_budget_on_paper)
{
    ModelSizes sizes = small(FEED_FORWARD_MLP);
    Purchase p;
    ck_assert(buy_training(&p, 100000, &sizes, 5));
    ck_assert(p.steps == 4 && p.tokens == 60 && p.flops == 86400 && p.full == 93600);
    ck_assert(buy_training(&p, 21600, &sizes, 5) && p.steps == 1); // to the last FLOP
}
END_TEST

START_TEST(budgets_that_buy_nothing)
{
    static const double budgets[] = { 21599.99, 0.0, -1e9, NAN, INFINITY, -INFINITY, 1e300 };
    ModelSizes sizes = small(FEED_FORWARD_MLP);
    Purchase p = { 1, 1, 1, 1 };
    ck_assert(!buy_training(&p, budgets[_i], &sizes, 5));
    ck_assert(p.steps == 0 && p.tokens == 0 && p.flops == 0 && p.full == 0);
}
END_TEST

// ---- bytes

// One token uses what it selects; very many use everything; two selections of 1 of 4 use
// 4·(1 − 9/16) = 1.75.
START_TEST(touched_on_paper)
{
    LayerParts p = { .pools = 1, .heads = 1, .experts = 4, .K = 1 };
    ck_assert_double_eq_tol(experts_touched(&p, 1), 1.0, 1e-14);
    ck_assert_double_eq_tol(experts_touched(&p, 2), 1.75, 1e-14);
    ck_assert_double_eq_tol(experts_touched(&p, 1e6), 4.0, 1e-14);
    p.heads = 2; // two heads and one token: the same two selections
    ck_assert_double_eq_tol(experts_touched(&p, 1), 1.75, 1e-14);
    p.pools = 3;
    ck_assert_double_eq_tol(experts_touched(&p, 1), 5.25, 1e-14);
    LayerParts dense = { .pools = 1, .heads = 1, .experts = 1, .K = 1 };
    ck_assert(experts_touched(&dense, 1) == 1.0 && experts_touched(&dense, 1000) == 1.0);
}
END_TEST

// By enumeration: two tokens select 2 of 5 experts each, in all possible ways. How many different
// ones on average?
START_TEST(touched_is_the_average_over_all_selections)
{
    int different = 0, ways = 0;
    for (unsigned a = 0; a < 32; a++) {
        for (unsigned b = 0; b < 32; b++) {
            int in_a = 0, in_b = 0, in_any = 0;
            for (int e = 0; e < 5; e++) {
                in_a += a >> e & 1;
                in_b += b >> e & 1;
                in_any += (a | b) >> e & 1;
            }
            if (in_a != 2 || in_b != 2) continue;
            different += in_any;
            ways++;
        }
    }
    LayerParts p = { .pools = 1, .heads = 1, .experts = 5, .K = 2 };
    ck_assert_int_eq(ways, 100);
    ck_assert_double_eq_tol(experts_touched(&p, 2), (double)different / ways, 1e-14);
}
END_TEST

// The mlp on paper, 32 weights, for 3 tokens: 192 FLOPs; 32 + 3·8 numbers if weights are read once,
// 3·32 + 3·8 if at each use.
START_TEST(traffic_on_paper)
{
    ModelSizes sizes = small(FEED_FORWARD_MLP);
    Traffic t = layer_traffic(&sizes, 3);
    ck_assert(t.flops == 192 && t.bytes_once == 4 * 56 && t.bytes_per_use == 4 * 120);
    sizes = small(FEED_FORWARD_MOE); // router 12, expert 48 + 12; one token uses two of three
    t = layer_traffic(&sizes, 1);
    ck_assert(t.flops == 2 * (12 + 96) && t.bytes_per_use == 4 * (12 + 8 + 120));
    ck_assert_double_eq_tol(t.bytes_once, t.bytes_per_use, 1e-10);
}
END_TEST

// The FLOPs agree with the count of the whole model, and reading once never takes more bytes than
// reading at each use.
START_TEST(traffic_and_count_agree)
{
    ModelSizes sizes = small(on_paper[_i].kind);
    sizes.router = on_paper[_i].router;
    Flops f = count_flops(&sizes);
    ck_assert_double_eq(sizes.L * layer_traffic(&sizes, sizes.T).flops, f.router + f.experts);
    for (double N = 1; N < 1e7; N *= 7) {
        Traffic t = layer_traffic(&sizes, N);
        ck_assert_msg(t.bytes_once <= t.bytes_per_use * (1 + 1e-12), "%g tokens: %g and %g", N,
                      t.bytes_once, t.bytes_per_use);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { flops_on_paper, ON_PAPER },
        { weights_on_paper, ON_PAPER },
        { at_most_all_experts_are_active },
        { the_model_of_chapter_07_has_as_many_parameters, ON_PAPER },
        { the_papers_count_exactly, GOLDEN_ROWS },
        { the_scales_are_the_papers },
        { a_quarter_keeps_the_proportions, FEED_FORWARD_LAYERS },
        { invalid_scales_and_kinds },
        { a_budget_on_paper },
        { budgets_that_buy_nothing, 7 },
        { touched_on_paper },
        { touched_is_the_average_over_all_selections },
        { traffic_on_paper },
        { traffic_and_count_agree, ON_PAPER },
    };
    return run_tests("08 the count", tests, COUNT_OF(tests));
}
