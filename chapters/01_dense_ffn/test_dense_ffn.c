// The dense layer against numbers worked out by hand, against the golden files of the layer
// paper's own code, and against finite differences of its own forward pass.
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/01_dense_ffn/neuron.h"
#include "tests/harness/expect.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Tolerance BY_HAND = { .absolute = 1e-12 };

// sigmoid(0) = 1/2; sigmoid(ln 3) = 1/(1 + 1/3) = 3/4. gelu(0) = 0 with slope 1/2; gelu(x) -
// gelu(-x) = x, because x/2 (1 + t) + x/2 (1 - t) = x; far from 0 it is x, or 0. Its tanh form at
// 1: u = 0.7978846 · 1.044715 = 0.8335620, tanh u = 0.6823840, so gelu(1) = 0.8411920.
START_TEST(activations_by_hand)
{
    const double actual[] = {
        sigmoid(0),           sigmoid(log(3)), gelu(0), gelu_derivative(0), gelu(1.3) - gelu(-1.3),
        gelu(30) - gelu(-30), gelu(-30),       gelu(1)
    };
    const double expected[] = { 0.5, 0.75, 0, 0.5, 1.3, 30, 0, 0.8411920 };
    expect_within("activations", actual, expected, 7, BY_HAND);
    expect_within("gelu(1)", actual + 7, expected + 7, 1, (Tolerance){ .absolute = 5e-8 });
}
END_TEST

START_TEST(gelu_slope_is_finite_difference)
{
    for (double x = -6.0; x <= 6.0; x += 0.37) {
        double h = 1e-5, expected = (gelu(x + h) - gelu(x - h)) / (2 * h),
               actual = gelu_derivative(x);
        expect_within("gelu_derivative", &actual, &expected, 1, (Tolerance){ .absolute = 1e-9 });
    }
}
END_TEST

// y = (1, 2) · [1 2 3; 4 5 6] = (1 + 8, 2 + 10, 3 + 12). With dy = (1, 0, -1): dx = (1 - 3, 4 - 6),
// and x ⊗ dy is added to dw, which starts with 10s.
START_TEST(linear_by_hand)
{
    const double x[] = { 1, 2 }, w[] = { 1, 2, 3, 4, 5, 6 }, dy[] = { 1, 0, -1 };
    double y[3], dx[2], dw[] = { 10, 10, 10, 10, 10, 10 };
    linear(y, x, w, 2, 3);
    expect_within("y", y, (double[]){ 9, 12, 15 }, 3, BY_HAND);
    linear_backward(dx, dw, dy, x, w, 2, 3);
    expect_within("dx", dx, (double[]){ -2, -2 }, 2, BY_HAND);
    expect_within("dw", dw, (double[]){ 11, 10, 9, 12, 10, 8 }, 6, BY_HAND);
}
END_TEST

// Two linear layers are one: (x A) B = x (A B), with A [2,3], B [3,2] and A B worked by hand.
START_TEST(two_linear_layers_are_one)
{
    const double x[] = { 3, -2 }, a[] = { 1, 2, 0, -1, 1, 3 }, b[] = { 1, 0, 2, 1, -1, 4 },
                 ab[] = { 5, 2, -2, 13 };
    double middle[3], two[2], one[2];
    linear(middle, x, a, 2, 3);
    linear(two, middle, b, 3, 2);
    linear(one, x, ab, 2, 2);
    expect_within("x (A B)", one, (double[]){ 19, -20 }, 2, BY_HAND);
    expect_within("(x A) B", two, one, 2, BY_HAND);
}
END_TEST

// Two neurons, far enough from zero for gelu to be the hinge itself: x = (10, 20). Neuron 0 gets 10
// + 20 = 30 and passes it on, neuron 1 gets 10 - 3·20 = -50 and outputs 0. y = 30 · (2, -1) + 0 ·
// (5, 5). Backward with dy = (1, 1): the gradient of neuron 0 is 2 - 1 = 1 and that of neuron 1 is
// 0 (its slope is 0), so dx is neuron 0's column of up, ddown[0] = 30 dy, ddown[1] = 0.
START_TEST(mlp_by_hand)
{
    const DenseSizes sizes = { .D = 2, .F = 2 };
    double up[] = { 1, 1, 1, -3 }, down[] = { 2, -1, 5, 5 }, dup[4] = { 0 }, ddown[4] = { 0 };
    const MlpWeights w = { up, down }, dw = { dup, ddown };
    const double x[] = { 10, 20 }, dy[] = { 1, 1 };
    double y[2], preactivation[2], hidden[2], dx[2], scratch[2];
    const MlpSaved saved = { preactivation, hidden };
    mlp_forward(y, &saved, x, &w, &sizes);
    expect_within("preactivation", preactivation, (double[]){ 30, -50 }, 2, BY_HAND);
    expect_within("hidden", hidden, (double[]){ 30, 0 }, 2, BY_HAND);
    expect_within("y", y, (double[]){ 60, -30 }, 2, BY_HAND);
    mlp_backward(dx, &dw, scratch, dy, &saved, x, &w, &sizes);
    expect_within("dx", dx, (double[]){ 1, 1 }, 2, BY_HAND);
    expect_within("dup", dup, (double[]){ 10, 0, 20, 0 }, 4, BY_HAND);
    expect_within("ddown", ddown, (double[]){ 30, 30, 0, 0 }, 4, BY_HAND);
}
END_TEST

// A glu with D = F = 1, and everything that it works on.
typedef struct {
    double up[2], up_bias[2], down, down_bias, dup[2], dup_bias[2], ddown, ddown_bias;
    double y, gate_up[2], hidden, dx, scratch[3];
} SmallGlu;

static const DenseSizes ONE_BY_ONE = { .D = 1, .F = 1 };

static void small_forward(SmallGlu *g, double x) {
    const GluSaved saved = { g->gate_up, &g->hidden };
    const GluWeights w = { g->up, g->up_bias, &g->down, &g->down_bias };
    glu_forward(&g->y, &saved, &x, &w, &ONE_BY_ONE);
}

static void small_backward(SmallGlu *g, double dy, double x) {
    const GluSaved saved = { g->gate_up, &g->hidden };
    const GluWeights w = { g->up, g->up_bias, &g->down, &g->down_bias },
                     dw = { g->dup, g->dup_bias, &g->ddown, &g->ddown_bias };
    glu_backward(&g->dx, &dw, g->scratch, &dy, &saved, &x, &w, &ONE_BY_ONE);
}

// g = 0·x + 0 makes the gate 0·sigmoid(0) = 0 and y = down_bias, whatever u is; its slope there is
// sigmoid(0) = 1/2. With dy = 1, down = 2, u = 3: dg = 2 · 1/2 · (3 + 1) = 4, du = 2 · 0 = 0. Then
// dup = (x dg, 0), dx = 4 · up_g.
START_TEST(glu_by_hand)
{
    SmallGlu g = { .up = { 0, 2 }, .down = 2, .down_bias = 0.25 };
    small_forward(&g, 1.5);
    expect_within("gate_up", g.gate_up, (double[]){ 0, 3 }, 2, BY_HAND);
    expect_within("y", &g.y, &g.down_bias, 1, BY_HAND);
    small_backward(&g, 1, 1.5);
    expect_within("dup", g.dup, (double[]){ 6, 0 }, 2, BY_HAND);
    expect_within("dup_bias", g.dup_bias, (double[]){ 4, 0 }, 2, BY_HAND);
    expect_within("dx", &g.dx, (double[]){ 0 }, 1, BY_HAND);
    expect_within("ddown", &g.ddown, (double[]){ 0 }, 1, BY_HAND);
    expect_within("ddown_bias", &g.ddown_bias, (double[]){ 1 }, 1, BY_HAND);
}
END_TEST

// g = 100 is clamped to 7, whose sigmoid is 1 to within 7e-6, and u = -100 to -7: hidden = 7 · -6,
// and the gradients of both are 0.
START_TEST(clamped_glu_by_hand)
{
    SmallGlu g = { .up_bias = { 100, -100 }, .down = 2, .down_bias = 0.25 };
    small_forward(&g, 1.5);
    expect_within("hidden", &g.hidden, (double[]){ -42 }, 1, (Tolerance){ .absolute = 42 * 7e-6 });
    small_backward(&g, 1, 1.5);
    expect_within("dup_bias", g.dup_bias, (double[]){ 0, 0 }, 2, BY_HAND);
}
END_TEST

// NaN must not become a number: not by gelu, and by neither clamp.
START_TEST(nan_stays_nan)
{
    double one = 1, y, preactivation, hidden;
    const MlpWeights w = { &one, &one };
    mlp_forward(&y, &(MlpSaved){ &preactivation, &hidden }, (double[]){ NAN }, &w, &ONE_BY_ONE);
    ck_assert(isnan(y));
    for (int half = 0; half < 2; half++) {
        SmallGlu g = { .up = { 1, 1 }, .down = 1 };
        g.up_bias[half] = NAN;
        small_forward(&g, 1);
        ck_assert(isnan(g.y));
    }
}
END_TEST

// ---- a layer as one list of tensors, so that each check is one loop
enum { TENSORS = 5 };
// an mlp has no biases
static const char *const names[TENSORS] = { "x", "up", "up_bias", "down", "down_bias" };

typedef struct {
    bool gated;
    DenseSizes sizes;
    double *tensors[TENSORS], *gradients[TENSORS];
    size_t count[TENSORS];
    double *y, *preactivation, *hidden, *scratch;
    const double *dy;
} TestLayer;

static TestLayer layer_new(bool gated, int D, int F) {
    int width = gated ? 2 * F : F;
    TestLayer layer = { .gated = gated,
                        .sizes = { D, F },
                        .count = { D, (size_t)D * width, gated ? width : 0, (size_t)F * D,
                                   gated ? D : 0 } };
    for (int i = 0; i < TENSORS; i++) {
        layer.tensors[i] = new_doubles(layer.count[i]);
        layer.gradients[i] = new_doubles(layer.count[i]);
    }
    layer.y = new_doubles(D);
    layer.preactivation = new_doubles(width);
    layer.hidden = new_doubles(F);
    layer.scratch = new_doubles(3 * (size_t)F);
    return layer;
}

static void layer_free(TestLayer *layer) {
    for (int i = 0; i < TENSORS; i++) {
        free(layer->tensors[i]);
        free(layer->gradients[i]);
    }
    free(layer->y);
    free(layer->preactivation);
    free(layer->hidden);
    free(layer->scratch);
}

static MlpWeights mlp_weights(double *const *tensors) {
    return (MlpWeights){ tensors[1], tensors[3] };
}

static GluWeights glu_weights(double *const *tensors) {
    return (GluWeights){ tensors[1], tensors[2], tensors[3], tensors[4] };
}

static void forward(TestLayer *l) {
    const MlpWeights mlp = mlp_weights(l->tensors);
    const GluWeights glu = glu_weights(l->tensors);
    const MlpSaved mlp_saved = { l->preactivation, l->hidden };
    const GluSaved glu_saved = { l->preactivation, l->hidden };
    if (l->gated)
        glu_forward(l->y, &glu_saved, l->tensors[0], &glu, &l->sizes);
    else
        mlp_forward(l->y, &mlp_saved, l->tensors[0], &mlp, &l->sizes);
}

static void backward(TestLayer *l) {
    const MlpWeights mlp = mlp_weights(l->tensors), dmlp = mlp_weights(l->gradients);
    const GluWeights glu = glu_weights(l->tensors), dglu = glu_weights(l->gradients);
    const MlpSaved mlp_saved = { l->preactivation, l->hidden };
    const GluSaved glu_saved = { l->preactivation, l->hidden };
    double *dx = l->gradients[0], *x = l->tensors[0];
    if (l->gated)
        glu_backward(dx, &dglu, l->scratch, l->dy, &glu_saved, x, &glu, &l->sizes);
    else
        mlp_backward(dx, &dmlp, l->scratch, l->dy, &mlp_saved, x, &mlp, &l->sizes);
}

static double loss(void *test_layer) {
    TestLayer *layer = test_layer;
    forward(layer);
    return weighted_sum(layer->y, layer->dy, (size_t)layer->sizes.D);
}

static const struct {
    bool gated;
    int D, F;
} shapes[] = { { false, 1, 1 }, { false, 3, 5 }, { false, 7, 2 },
               { true, 1, 1 },  { true, 3, 5 },  { true, 7, 2 } };

START_TEST(gradients_are_finite_differences)
{
    TestLayer layer = layer_new(shapes[_i].gated, shapes[_i].D, shapes[_i].F);
    double dy[7];
    fill(dy, (size_t)layer.sizes.D, 1.0, 1, "dy");
    layer.dy = dy;
    for (int i = 0; i < TENSORS; i++) fill(layer.tensors[i], layer.count[i], 0.8, i, "tensor");
    forward(&layer);
    backward(&layer);
    const Slopes slopes = { .loss = loss, .context = &layer };
    for (int i = 0; i < TENSORS; i++) {
        if (layer.count[i] > 0)
            expect_slopes(names[i], layer.tensors[i], layer.gradients[i], layer.count[i], &slopes);
    }
    layer_free(&layer);
}
END_TEST

// A second call adds to the parameters' gradients and overwrites dx.
START_TEST(gradients_add_up)
{
    TestLayer layer = layer_new(_i == 1, 3, 4);
    layer.dy = (double[]){ 1, -2, 0.5 };
    for (int i = 0; i < TENSORS; i++) fill(layer.tensors[i], layer.count[i], 1.0, i, "tensor");
    double *once[TENSORS];
    forward(&layer);
    backward(&layer);
    for (int i = 0; i < TENSORS; i++) {
        once[i] = new_doubles(layer.count[i]);
        for (size_t j = 0; j < layer.count[i]; j++)
            once[i][j] = (i == 0 ? 1 : 2) * layer.gradients[i][j];
    }
    backward(&layer);
    for (int i = 0; i < TENSORS; i++) {
        if (layer.count[i] > 0)
            expect_within(names[i], layer.gradients[i], once[i], layer.count[i], BY_HAND);
        free(once[i]);
    }
    layer_free(&layer);
}
END_TEST

// ---- golden files: the paper's own code in float64
static const char *const golden[] = { "mlp", "glu", "glu_clamped" };
enum { GOLDEN = COUNT_OF(golden) };

START_TEST(golden_files)
{
    char gradient[32];
    Safetensors file = golden_ffn_file(golden[_i]);
    int D = golden_size(&file, "D"), N = golden_size(&file, "B") * golden_size(&file, "T");
    TestLayer layer = layer_new(_i > 0, D, golden_size(&file, "F"));
    for (int i = 1; i < TENSORS; i++) {
        if (layer.count[i] > 0) read_tensor(layer.tensors[i], &file, names[i], layer.count[i]);
    }
    double *x = new_doubles((size_t)N * D), *dy = new_doubles((size_t)N * D);
    double *y = new_doubles((size_t)N * D), *dx = new_doubles((size_t)N * D);
    read_tensor(x, &file, "x", (size_t)N * D);
    read_tensor(dy, &file, "dy", (size_t)N * D);
    for (int t = 0; t < N; t++) {
        memcpy(layer.tensors[0], x + (size_t)t * D, D * sizeof *x);
        forward(&layer);
        layer.dy = dy + (size_t)t * D;
        backward(&layer);
        memcpy(y + (size_t)t * D, layer.y, D * sizeof *y);
        memcpy(dx + (size_t)t * D, layer.gradients[0], D * sizeof *dx);
    }
    expect_tensor(&file, "y", y, (size_t)N * D);
    expect_tensor(&file, "dx", dx, (size_t)N * D);
    for (int i = 1; i < TENSORS; i++) {
        if (layer.count[i] == 0) continue;
        snprintf(gradient, sizeof gradient, "grad.%s", names[i]);
        expect_tensor(&file, gradient, layer.gradients[i], layer.count[i]);
    }
    free(x);
    free(dy);
    free(y);
    free(dx);
    layer_free(&layer);
    safetensors_close(&file);
}
END_TEST

// ---- the neuron
// in 2, bias 0, out 3 and x 0, 10: the outputs are 3·gelu(0) = 0 and 3·20 = 60, the targets 1 and
// 58, so the loss is (1 + 4)/2. dout = (2·2·20)/2 = 40. Point 0: dy = 2·(-1)/2 = -1, slope 1/2, so
// dpreactivation = -1·3/2; point 1: 2·3·1 = 6. dbias = 4.5, din = -1.5·0 + 6·10 = 60.
START_TEST(neuron_by_hand)
{
    const Neuron neuron = { 2, 0, 3 };
    const double x[] = { 0, 10 }, target[] = { 1, 58 };
    Neuron d = neuron_gradient(&neuron, x, target, 2), moved = neuron;
    neuron_step(&moved, &d, 0.5);
    const double actual[] = {
        neuron_loss(&neuron, x, target, 2), d.in, d.bias, d.out, moved.in, moved.bias, moved.out
    };
    expect_within("neuron", actual, (double[]){ 2.5, 60, 4.5, 40, -28, -2.25, -17 }, 7, BY_HAND);
}
END_TEST

// The neuron is an mlp with D = 2 and F = 1: the input is (x, 1), so `up` is in and bias.
START_TEST(neuron_is_the_smallest_mlp)
{
    const Neuron neuron = { 0.7, -0.4, 1.3 };
    for (double x = -3; x <= 3; x += 0.5) {
        double up[] = { neuron.in, neuron.bias }, down[] = { neuron.out, 0 };
        double y[2], preactivation, hidden;
        mlp_forward(y, &(MlpSaved){ &preactivation, &hidden }, (double[]){ x, 1 },
                    &(MlpWeights){ up, down }, &(DenseSizes){ 2, 1 });
        expect_within("mlp", y, (double[]){ neuron_output(&neuron, x), 0 }, 2, BY_HAND);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { activations_by_hand },
        { gelu_slope_is_finite_difference },
        { linear_by_hand },
        { two_linear_layers_are_one },
        { mlp_by_hand },
        { glu_by_hand },
        { clamped_glu_by_hand },
        { nan_stays_nan },
        { gradients_are_finite_differences, COUNT_OF(shapes) },
        { gradients_add_up, 2 },
        { golden_files, GOLDEN },
        { neuron_by_hand },
        { neuron_is_the_smallest_mlp },
    };
    return run_tests("chapter 01: the dense layer", tests, COUNT_OF(tests));
}
