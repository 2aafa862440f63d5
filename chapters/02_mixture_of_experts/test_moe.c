// Mixture of experts against numbers worked out by hand, against the golden files of the layer
// paper's own code, against finite differences, and against layers that it must be equal to.
#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/02_mixture_of_experts/top_k.h"
#include "tests/harness/expect.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 3 };

// ---- a layer with memory, all in one block; its tensors as a list, so that each check is one loop

enum { TENSORS = 6 };
static const char *const names[TENSORS] = { "router",       "experts.up",        "experts.up_bias",
                                            "experts.down", "experts.down_bias", "x" };

typedef struct {
    Moe m;
    int N;
    double *block, *tensors[TENSORS], *gradients[TENSORS]; // in the order of `names`
    size_t count[TENSORS];
    MoeWeights w, dw;
    double *x, *y, *dx, *dy;
    MoeTokens tokens;
    MoeScratch scratch;
    int *ints;
} Layer;

static MoeWeights weights_of(double *const *t) {
    return (MoeWeights){ .router = t[0], .experts = { t[1], t[2], t[3], t[4] } };
}

static Layer layer_new(const Moe *m, int N) {
    size_t D = (size_t)m->D, F = (size_t)m->F, E = (size_t)m->E, x = N * D;
    Layer l = { .m = *m,
                .N = N,
                .count = { D * E, E * D * 2 * F, E * 2 * F, E * F * D, E * D, x } };
    int entries = N * m->K;
    size_t scratch = moe_scratch_doubles(m, N, entries),
           doubles = 2 * x + scratch + moe_tokens_doubles(m, N);
    for (int i = 0; i < TENSORS; i++) doubles += 2 * l.count[i];
    double *next = l.block = calloc(doubles, sizeof *next);
    l.ints = calloc(moe_tokens_ints(m, N), sizeof *l.ints);
    ck_assert(l.block != NULL && l.ints != NULL);
    for (int i = 0; i < TENSORS; i++) {
        l.tensors[i] = take(&next, l.count[i]);
        l.gradients[i] = take(&next, l.count[i]);
    }
    l.w = weights_of(l.tensors);
    l.dw = weights_of(l.gradients);
    l.x = l.tensors[5];
    l.dx = l.gradients[5];
    l.y = take(&next, x);
    l.dy = take(&next, x);
    l.scratch = moe_scratch(take(&next, scratch), m, N, entries);
    l.tokens = moe_tokens(take(&next, moe_tokens_doubles(m, N)), l.ints, m, N);
    ck_assert_ptr_eq(next, l.block + doubles);
    return l;
}

static void layer_free(Layer *l) {
    free(l->block);
    free(l->ints);
    *l = (Layer){ 0 };
}

static Layer random_layer(const Moe *m, int N, uint64_t seed) {
    Layer l = layer_new(m, N);
    for (int i = 0; i < TENSORS; i++) fill(l.tensors[i], l.count[i], 0.7, seed, names[i]);
    fill(l.dy, l.count[5], 1.0, seed, "dy");
    return l;
}

static void forward(Layer *l) { moe_forward(l->y, &l->tokens, l->x, &l->w, l->N, &l->m); }
static void backward(Layer *l) {
    moe_backward(l->dx, &l->dw, &l->scratch, l->dy, &l->tokens, l->x, &l->w, &l->m);
}

// ---- order, top-k and softmax

START_TEST(higher_first_equal_by_index_nan_last)
{
    const double v[] = { 1.0, 2.0, 2.0, NAN, -INFINITY, NAN, -0.0, 0.0 };
    ck_assert(ranks_higher_in(v, 1, 0) && !ranks_higher_in(v, 0, 1));
    ck_assert(ranks_higher_in(v, 1, 2) && !ranks_higher_in(v, 2, 1)); // equal: the lower index
    ck_assert(ranks_higher_in(v, 4, 3) && !ranks_higher_in(v, 3, 4)); // -infinity is a number
    // NaN against NaN: the lower index
    ck_assert(ranks_higher_in(v, 3, 5) && !ranks_higher_in(v, 5, 3));
    ck_assert(ranks_higher_in(v, 6, 7) && !ranks_higher_in(v, 7, 6)); // -0 equals 0
    ck_assert(!ranks_higher_in(v, 1, 1));
    int index[8];
    top_k(index, v, 8, 8);
    static const int expected[8] = { 1, 2, 0, 6, 7, 4, 3, 5 };
    for (int k = 0; k < 8; k++) ck_assert_int_eq(index[k], expected[k]);
}
END_TEST

// The softmax of log 1, log 2, log 5 is 1/8, 2/8, 5/8, whatever is added to all three; log Σ e^v is
// log 8. Backward with dp = (8, 0, 0): Σ p·dp = 1; dv = p·(dp - 1) = (7/8, -2/8, -5/8).
START_TEST(softmax_on_paper)
{
    double v[] = { 0, log(2), log(5) }, high[] = { 1000, 1000 + log(2), 1000 + log(5) }, p[3];
    const double expected[] = { 0.125, 0.25, 0.625 };
    ck_assert_double_eq_tol(softmax_row(p, high, 3), 1000 + log(8), 1e-12);
    expect_within("p, high", p, expected, 3, (Tolerance){ .absolute = 1e-12 });
    ck_assert_double_eq_tol(softmax_row(p, v, 3), log(8), 1e-14);
    expect_by_hand("p", p, expected, 3);
    softmax_row_backward(p, (double[]){ 8, 0, 0 }, p, 3);
    expect_by_hand("dv", p, (double[]){ 0.875, -0.25, -0.625 }, 3);
}
END_TEST

// p = 4/8, 2/8, 1/8, 1/8, K = 2: experts 0 and 1. The weights are 4/8 and 2/8; or those divided by
// 6/8, which are 2/3 and 1/3; or the softmax of log 4 and log 2 alone: again 2/3 and 1/3.
// Backward with dweight = (8, 0), so Σ p·dweight = 4 in the first order and Σ weight·dweight = 16/3
// in the others:
//     softmax over all    p·(dp - 4) = (4/8·4, 2/8·-4, 1/8·-4, 1/8·-4) = (2, -1, -1/2, -1/2)
//     renormalised        dp = (8 - 16/3, -16/3) / (6/8) = (32/9, -64/9), Σ p·dp = 16/9 - 16/9 = 0;
//                         p·dp = (16/9, -16/9, 0, 0)
//     over the chosen     2/3·(8 - 16/3) = 16/9, 1/3·-16/3 = -16/9
START_TEST(three_orders_on_paper)
{
    static const double expected[ORDERS][2] = { { 4. / 8, 2. / 8 },
                                                { 2. / 3, 1. / 3 },
                                                { 2. / 3, 1. / 3 } };
    static const double slopes[ORDERS][4] = { { 2, -1, -0.5, -0.5 },
                                              { 16. / 9, -16. / 9, 0, 0 },
                                              { 16. / 9, -16. / 9, 0, 0 } };
    const Moe m = { .D = 1, .F = 1, .E = 4, .K = 2, .order = (MoeOrder)_i };
    const double one = 1, router[] = { log(4), log(2), 0, 0 };
    double logits[4], p[4], scratch[4], weight[2], dlogits[4];
    int start[2], index[2];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    moe_logits(logits, p, &one, router, 1, &m);
    expect_by_hand("p", p, (double[]){ 0.5, 0.25, 0.125, 0.125 }, 4);
    moe_route(&gating, scratch, logits, p, NULL, 1, &m);
    ck_assert(gating.N == 1 && start[0] == 0 && start[1] == 2 && index[0] == 0 && index[1] == 1);
    expect_by_hand("weight", weight, expected[_i], 2);
    moe_route_backward(dlogits, (double[]){ 8, 0 }, &gating, p, &m);
    expect_by_hand("dlogits", dlogits, slopes[_i], 4);
}
END_TEST

// The same p and a bias of 0.2 on expert 3: it now ranks with 0.325, above expert 1 with 0.25. Its
// weight is still its p.
START_TEST(a_bias_changes_the_choice_and_not_the_weights)
{
    static const double expected[ORDERS][2] = { { 4. / 8, 1. / 8 },
                                                { 4. / 5, 1. / 5 },
                                                { 4. / 5, 1. / 5 } };
    const Moe m = { .D = 1, .F = 1, .E = 4, .K = 2, .order = (MoeOrder)_i };
    const double logits[] = { log(4), log(2), 0, 0 }, p[] = { 0.5, 0.25, 0.125, 0.125 },
                 bias[] = { 0, 0, 0, 0.2 };
    double scratch[4], weight[2];
    int start[2], index[2];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    moe_route(&gating, scratch, logits, p, bias, 1, &m);
    ck_assert(index[0] == 0 && index[1] == 3);
    expect_by_hand("weight", weight, expected[_i], 2);
}
END_TEST

// ---- the layer by hand

// D = F = 1, E = 2, K = 1, x = 2. router (log 3 / 2, 0): logits log 3 and 0, p = 3/4 and 1/4;
// expert 0 is chosen. Expert 0 has g = 0, so its output is its down_bias, 5; y = 3/4·5. Expert 1
// would output 9.
// Backward with dy = 4: dweight = 5·4 = 20, danswer = 3/4·4 = 3 = ddown_bias of expert 0; expert 1
// has no gradient. Inside expert 0, u = 3 and down = 2: dg = 3·2·(1/2)·(3 + 1) = 12, du = 0:
// dup_bias = (12, 0), dup = x·(12, 0). dp = (20, 0), Σ p·dp = 15: dlogits = (3/4·5, 1/4·-15) =
// (15/4, -15/4); drouter = x·dlogits.
// dx = up·(12, 0) + router·dlogits, with up = (0, 3/2): log 3 / 2 · 15/4.
START_TEST(one_token_on_paper)
{
    const Moe m = { .D = 1, .F = 1, .E = 2, .K = 1, .order = SOFTMAX_TOP_K };
    Layer l = layer_new(&m, 1);
    l.x[0] = 2;
    l.dy[0] = 4;
    memcpy(l.w.router, (double[]){ log(3) / 2, 0 }, 2 * sizeof(double));
    memcpy(l.w.experts.up, (double[]){ 0, 1.5, 7, 7 }, 4 * sizeof(double));
    memcpy(l.w.experts.down, (double[]){ 2, 7 }, 2 * sizeof(double));
    memcpy(l.w.experts.down_bias, (double[]){ 5, 9 }, 2 * sizeof(double));
    forward(&l);
    backward(&l);
    ck_assert_int_eq(l.tokens.gating.index[0], 0);
    expect_by_hand("y", l.y, (double[]){ 3.75 }, 1);
    expect_by_hand("drouter", l.dw.router, (double[]){ 7.5, -7.5 }, 2);
    expect_by_hand("dup", l.dw.experts.up, (double[]){ 24, 0, 0, 0 }, 4);
    expect_by_hand("dup_bias", l.dw.experts.up_bias, (double[]){ 12, 0, 0, 0 }, 4);
    expect_by_hand("ddown", l.dw.experts.down, (double[]){ 0, 0 }, 2);
    expect_by_hand("ddown_bias", l.dw.experts.down_bias, (double[]){ 3, 0 }, 2);
    expect_by_hand("dx", l.dx, (double[]){ log(3) / 2 * 15 / 4 }, 1);
    backward(&l); // gradients of parameters are added, dx is written
    expect_by_hand("ddown_bias, twice", l.dw.experts.down_bias, (double[]){ 6, 0 }, 2);
    expect_by_hand("drouter, twice", l.dw.router, (double[]){ 15, -15 }, 2);
    expect_by_hand("dx, again", l.dx, (double[]){ log(3) / 2 * 15 / 4 }, 1);
    layer_free(&l);
}
END_TEST

// The experts take any list as a gating: a token may have no entries (its output and its gradient
// are 0), or any number of them in any order, even the same expert twice.
START_TEST(any_list_is_a_gating)
{
    const Moe m = { .D = 1, .F = 1, .E = 3, .K = 3 };
    Layer l = layer_new(&m, 3);
    memcpy(l.x, (double[]){ 1, 1, 1 }, 3 * sizeof(double));
    memcpy(l.dy, (double[]){ 1, 1, 2 }, 3 * sizeof(double));
    // up = 0, so an expert's output is its down_bias
    memcpy(l.w.experts.down_bias, (double[]){ 1, 10, 100 }, 3 * sizeof(double));
    int start[] = { 0, 3, 3, 4 }, index[] = { 2, 0, 2, 1 };
    double weight[] = { 2, 3, -1, 0.5 };
    l.tokens.gating = (MoeGating){ .N = 3, .start = start, .index = index, .weight = weight };
    moe_experts(l.y, &l.tokens, l.x, &l.w, &m);
    expect_by_hand("y", l.y, (double[]){ 103, 0, 5 }, 3);
    moe_experts_backward(l.dx, &l.dw, &l.scratch, l.dy, &l.tokens, l.x, &l.w, &m);
    expect_by_hand("dweight", l.scratch.dweight, (double[]){ 100, 1, 100, 20 }, 4);
    expect_by_hand("ddown_bias", l.dw.experts.down_bias, (double[]){ 3, 1, 1 }, 3);
    layer_free(&l);
}
END_TEST

// ---- golden files

START_TEST(golden_file_agrees)
{
    Safetensors file = golden_ffn_file("moe");
    const Moe m = { .D = golden_size(&file, "D"),
                    .F = golden_size(&file, "F"),
                    .E = golden_size(&file, "E"),
                    .K = golden_size(&file, "K"),
                    .order = SOFTMAX_TOP_K };
    int N = golden_size(&file, "B") * golden_size(&file, "T");
    Layer l = layer_new(&m, N);
    for (int i = 0; i < TENSORS; i++) read_tensor(l.tensors[i], &file, names[i], l.count[i]);
    read_tensor(l.dy, &file, "dy", l.count[5]);
    forward(&l);
    backward(&l);
    expect_tensor(&file, "gating.logits", l.tokens.logits, (size_t)N * m.E);
    expect_tensor_ints(&file, "gating.indices", l.tokens.gating.index, (size_t)N * m.K);
    expect_tensor(&file, "y", l.y, l.count[5]);
    for (int i = 0; i < TENSORS; i++) {
        char name[64];
        snprintf(name, sizeof name, i + 1 < TENSORS ? "grad.%s" : "d%s", names[i]);
        expect_tensor(&file, name, l.gradients[i], l.count[i]);
    }
    layer_free(&l);
    safetensors_close(&file);
}
END_TEST

// ---- finite differences

static double loss(void *layer) {
    Layer *l = layer;
    forward(l);
    return weighted_sum(l->y, l->dy, l->count[5]);
}

START_TEST(backward_is_the_slope_of_forward)
{
    static const int sizes[][5] = {
        { 5, 3, 7, 3, 4 }, { 3, 2, 5, 1, 6 }, { 7, 4, 3, 3, 2 }, { 1, 1, 2, 2, 1 }
    };
    const int *size = sizes[_i / ORDERS];
    const Moe m = {
        .D = size[0], .F = size[1], .E = size[2], .K = size[3], .order = (MoeOrder)(_i % ORDERS)
    };
    Layer l = random_layer(&m, size[4], 11);
    forward(&l);
    backward(&l);
    const Slopes slopes = { loss, &l, l.tokens.gating.index, (size_t)l.N * m.K };
    for (int i = 0; i < TENSORS; i++) {
        // with one expert of weight 1 the router has no gradient
        bool none = i == 0 && m.K == 1 && m.order != SOFTMAX_TOP_K;
        (none ? expect_no_slopes : expect_slopes)(names[i], l.tensors[i], l.gradients[i],
                                                  l.count[i], &slopes);
    }
    layer_free(&l);
}
END_TEST

// ---- bridges

static const Moe moe_sizes = { .D = 7, .F = 5, .E = 6, .K = 3, .order = SOFTMAX_TOP_K };

// Chapter 01's layer with the weights of expert e, for one token.
static void expert_output(double *y, const Layer *l, int e, const double *x) {
    enum { D = 7, F = 5 };
    double gate_up[2 * F], hidden[F];
    const GluWeights *all = &l->w.experts, w = { all->up + e * D * 2 * F, all->up_bias + e * 2 * F,
                                                 all->down + e * F * D, all->down_bias + e * D };
    glu_forward(y, &(GluSaved){ gate_up, hidden }, x, &w, &(DenseSizes){ D, F });
}

// One expert with a weight of 1 is chapter 01's GLU, forward and backward, bit for bit; and the
// router's gradient is 0.
START_TEST(one_expert_is_a_dense_glu)
{
    enum { D = 7, F = 5, N = 4 };
    Moe m = moe_sizes;
    m.E = m.K = 1;
    m.order = (MoeOrder)_i;
    Layer l = random_layer(&m, N, 1);
    double y[N * D], dx[N * D], dup[D * 2 * F] = { 0 }, dup_bias[2 * F] = { 0 },
                                            ddown[F * D] = { 0 }, ddown_bias[D] = { 0 };
    forward(&l);
    backward(&l);
    const DenseSizes sizes = { D, F };
    const GluWeights dw = { dup, dup_bias, ddown, ddown_bias };
    for (int t = 0; t < N; t++) {
        double gate_up[2 * F], hidden[F], scratch[3 * F], *x = l.x + t * D;
        const GluSaved saved = { gate_up, hidden };
        glu_forward(y + t * D, &saved, x, &l.w.experts, &sizes);
        glu_backward(dx + t * D, &dw, scratch, l.dy + t * D, &saved, x, &l.w.experts, &sizes);
    }
    expect("y", l.y, y, N * D, 0);
    expect("dx", l.dx, dx, N * D, 0);
    expect("dup", l.dw.experts.up, dup, D * 2 * F, 0);
    expect("dup_bias", l.dw.experts.up_bias, dup_bias, 2 * F, 0);
    expect("ddown", l.dw.experts.down, ddown, F * D, 0);
    expect("ddown_bias", l.dw.experts.down_bias, ddown_bias, D, 0);
    for (size_t i = 0; i < l.count[0]; i++) ck_assert_double_eq(l.dw.router[i], 0.0);
    layer_free(&l);
}
END_TEST

// All experts chosen: the sum of all, weighted by p, without any top-k. The three orders are the
// same.
START_TEST(all_experts_are_a_weighted_sum)
{
    enum { D = 7, N = 5 };
    Moe m = moe_sizes;
    m.K = m.E;
    m.order = (MoeOrder)_i;
    Layer l = random_layer(&m, N, 2);
    double y[N * D] = { 0 }, answer[D], logits[6], p[6];
    forward(&l);
    for (int t = 0; t < N; t++) {
        linear(logits, l.x + t * D, l.w.router, D, m.E);
        softmax_row(p, logits, m.E);
        for (int e = 0; e < m.E; e++) {
            expert_output(answer, &l, e, l.x + t * D);
            for (int d = 0; d < D; d++) y[t * D + d] += p[e] * answer[d];
        }
    }
    expect("y", l.y, y, N * D, 1e-14);
    layer_free(&l);
}
END_TEST

// softmax, top-K, renormalise is the same function as top-K, softmax, gradients included: the
// denominator of the first softmax cancels. Without renormalising it is a different function.
START_TEST(renormalised_is_top_k_softmax)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Layer l[ORDERS];
        for (int order = 0; order < ORDERS; order++) {
            Moe m = moe_sizes;
            m.order = (MoeOrder)order;
            l[order] = random_layer(&m, 4, seed);
            forward(&l[order]);
            backward(&l[order]);
        }
        const Layer *a = &l[RENORMALISED], *b = &l[TOP_K_SOFTMAX], *c = &l[SOFTMAX_TOP_K];
        expect("y", a->y, b->y, a->count[5], 1e-14);
        for (int i = 0; i < TENSORS; i++)
            expect(names[i], a->gradients[i], b->gradients[i], a->count[i], 1e-13);
        double sum = 0.0;
        for (int k = 0; k < moe_sizes.K; k++) sum += c->tokens.gating.weight[k];
        ck_assert(sum < 1.0);
        for (int k = 0; k < moe_sizes.K; k++)
            ck_assert_double_eq_tol(c->tokens.gating.weight[k] / sum, a->tokens.gating.weight[k],
                                    1e-15);
        for (int order = 0; order < ORDERS; order++) layer_free(&l[order]);
    }
}
END_TEST

// K = 1 with weights that add up to 1: the weight is 1, whatever the logits, and the router has no
// gradient.
START_TEST(a_single_renormalised_expert_gives_the_router_no_gradient)
{
    Moe m = moe_sizes;
    m.K = 1;
    m.order = (MoeOrder)_i;
    Layer l = random_layer(&m, 9, 3);
    double largest = 0.0;
    forward(&l);
    backward(&l);
    for (int t = 0; t < l.N; t++)
        ck_assert_int_eq(l.tokens.gating.weight[t] == 1.0, m.order != SOFTMAX_TOP_K);
    for (size_t i = 0; i < l.count[0]; i++) largest = fmax(largest, fabs(l.dw.router[i]));
    if (m.order == SOFTMAX_TOP_K)
        ck_assert_double_gt(largest, 0.1);
    else
        ck_assert_double_eq(largest, 0.0);
    layer_free(&l);
}
END_TEST

// An expert that no token chose has no gradient; the logits of such experts have one only where the
// softmax is over all.
START_TEST(experts_not_chosen_have_no_gradient)
{
    Moe m = moe_sizes;
    m.order = (MoeOrder)_i;
    Layer l = random_layer(&m, 1, 5);
    bool chosen[6] = { false };
    forward(&l);
    backward(&l);
    for (int k = 0; k < m.K; k++) chosen[l.tokens.gating.index[k]] = true;
    for (int e = 0; e < m.E; e++) {
        for (int d = 0; d < m.D; d++)
            ck_assert_int_eq(l.dw.experts.down_bias[e * m.D + d] != 0.0, chosen[e]);
        double drouter = fabs(l.dw.router[e]);
        if (chosen[e] || m.order == SOFTMAX_TOP_K)
            ck_assert_double_gt(drouter, 1e-6);
        else
            ck_assert_double_lt(drouter, 1e-15); // renormalised: rounding errors
    }
    layer_free(&l);
}
END_TEST

// Tokens are independent: N at once give the same as one after the other, bit for bit.
START_TEST(tokens_are_independent)
{
    Layer all = random_layer(&moe_sizes, 6, 8), one = random_layer(&moe_sizes, 1, 8);
    forward(&all);
    backward(&all);
    for (int t = 0; t < 6; t++) {
        memcpy(one.x, all.x + t * moe_sizes.D, moe_sizes.D * sizeof(double));
        memcpy(one.dy, all.dy + t * moe_sizes.D, moe_sizes.D * sizeof(double));
        forward(&one);
        backward(&one);
        expect("y", one.y, all.y + t * moe_sizes.D, moe_sizes.D, 0);
        expect("dx", one.dx, all.dx + t * moe_sizes.D, moe_sizes.D, 0);
    }
    for (int i = 0; i + 1 < TENSORS; i++)
        expect(names[i], one.gradients[i], all.gradients[i], all.count[i], 0);
    layer_free(&all);
    layer_free(&one);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { higher_first_equal_by_index_nan_last },
        { softmax_on_paper },
        { three_orders_on_paper, ORDERS },
        { a_bias_changes_the_choice_and_not_the_weights, ORDERS },
        { one_token_on_paper },
        { any_list_is_a_gating },
        { golden_file_agrees },
        { backward_is_the_slope_of_forward, 4 * ORDERS },
        { one_expert_is_a_dense_glu, ORDERS },
        { all_experts_are_a_weighted_sum, ORDERS },
        { renormalised_is_top_k_softmax },
        { a_single_renormalised_expert_gives_the_router_no_gradient, ORDERS },
        { experts_not_chosen_have_no_gradient, ORDERS },
        { tokens_are_independent },
    };
    return run_tests("02 mixture of experts", tests, COUNT_OF(tests));
}
