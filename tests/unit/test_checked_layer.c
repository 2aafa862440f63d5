// Layers that break their contract in one way each: the checked runs must say so.
#include "reference/check/checked_layer.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <string.h>

enum { B = 2, T = 3, D = 5, F = 7, N = B * T };

static const Ffn *mlp(void) { return ffn_of(&(Config){ .ffn = ffn_find("mlp") }); }

static void writes_past_saved(const FfnCall *call) {
    mlp()->forward(call);
    call->saved[mlp()->saved(call->config, N)] = 1.0f;
}
static void writes_past_scratch(const FfnCall *call) {
    mlp()->backward(call);
    call->scratch[mlp()->scratch(call->config, N, 1) + 63] = 1.0f;
}
static void leaves_y_unwritten(const FfnCall *call) {
    float *y = call->y, last = y[N * D - 1];
    mlp()->forward(call);
    y[N * D - 1] = last;
}
static void adds_to_dx(const FfnCall *call) {
    float before = call->dx[0];
    mlp()->backward(call);
    call->dx[0] += before;
}
static void leaves_a_gradient_unwritten(const FfnCall *call) {
    float *up = ffn_gradient(call, 0), first = up[0];
    mlp()->backward(call);
    up[0] = first;
}
static void uses_the_last_call_s_scratch(const FfnCall *call) {
    float before = call->scratch[0];
    mlp()->backward(call);
    call->dx[1] += before;
}

static const struct {
    void (*forward)(const FfnCall *call);
    void (*backward)(const FfnCall *call);
    const char *says; // NULL: no problem
} layers[] = {
    { NULL, NULL, NULL },
    { writes_past_saved, NULL, "forward wrote past the end of saved, at float 0" },
    { NULL, writes_past_scratch, "backward wrote past the end of scratch, at float 63" },
    { leaves_y_unwritten, NULL, "y[29] was not written" },
    { NULL, adds_to_dx, "dx[0] was not written or is not finite" },
    { NULL, leaves_a_gradient_unwritten, "up[0] was not written" },
    { NULL, uses_the_last_call_s_scratch, "dx[1] was not written or is not finite" },
};

START_TEST(a_broken_contract_is_reported)
{
    Ffn ffn = *mlp();
    if (layers[_i].forward != NULL) ffn.forward = layers[_i].forward;
    if (layers[_i].backward != NULL) ffn.backward = layers[_i].backward;
    Config config = { .ffn = &ffn.kind, .T = T, .D = D, .F = F };
    FfnLayer layer;
    Error error = { "" };
    ck_assert_msg(checked_layer_new(&layer, &config, B, T, &error), "%s", error.text);
    ffn_layer_randomize(&layer, 1);
    bool ok = checked_forward(&layer, NULL, &error) && checked_backward(&layer, &error);
    ck_assert_msg(ok == (layers[_i].says == NULL), "%s", error.text);
    if (!ok) ck_assert_msg(strstr(error.text, layers[_i].says) != NULL, "%s", error.text);
    ffn_layer_free(&layer);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_broken_contract_is_reported, COUNT_OF(layers) },
    };
    return run_tests("checked layer", tests, COUNT_OF(tests));
}
