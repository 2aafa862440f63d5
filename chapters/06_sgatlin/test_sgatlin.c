#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/token_results.h"
#include "tests/harness/expect.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUTERS = 4, ACTIVATIONS = 4 };

// ---- a layer with its memory in one block; its tensors as a list, so that each check is one loop

enum { QUERY, KEYS, IN, OUT, X, TENSORS };
static const char *const names[TENSORS] = { "router.query", "router.keys", "experts.in",
                                            "experts.out", "x" };

typedef struct {
    Sgatlin s;
    double *block, *tensors[TENSORS], *gradients[TENSORS]; // in the order of `names`
    size_t count[TENSORS];
    SgatlinWeights w, dw;
    double *x, *y, *dx, *dy, *scratch;
    SgatlinToken saved;
    int *ints, *ranks;
} Layer;

static SgatlinWeights weights_of(double *const *t) {
    return (SgatlinWeights){ .router = { t[QUERY], t[KEYS] }, .in = t[IN], .out = t[OUT] };
}

static Layer layer_new(const Sgatlin *s) {
    size_t D = (size_t)s->D, experts = (size_t)s->C * s->F * D;
    Layer layer = {
        .s = *s,
        .count = { D * sgatlin_query_width(s), (size_t)sgatlin_lists(s) * sgatlin_keys(s) * s->Dk,
                   experts, experts, D },
    };
    size_t scratch = sgatlin_scratch(s), saved = sgatlin_token_doubles(s),
           count = 2 * D + scratch + saved;
    for (int i = 0; i < TENSORS; i++) count += 2 * layer.count[i];
    double *next = layer.block = calloc(count, sizeof *next);
    layer.ints = calloc((size_t)s->C * s->K + 2 * (size_t)s->K, sizeof *layer.ints);
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
    layer.saved = sgatlin_token(take(&next, saved), layer.ints, s);
    layer.ranks = layer.ints + (size_t)s->C * s->K;
    ck_assert_ptr_eq(next, layer.block + count);
    return layer;
}

static void layer_free(Layer *layer) {
    free(layer->block);
    free(layer->ints);
    *layer = (Layer){ 0 };
}

static Layer random_layer(const Sgatlin *s, uint64_t seed) {
    Layer layer = layer_new(s);
    static const char *const keys[TENSORS] = { "query", "keys", "in", "out", "x" };
    const double deviation[TENSORS] = { 1.0 / sqrt(s->D), 1.0 / sqrt(s->Dk), 1.0 / sqrt(s->D),
                                        1.0 / sqrt(s->C * s->K), 1.0 };
    for (int i = 0; i < TENSORS; i++)
        fill(layer.tensors[i], layer.count[i], deviation[i], seed, keys[i]);
    fill(layer.dy, (size_t)s->D, 1.0, seed, "dy");
    return layer;
}

static void forward(Layer *l) { sgatlin_forward(l->y, &l->saved, l->ranks, l->x, &l->w, &l->s); }
static void backward(Layer *l) {
    sgatlin_backward(l->dx, &l->dw, l->scratch, l->dy, &l->saved, l->x, &l->w, &l->s);
}

// ---- on paper

// D = 2, one channel of F = 4 neurons, n = 2, K = 2, Dk = 1. x = (1, 2), the query is (1, 1)·x = 3.
// Keys: 1, 2 in the first list, 0, -1 in the second: scores 3, 6 and 0, -3. Sums by neuron i·2 + j:
//     f       0   1   2   3
//     score   3   0   6   3
// The best two are neuron 2 with 6 and, of two with 3, the lower index: neuron 0.
// in: neuron 0 (1, 0), neuron 2 (0, 1);  z = 2 for neuron 2, 1 for neuron 0.
// out: neuron 0 (0, 1), neuron 2 (1, 1);  y = 6·2·(1,1) + 3·1·(0,1) = (12, 15).
// Backward with dy = (1, 0): out·dy is 1 for neuron 2 and 0 for neuron 0.
//     neuron 2: dscore = z·1 = 2, dz = score·1 = 6, dout += 12·dy = (12,0), din += 6·x = (6,12),
//               dx += 6·in = (0,6)
//     neuron 0: dscore = 0, dz = 0, dout += 3·dy = (3,0)
// Neuron 2 is (i 1, j 0): dscores is 2 at key 1 of the first list and at key 0 of the second;
//     dkeys = dscores·query = 6 at both; dquery = 2·2 + 2·0 = 4; dWq = x·4 = (4, 8); dx += Wq·4 =
//     (4, 4): dx = (4, 10).
START_TEST(four_neurons_on_paper)
{
    const Sgatlin s = { .router = PRODUCT_DENSE, .D = 2, .F = 4, .C = 1, .K = 2, .Dk = 1 };
    Layer l = layer_new(&s);
    memcpy(l.x, (double[]){ 1, 2 }, 2 * sizeof(double));
    memcpy(l.dy, (double[]){ 1, 0 }, 2 * sizeof(double));
    memcpy(l.w.router.query, (double[]){ 1, 1 }, 2 * sizeof(double));
    memcpy(l.w.router.keys, (double[]){ 1, 2, 0, -1 }, 4 * sizeof(double));
    memcpy(l.w.in, (double[]){ 1, 0, 9, 9, 0, 1, 9, 9 }, 8 * sizeof(double));
    memcpy(l.w.out, (double[]){ 0, 1, 9, 9, 1, 1, 9, 9 }, 8 * sizeof(double));
    forward(&l);
    backward(&l);
    ck_assert(l.saved.index[0] == 2 && l.saved.index[1] == 0);
    ck_assert(l.saved.score[0] == 6 && l.saved.score[1] == 3);
    const struct {
        const char *name;
        const double *actual, expected[8];
        size_t count;
    } numbers[] = {
        { "y", l.y, { 12, 15 }, 2 },
        { "dout", l.dw.out, { 3, 0, 0, 0, 12, 0, 0, 0 }, 8 },
        { "din", l.dw.in, { 0, 0, 0, 0, 6, 12, 0, 0 }, 8 },
        { "dkeys", l.dw.router.keys, { 0, 6, 6, 0 }, 4 },
        { "dquery", l.dw.router.query, { 4, 8 }, 2 },
        { "dx", l.dx, { 4, 10 }, 2 },
    };
    for (int i = 0; i < COUNT_OF(numbers); i++) {
        for (size_t j = 0; j < numbers[i].count; j++) {
            ck_assert_msg(numbers[i].actual[j] == numbers[i].expected[j],
                          "%s[%zu] is %g, on paper %g", numbers[i].name, j, numbers[i].actual[j],
                          numbers[i].expected[j]);
        }
    }
    backward(&l); // gradients of parameters are added, dx is written
    ck_assert(l.dw.router.query[1] == 16 && l.dw.in[5] == 24 && l.dx[1] == 10);
    layer_free(&l);
}
END_TEST

// ---- golden files: the numbers of the sgatlin paper's own code

static const char *const golden[] = {
    "sgatlin_dense_identity",
    "sgatlin_key_value_identity",
    "sgatlin_product_dense_identity",
    "sgatlin_product_dense_relu",
    "sgatlin_product_dense_gelu",
    "sgatlin_product_dense_swish",
    "sgatlin_product_key_value_identity",
};

static int enum_value(const Safetensors *file, const char *key, const char *const *words,
                      int count) {
    const char *value = safetensors_metadata(file, key);
    for (int i = 0; value != NULL && i < count; i++) {
        if (strcmp(value, words[i]) == 0) return i;
    }
    ck_assert_msg(value == NULL, "%s: %s is unknown", key, value);
    return 0; // absent: the default
}

static Sgatlin golden_sizes(const Safetensors *file) {
    static const char *const routers[] = { "product_dense", "product_key_value", "dense",
                                           "key_value" };
    static const char *const activations[] = { "identity", "relu", "gelu", "swish" };
    return (Sgatlin){ .router = (SgatlinRouter)enum_value(file, "router", routers, ROUTERS),
                      .activation = (SgatlinActivation)enum_value(file, "activation", activations,
                                                                  ACTIVATIONS),
                      .D = golden_size(file, "D"),
                      .F = golden_size(file, "F"),
                      .C = golden_size(file, "C"),
                      .K = golden_size(file, "K"),
                      .Dk = golden_size(file, "Dk") };
}

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

START_TEST(golden_files_agree)
{
    Safetensors file = golden_ffn_file(golden[_i]);
    Sgatlin s = golden_sizes(&file);
    Layer l = layer_new(&s);
    for (int i = 0; i < X; i++) read_tensor(l.tensors[i], &file, names[i], l.count[i]);
    expect_golden(&l, &file, (size_t)sgatlin_lists(&s) * sgatlin_keys(&s), (size_t)s.C * s.K);
    layer_free(&l);
    safetensors_close(&file);
}
END_TEST

// ---- finite differences

static double loss(void *layer) {
    Layer *l = layer;
    forward(l);
    return weighted_sum(l->y, l->dy, (size_t)l->s.D);
}

START_TEST(backward_is_the_slope_of_forward)
{
    static const int sizes[][5] = {
        { 5, 9, 2, 3, 4 }, { 3, 16, 3, 1, 2 }, { 7, 25, 1, 5, 3 }, { 1, 4, 2, 2, 1 }
    };
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        Sgatlin s = { .router = (SgatlinRouter)(_i % ROUTERS),
                      .activation = (SgatlinActivation)(_i / ROUTERS),
                      .D = sizes[i][0],
                      .F = sizes[i][1],
                      .C = sizes[i][2],
                      .K = sizes[i][3],
                      .Dk = sizes[i][4] };
        Layer l = random_layer(&s, 7);
        forward(&l);
        backward(&l);
        const Slopes slopes = { loss, &l, l.saved.index, (size_t)s.C * s.K };
        for (int t = 0; t < TENSORS; t++)
            expect_slopes(names[t], l.tensors[t], l.gradients[t], l.count[t], &slopes);
        layer_free(&l);
    }
}
END_TEST

// ---- bridges

static const Sgatlin sgatlin_sizes = {
    .router = PRODUCT_DENSE, .D = 11, .F = 25, .C = 3, .K = 4, .Dk = 6
};

static void experts(Layer *l, double *y, const double *x) {
    sgatlin_experts(y, &l->saved, x, &l->w, &l->s);
}

// The largest difference between f(a·u + b·v) and a·f(u) + b·f(v), with the gating of x.
static double nonlinearity(Layer *l) {
    enum { D = 11 };
    const double a = 1.7, b = -0.6;
    double u[D], v[D], mixed[D], of_u[D], of_v[D], of_mixed[D], worst = 0.0;
    fill(u, D, 1.0, 1, "u");
    fill(v, D, 1.0, 1, "v");
    for (int d = 0; d < D; d++) mixed[d] = a * u[d] + b * v[d];
    experts(l, of_u, u);
    experts(l, of_v, v);
    experts(l, of_mixed, mixed);
    for (int d = 0; d < D; d++) worst = fmax(worst, fabs(of_mixed[d] - a * of_u[d] - b * of_v[d]));
    return worst;
}

START_TEST(frozen_gates_make_it_linear)
{
    Sgatlin s = sgatlin_sizes;
    s.router = (SgatlinRouter)_i;
    Layer l = random_layer(&s, 3);
    forward(&l);
    ck_assert_double_lt(nonlinearity(&l), 1e-13);
    // with an activation it is not
    for (int activation = RELU; activation <= SWISH; activation++) {
        l.s.activation = (SgatlinActivation)activation;
        ck_assert_double_gt(nonlinearity(&l), 1e-3);
    }
    layer_free(&l);
}
END_TEST

// The matrix of a gating, W = Σ score · out inᵀ, gives the layer's output.
START_TEST(a_gating_is_a_matrix)
{
    enum { D = 11 };
    Layer l = random_layer(&sgatlin_sizes, 4);
    double W[D * D] = { 0 }, y[D] = { 0 }; // y_o = Σ_i W[o][i] x_i
    forward(&l);
    for (int slot = 0; slot < sgatlin_sizes.C * sgatlin_sizes.K; slot++) {
        size_t neuron =
            ((size_t)(slot / sgatlin_sizes.K) * sgatlin_sizes.F + l.saved.index[slot]) * D;
        for (int o = 0; o < D; o++) {
            for (int i = 0; i < D; i++)
                W[o * D + i] += l.saved.score[slot] * l.w.out[neuron + o] * l.w.in[neuron + i];
        }
    }
    for (int o = 0; o < D; o++) {
        for (int i = 0; i < D; i++) y[o] += W[o * D + i] * l.x[i];
    }
    expect("W(x) x", l.y, y, D, 1e-13);
    layer_free(&l);
}
END_TEST

// Without an activation a token three times as long selects the same neurons with three times the
// scores: the output is nine times as long.
START_TEST(the_gates_grow_with_the_input)
{
    Sgatlin s = sgatlin_sizes;
    s.router = (SgatlinRouter)_i;
    Layer l = random_layer(&s, 9);
    int index[12];
    double nine[11];
    forward(&l);
    memcpy(index, l.saved.index, sizeof index);
    for (int d = 0; d < s.D; d++) {
        nine[d] = 9 * l.y[d];
        l.x[d] *= 3;
    }
    forward(&l);
    ck_assert(memcmp(index, l.saved.index, sizeof index) == 0);
    expect("y", l.y, nine, (size_t)s.D, 1e-13);
    layer_free(&l);
}
END_TEST

// One channel, every neuron selected, all scores 1: y = W_outᵀ (W_in x), by chapter 01's linear.
START_TEST(gates_of_one_make_a_plain_linear_map)
{
    enum { D = 5, F = 12 };
    const Sgatlin s = { .router = DENSE, .D = D, .F = F, .C = 1, .K = F, .Dk = 3 };
    Layer l = random_layer(&s, 5);
    double in_columns[D * F], hidden[F], y[D];
    forward(&l);
    for (int k = 0; k < F; k++) l.saved.score[k] = 1.0;
    experts(&l, l.y, l.x);
    for (int f = 0; f < F; f++) {
        for (int d = 0; d < D; d++) in_columns[d * F + f] = l.w.in[f * D + d];
    }
    linear(hidden, l.x, in_columns, D, F);
    linear(y, hidden, l.w.out, F, D);
    expect("W_out W_in x", l.y, y, D, 1e-13);
    layer_free(&l);
}
END_TEST

// A product router is the flat router whose keys are all sums of two sub-keys: same gating, same
// output. For the dense routers keys are [Dk,lists,n]; flat key i·n + j of channel c is sub-key i
// plus sub-key j.
static void sum_dense_keys(Layer *flat, const Layer *product) {
    const Sgatlin *s = &product->s;
    int n = sgatlin_keys(s), C = s->C;
    for (int d = 0; d < s->Dk; d++) {
        for (int c = 0; c < C; c++) {
            const double *first = product->w.router.keys + ((size_t)d * 2 * C + c) * n,
                         *second = first + (size_t)C * n;
            double *key = flat->w.router.keys + ((size_t)d * C + c) * s->F;
            for (int f = 0; f < s->F; f++) key[f] = first[f / n] + second[f % n];
        }
    }
}

// The key-value router has one query per list, so its flat key is both sub-keys concatenated, and
// so is its query: the width is 2·Dk, and both scales are 1/√(2 Dk).
static void concatenate_keys(Layer *flat, const Layer *product) {
    const Sgatlin *s = &product->s;
    int n = sgatlin_keys(s), C = s->C, D = s->D, Dk = s->Dk;
    for (int part = 0; part < 2; part++) {
        for (int c = 0; c < C; c++) {
            size_t list = (size_t)part * C + c;
            for (int d = 0; d < D; d++) {
                memcpy(flat->w.router.query + ((size_t)c * D + d) * 2 * Dk + (size_t)part * Dk,
                       product->w.router.query + (list * D + d) * Dk, (size_t)Dk * sizeof(double));
            }
            for (int f = 0; f < s->F; f++) {
                memcpy(flat->w.router.keys + ((size_t)c * s->F + f) * 2 * Dk + (size_t)part * Dk,
                       product->w.router.keys + (list * n + (part == 0 ? f / n : f % n)) * Dk,
                       (size_t)Dk * sizeof(double));
            }
        }
    }
}

START_TEST(a_product_router_is_a_flat_one_over_the_sums)
{
    Sgatlin s = sgatlin_sizes;
    s.router = (SgatlinRouter)_i;
    Sgatlin flat_sizes = s;
    flat_sizes.router = s.router == PRODUCT_DENSE ? DENSE : KEY_VALUE;
    if (flat_sizes.router == KEY_VALUE) flat_sizes.Dk = 2 * s.Dk;
    for (uint64_t seed = 0; seed < 20; seed++) {
        Layer product = random_layer(&s, seed), flat = layer_new(&flat_sizes);
        memcpy(flat.w.in, product.w.in, product.count[IN] * sizeof(double));
        memcpy(flat.w.out, product.w.out, product.count[OUT] * sizeof(double));
        memcpy(flat.x, product.x, (size_t)s.D * sizeof(double));
        if (flat_sizes.router == DENSE) {
            memcpy(flat.w.router.query, product.w.router.query,
                   product.count[QUERY] * sizeof(double));
            sum_dense_keys(&flat, &product);
        } else {
            concatenate_keys(&flat, &product);
        }
        forward(&product);
        forward(&flat);
        for (int slot = 0; slot < s.C * s.K; slot++)
            ck_assert_int_eq(product.saved.index[slot], flat.saved.index[slot]);
        expect("score", product.saved.score, flat.saved.score, (size_t)s.C * s.K, 1e-13);
        expect("y", product.y, flat.y, (size_t)s.D, 1e-12);
        layer_free(&product);
        layer_free(&flat);
    }
}
END_TEST

// Only the selected neurons have a gradient.
START_TEST(neurons_not_selected_have_no_gradient)
{
    Layer l = random_layer(&sgatlin_sizes, 6);
    bool selected[3 * 25] = { false };
    forward(&l);
    backward(&l);
    for (int slot = 0; slot < sgatlin_sizes.C * sgatlin_sizes.K; slot++) {
        selected[slot / sgatlin_sizes.K * sgatlin_sizes.F + l.saved.index[slot]] = true;
    }
    for (int f = 0; f < sgatlin_sizes.C * sgatlin_sizes.F; f++) {
        for (int d = 0; d < sgatlin_sizes.D; d++) {
            ck_assert_int_eq(l.dw.out[f * sgatlin_sizes.D + d] != 0.0, selected[f]);
            ck_assert_int_eq(l.dw.in[f * sgatlin_sizes.D + d] != 0.0, selected[f]);
        }
    }
    layer_free(&l);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { four_neurons_on_paper },
        { golden_files_agree, COUNT_OF(golden) },
        { backward_is_the_slope_of_forward, ROUTERS * ACTIVATIONS },
        { frozen_gates_make_it_linear, ROUTERS },
        { a_gating_is_a_matrix },
        { the_gates_grow_with_the_input, ROUTERS },
        { gates_of_one_make_a_plain_linear_map },
        { a_product_router_is_a_flat_one_over_the_sums, 2 },
        { neurons_not_selected_have_no_gradient },
    };
    return run_tests("06 sgatlin", tests, COUNT_OF(tests));
}
