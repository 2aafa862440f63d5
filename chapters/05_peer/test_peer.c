#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include "chapters/05_peer/expert_usage.h"
#include "chapters/05_peer/peer.h"
#include "chapters/token_results.h"
#include "tests/harness/expect.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- a layer with its memory in one block; its tensors as a list, so that each check is one loop

enum { QUERY, KEYS, IN, OUT, X, TENSORS };
static const char *const names[TENSORS] = { "router.query", "router.keys", "experts.in",
                                            "experts.out", "x" };

typedef struct {
    Peer peer;
    double *block, *tensors[TENSORS], *gradients[TENSORS]; // in the order of `names`
    size_t count[TENSORS];
    PeerWeights w, dw;
    double *x, *y, *dx, *dy, *scratch;
    PeerToken saved;
    int *ints, *ranks;
} Layer;

static PeerWeights weights_of(double *const *t) {
    return (PeerWeights){ .router = { t[QUERY], t[KEYS] }, .in = t[IN], .out = t[OUT] };
}

static Layer layer_new(const Peer *peer) {
    size_t D = (size_t)peer->D, experts = peer->F * D, lists = 2 * (size_t)peer->C;
    Layer layer = {
        .peer = *peer,
        .count = { lists * D * peer->Dk, lists * peer_keys(peer) * peer->Dk, experts, experts, D },
    };
    size_t scratch = peer_scratch(peer), saved = peer_token_doubles(peer),
           count = 2 * D + scratch + saved;
    for (int i = 0; i < TENSORS; i++) count += 2 * layer.count[i];
    double *next = layer.block = calloc(count, sizeof *next);
    layer.ints = calloc((size_t)peer->C * peer->K + 2 * (size_t)peer->K, sizeof *layer.ints);
    ck_assert(layer.block != NULL && layer.ints != NULL);
    for (int i = 0; i < TENSORS; i++) {
        layer.tensors[i] = take(&next, layer.count[i]);
        layer.gradients[i] = take(&next, layer.count[i]);
    }
    layer.w = weights_of(layer.tensors);
    layer.dw = weights_of(layer.gradients);
    layer.x = layer.tensors[X];
    layer.dx = layer.gradients[X];
    layer.y = take(&next, D);
    layer.dy = take(&next, D);
    layer.scratch = take(&next, scratch);
    layer.saved = peer_token(take(&next, saved), layer.ints, peer);
    layer.ranks = layer.ints + (size_t)peer->C * peer->K;
    ck_assert_ptr_eq(next, layer.block + count);
    return layer;
}

static void layer_free(Layer *layer) {
    free(layer->block);
    free(layer->ints);
    *layer = (Layer){ 0 };
}

static Layer random_layer(const Peer *peer, uint64_t seed) {
    Layer layer = layer_new(peer);
    static const char *const keys[TENSORS] = { "query", "keys", "in", "out", "x" };
    const double deviation[TENSORS] = { 1.0 / sqrt(peer->D), 1.0, 1.0 / sqrt(peer->D),
                                        1.0 / sqrt(peer->C), 1.0 };
    for (int i = 0; i < TENSORS; i++)
        fill(layer.tensors[i], layer.count[i], deviation[i], seed, keys[i]);
    fill(layer.dy, (size_t)peer->D, 1.0, seed, "dy");
    return layer;
}

static void forward(Layer *l) { peer_forward(l->y, &l->saved, l->ranks, l->x, &l->w, &l->peer); }
static void backward(Layer *l) {
    peer_backward(l->dx, &l->dw, l->scratch, l->dy, &l->saved, l->x, &l->w, &l->peer);
}

// ---- on paper

// D = 2, F = 4 experts, n = 2, one head, K = 2, Dk = 1; so the scale is 1/√2. x = (1, 2); the
// queries are (2, 0)·x = 2 and (0, 1)·x = 2. The keys of the first list are 3 and 0, of the second
// (ln 3)/√2 and 0. A score is 2/√2 = √2 times the key:
//     first list 3√2, 0; second list ln 3, 0
// So expert 0 scores 3√2 + ln 3, expert 1 scores 3√2, and both others much less. The softmax of
// these two is e^(ln 3) : 1, so the gates are 3/4 and 1/4.
// in: expert 0 (10, 0), expert 1 (2, -1); z = 10 and 0; gelu(10) = 10 and gelu'(10) = 1, gelu(0) =
// 0, gelu'(0) = 1/2. out: (1, 1) and (4, 1); y = 3/4·10·(1, 1) + 0 = (7.5, 7.5).
// Backward with dy = (1, 0): out·dy is 1 and 4.
//     expert 0: dgate = 10·1, dz = 3/4·1·1, dout += 7.5·dy = (7.5, 0), din += 3/4·x = (0.75, 1.5),
//               dx += 3/4·in = (7.5, 0)
//     expert 1: dgate = 0, dz = 1/4·1/2·4 = 1/2, dout += 0, din += x/2 = (0.5, 1),
//               dx += in/2 = (1, -0.5)
// Σ gate·dgate = 7.5: dscore = 3/4·(10 - 7.5) = 1.875 and 1/4·(0 - 7.5) = -1.875.
// Both have i = 0, where the two cancel; j = 0 gets 1.875 and j = 1 gets -1.875. With the scale,
// dkeys of the second list = ±1.875·2/√2 = ±1.875·√2, and its dquery = 1.875·(ln 3)/√2/√2 =
// 0.9375·ln 3; its dWq is x times that; dx += (0, 1) times that.
START_TEST(four_experts_on_paper)
{
    const Peer peer = { .D = 2, .F = 4, .C = 1, .K = 2, .Dk = 1 };
    const double ln3 = log(3.0), root = sqrt(2.0), q = 0.9375 * ln3;
    Layer l = layer_new(&peer);
    memcpy(l.x, (double[]){ 1, 2 }, 2 * sizeof(double));
    memcpy(l.dy, (double[]){ 1, 0 }, 2 * sizeof(double));
    memcpy(l.w.router.query, (double[]){ 2, 0, 0, 1 }, 4 * sizeof(double));
    memcpy(l.w.router.keys, (double[]){ 3, 0, ln3 / root, 0 }, 4 * sizeof(double));
    memcpy(l.w.in, (double[]){ 10, 0, 2, -1, 9, 9, 9, 9 }, 8 * sizeof(double));
    memcpy(l.w.out, (double[]){ 1, 1, 4, 1, 9, 9, 9, 9 }, 8 * sizeof(double));
    forward(&l);
    backward(&l);
    ck_assert(l.saved.index[0] == 0 && l.saved.index[1] == 1);
    const struct {
        const char *name;
        const double *actual, expected[8];
        size_t count;
    } numbers[] = {
        { "score", l.saved.score, { 3 * root + ln3, 3 * root }, 2 },
        { "gate", l.saved.gate, { 0.75, 0.25 }, 2 },
        { "y", l.y, { 7.5, 7.5 }, 2 },
        { "dout", l.dw.out, { 7.5, 0, 0, 0, 0, 0, 0, 0 }, 8 },
        { "din", l.dw.in, { 0.75, 1.5, 0.5, 1, 0, 0, 0, 0 }, 8 },
        { "dkeys", l.dw.router.keys, { 0, 0, 1.875 * root, -1.875 * root }, 4 },
        { "dquery", l.dw.router.query, { 0, 0, q, 2 * q }, 4 },
        { "dx", l.dx, { 8.5, q - 0.5 }, 2 },
    };
    for (int i = 0; i < COUNT_OF(numbers); i++) {
        for (size_t j = 0; j < numbers[i].count; j++) {
            ck_assert_msg(fabs(numbers[i].actual[j] - numbers[i].expected[j]) < 1e-13,
                          "%s[%zu] is %g, on paper %g", numbers[i].name, j, numbers[i].actual[j],
                          numbers[i].expected[j]);
        }
    }
    backward(&l); // gradients of parameters are added, dx is written
    ck_assert_double_eq_tol(l.dw.out[0], 15, 1e-13);
    ck_assert_double_eq_tol(l.dw.router.query[3], 4 * q, 1e-13);
    ck_assert_double_eq_tol(l.dx[0], 8.5, 1e-13);
    layer_free(&l);
}
END_TEST

// ---- the golden file: the numbers of the sgatlin paper's own code

// Runs all tokens of the file, and compares the results and the sums of the gradients.
static void expect_golden(Layer *l, const Safetensors *file, size_t keys, size_t entries) {
    size_t D = l->count[X], count = safetensors_find(file, "x")->count;
    TokenResults results = token_results_new(count / D, D, keys, entries);
    double *x = new_doubles(count), *dy = new_doubles(count);
    char gradient[64];
    read_tensor(x, file, "x", count);
    read_tensor(dy, file, "dy", count);
    for (size_t t = 0; t < results.N; t++) {
        memcpy(l->x, x + t * D, D * sizeof *x);
        memcpy(l->dy, dy + t * D, D * sizeof *dy);
        forward(l);
        backward(l);
        token_results_set(&results, t, l->y, l->dx, l->saved.scores, l->saved.score,
                          l->saved.index);
    }
    expect_token_results(file, &results);
    for (int i = 0; i < X; i++) {
        snprintf(gradient, sizeof gradient, "grad.%s", names[i]);
        expect_tensor(file, gradient, l->gradients[i], l->count[i]);
    }
    token_results_free(&results);
    free(x);
    free(dy);
}

START_TEST(the_golden_file_agrees)
{
    Safetensors file = golden_ffn_file("peer");
    const Peer peer = { .D = golden_size(&file, "D"),
                        .F = golden_size(&file, "F"),
                        .C = golden_size(&file, "C"),
                        .K = golden_size(&file, "K"),
                        .Dk = golden_size(&file, "Dk") };
    Layer l = layer_new(&peer);
    for (int i = 0; i < X; i++) read_tensor(l.tensors[i], &file, names[i], l.count[i]);
    expect_golden(&l, &file, 2 * (size_t)peer.C * peer_keys(&peer), (size_t)peer.C * peer.K);
    layer_free(&l);
    safetensors_close(&file);
}
END_TEST

// ---- finite differences

static double loss(void *layer) {
    Layer *l = layer;
    forward(l);
    return weighted_sum(l->y, l->dy, (size_t)l->peer.D);
}

START_TEST(backward_is_the_slope_of_forward)
{
    static const int sizes[][5] = { { 5, 9, 2, 3, 4 }, { 3, 16, 3, 1, 2 }, { 7, 25, 1, 5, 3 },
                                    { 1, 4, 2, 2, 1 }, { 6, 1, 2, 1, 2 },  { 4, 4, 5, 2, 3 } };
    const int *s = sizes[_i];
    const Peer peer = { .D = s[0], .F = s[1], .C = s[2], .K = s[3], .Dk = s[4] };
    Layer l = random_layer(&peer, 7);
    forward(&l);
    backward(&l);
    // With one expert per head the softmax is 1 whatever the score, and the router has no gradient.
    const Slopes slopes = { loss, &l, l.saved.index, (size_t)peer.C * peer.K };
    for (int i = 0; i < TENSORS; i++) {
        bool none = peer.K == 1 && i <= KEYS;
        (none ? expect_no_slopes : expect_slopes)(names[i], l.tensors[i], l.gradients[i],
                                                  l.count[i], &slopes);
    }
    layer_free(&l);
}
END_TEST

// ---- bridges

static const Peer peer_sizes = { .D = 11, .F = 25, .C = 3, .K = 4, .Dk = 6 };

// A flat router with one key per expert: both sub-keys concatenated, and both queries.
static void concatenate(double *flat_query, double *flat_keys, const Layer *l) {
    const Peer *peer = &l->peer;
    size_t n = (size_t)peer_keys(peer), Dk = (size_t)peer->Dk, D = (size_t)peer->D,
           F = (size_t)peer->F, C = (size_t)peer->C;
    for (size_t list = 0; list < 2 * C; list++) {
        size_t part = list / C, c = list % C;
        for (size_t d = 0; d < D; d++) {
            memcpy(flat_query + ((c * D + d) * 2 + part) * Dk,
                   l->w.router.query + (list * D + d) * Dk, Dk * sizeof(double));
        }
        for (size_t f = 0; f < F; f++) {
            size_t sub = part == 0 ? f / n : f % n;
            memcpy(flat_keys + ((c * F + f) * 2 + part) * Dk,
                   l->w.router.keys + (list * n + sub) * Dk, Dk * sizeof(double));
        }
    }
}

// PEER's router is the flat key-value router whose keys are all pairs of sub-keys: the same scores,
// the same experts.
START_TEST(the_router_is_a_flat_one_over_all_pairs)
{
    const KeyValue flat = {
        .parts = 1, .C = peer_sizes.C, .n = peer_sizes.F, .D = peer_sizes.D, .Dk = 2 * peer_sizes.Dk
    };
    enum { C = 3, F = 25, D = 11, WIDE = 12, K = 4 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        double Wq[C * D * WIDE], keys[C * F * WIDE], query[C * WIDE], scores[C * F], best[K];
        int index[K];
        Layer l = random_layer(&peer_sizes, seed);
        forward(&l);
        concatenate(Wq, keys, &l);
        key_value_scores(scores, query, l.x, &(RouterWeights){ Wq, keys }, &flat);
        for (int c = 0; c < C; c++) {
            top_k(index, scores + c * F, F, K);
            for (int k = 0; k < K; k++) {
                ck_assert_int_eq(index[k], l.saved.index[c * K + k]);
                best[k] = scores[c * F + index[k]];
            }
            expect("score", l.saved.score + c * K, best, K, 1e-13);
        }
        layer_free(&l);
    }
}
END_TEST

// One head with one expert: the softmax of one number is 1, whatever it is, and the layer is that
// neuron.
START_TEST(one_head_and_one_choice_is_one_neuron)
{
    const Peer peer = { .D = 7, .F = 16, .C = 1, .K = 1, .Dk = 3 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        Layer l = random_layer(&peer, seed);
        double z = 0.0, y[7];
        forward(&l);
        const double *in = l.w.in + l.saved.index[0] * peer.D,
                     *out = l.w.out + l.saved.index[0] * peer.D;
        for (int d = 0; d < peer.D; d++) z += in[d] * l.x[d];
        for (int d = 0; d < peer.D; d++) y[d] = gelu(z) * out[d];
        ck_assert_double_eq(l.saved.gate[0], 1.0);
        expect("gelu(in·x) out", l.y, y, (size_t)peer.D, 1e-15);
        layer_free(&l);
    }
}
END_TEST

// The layer is the sum over its heads, each alone over the same experts: an expert that two heads
// select counts twice.
START_TEST(heads_add_up)
{
    Layer all = random_layer(&peer_sizes, 3);
    Peer alone = peer_sizes;
    alone.C = 1;
    double sum[11] = { 0 };
    size_t query = (size_t)peer_sizes.D * peer_sizes.Dk,
           keys = (size_t)peer_keys(&peer_sizes) * peer_sizes.Dk;
    int shared = 0;
    forward(&all);
    for (size_t c = 0; c < 3; c++) {
        Layer l = layer_new(&alone);
        for (size_t part = 0; part < 2; part++) {
            size_t list = part * 3 + c;
            memcpy(l.w.router.query + part * query, all.w.router.query + list * query,
                   query * sizeof(double));
            memcpy(l.w.router.keys + part * keys, all.w.router.keys + list * keys,
                   keys * sizeof(double));
        }
        memcpy(l.w.in, all.w.in, all.count[IN] * sizeof(double));
        memcpy(l.w.out, all.w.out, all.count[OUT] * sizeof(double));
        memcpy(l.x, all.x, (size_t)peer_sizes.D * sizeof(double));
        forward(&l);
        for (int d = 0; d < peer_sizes.D; d++) sum[d] += l.y[d];
        layer_free(&l);
    }
    for (int a = 0; a < 12; a++) {
        for (int b = a + 1; b < 12; b++) shared += all.saved.index[a] == all.saved.index[b];
    }
    // otherwise no expert would be selected twice
    ck_assert_int_gt(shared, 0);
    expect("y", all.y, sum, 11, 1e-14);
    layer_free(&all);
}
END_TEST

// If all experts have the same gate, the layer is chapter 01's mlp, whose neurons are the experts,
// divided by their number.
START_TEST(equal_gates_make_an_mlp)
{
    enum { D = 5, F = 12 };
    const Peer peer = { .D = D, .F = F, .C = 1, .K = F, .Dk = 1 };
    double in[F * D], out[F * D], up[D * F], x[D], y[D], mlp[D], score[F] = { 0 }, gate[F], z[F],
                                                                 hidden[2 * F];
    int index[F];
    fill(in, F * D, 1.0, 1, "in");
    fill(out, F * D, 1.0 / F, 1, "out");
    fill(x, D, 1.0, 1, "x");
    for (int f = 0; f < F; f++) {
        index[f] = F - 1 - f;
        for (int d = 0; d < D; d++) up[d * F + f] = in[f * D + d];
    }
    const PeerToken token = { .score = score, .index = index, .gate = gate, .z = z };
    peer_experts(y, &token, x, &(PeerWeights){ .in = in, .out = out }, &peer);
    mlp_forward(mlp, &(MlpSaved){ hidden, hidden + F }, x, &(MlpWeights){ up, out },
                &(DenseSizes){ D, F });
    for (int d = 0; d < D; d++) y[d] *= F;
    expect("mlp", y, mlp, D, 1e-14);
}
END_TEST

// A softmax depends on differences only: a head's gates stay the same when all of its scores rise.
// In chapter 06 they do not.
START_TEST(adding_to_all_scores_of_a_head_changes_nothing)
{
    Layer l = random_layer(&peer_sizes, 4);
    double before[11];
    forward(&l);
    memcpy(before, l.y, sizeof before);
    for (int slot = 0; slot < 12; slot++) l.saved.score[slot] += 5.0 * (slot / peer_sizes.K);
    peer_experts(l.y, &l.saved, l.x, &l.w, &peer_sizes);
    expect("y", l.y, before, 11, 1e-13);
    layer_free(&l);
}
END_TEST

// Only the selected experts have a gradient, from all heads that selected them.
START_TEST(experts_not_selected_have_no_gradient)
{
    Layer l = random_layer(&peer_sizes, 6);
    bool selected[25] = { false };
    forward(&l);
    backward(&l);
    for (int slot = 0; slot < peer_sizes.C * peer_sizes.K; slot++)
        selected[l.saved.index[slot]] = true;
    for (int f = 0; f < peer_sizes.F; f++) {
        for (int d = 0; d < peer_sizes.D; d++) {
            ck_assert_int_eq(l.dw.out[f * peer_sizes.D + d] != 0.0, selected[f]);
            ck_assert_int_eq(l.dw.in[f * peer_sizes.D + d] != 0.0, selected[f]);
        }
    }
    layer_free(&l);
}
END_TEST

// ---- usage

// Four experts with total gates 1, 1, 0, 2: shares 1/4, 1/4, 0, 1/2; ln 4 - 1/2 ln 4 - 1/2 ln 2 =
// 1/2 ln 2.
START_TEST(usage_on_paper)
{
    static const double total[4] = { 1, 1, 0, 2 }, even[4] = { 3, 3, 3, 3 },
                        one[4] = { 0, 0, 7, 0 }, none[4] = { 0 };
    ck_assert_double_eq(expert_usage(total, 4), 0.75);
    ck_assert_double_eq_tol(expert_unevenness(total, 4), 0.5 * log(2.0), 1e-15);
    ck_assert_double_eq(expert_usage(even, 4), 1.0);
    ck_assert_double_eq_tol(expert_unevenness(even, 4), 0.0, 1e-15);
    ck_assert_double_eq(expert_usage(one, 4), 0.25);
    ck_assert_double_eq_tol(expert_unevenness(one, 4), log(4.0), 1e-15);
    ck_assert_double_eq(expert_usage(none, 4), 0.0);
    ck_assert_double_eq(expert_unevenness(none, 4), 0.0);
}
END_TEST

// A token's gates add up to 1 per head and are added to the experts it selected.
START_TEST(a_token_adds_its_gates)
{
    Layer l = random_layer(&peer_sizes, 8);
    double total[25] = { 0 }, sum = 0.0;
    forward(&l);
    expert_usage_add(total, &l.saved, &peer_sizes);
    expert_usage_add(total, &l.saved, &peer_sizes);
    for (int f = 0; f < peer_sizes.F; f++) {
        double expected = 0.0;
        for (int slot = 0; slot < 12; slot++)
            expected += l.saved.index[slot] == f ? 2 * l.saved.gate[slot] : 0.0;
        ck_assert_double_eq_tol(total[f], expected, 1e-15);
        sum += total[f];
    }
    ck_assert_double_eq_tol(sum, 2.0 * peer_sizes.C, 1e-14);
    layer_free(&l);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { four_experts_on_paper },
        { the_golden_file_agrees },
        { backward_is_the_slope_of_forward, 6 },
        { the_router_is_a_flat_one_over_all_pairs },
        { one_head_and_one_choice_is_one_neuron },
        { heads_add_up },
        { equal_gates_make_an_mlp },
        { adding_to_all_scores_of_a_head_changes_nothing },
        { experts_not_selected_have_no_gradient },
        { usage_on_paper },
        { a_token_adds_its_gates },
    };
    return run_tests("05 peer", tests, COUNT_OF(tests));
}
