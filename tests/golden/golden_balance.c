// The balancing of a mixture of experts (moe_balance): the two losses and their gradients, the bias
// in choosing and one step of it, all through the layer itself, whose experts are left at zero so
// that y and what it owes dy are nothing.
#include "reference/check/checked_layer.h"
#include "tests/golden/golden_check.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The file states no float32 error; measured 1.4e-8 of the losses, 8e-7 of the gradients' rms,
// 1.3e-7 of the weights'.
static const Tolerance LOSS = { .relative = 1e-7 }, GRADIENT = { .relative = 4e-6 },
                       WEIGHT = { .relative = 1e-6 };

static const Tensor *tensor(const FfnLayer *layer, const char *name) {
    return tensors_find(&layer->tensors, name);
}

// A layer with the file's x and router. false: the problem was reported.
static bool open_layer(GoldenFile *golden, FfnLayer *layer, const Config *config,
                       const double *bias) {
    Error error = { "" };
    int N = config->T, D = config->D;
    const double *x = golden_input(golden, "x", (Shape){ { N, D } });
    const double *router = golden_input(golden, "router", (Shape){ { D, config->E } });
    if (x == NULL || router == NULL) return false;
    if (!checked_layer_new(layer, config, 1, N, &error))
        return golden_problem(golden, "%s", error.text);
    for (int i = 0; i < N * D; i++) layer->x[i] = (float)x[i];
    float *at = layer->parameters + tensor(layer, "router")->offset;
    for (int i = 0; i < D * config->E; i++) at[i] = (float)router[i];
    at = bias != NULL ? layer->parameters + tensor(layer, "router_bias")->offset : NULL;
    for (int e = 0; at != NULL && e < config->E; e++) at[e] = (float)bias[e];
    if (checked_forward(layer, NULL, &error) && checked_backward(layer, &error)) return true;
    ffn_layer_free(layer);
    return golden_problem(golden, "%s", error.text);
}

// One loss alone.
static void check_loss(GoldenFile *golden, const Config *config, const char *name,
                       const char *gradient) {
    FfnLayer layer;
    Shape shape = { { config->D, config->E } };
    if (!open_layer(golden, &layer, config, NULL)) return;
    golden_compare(golden, name, name, (Shape){ { 1 } }, &layer.loss, LOSS);
    golden_compare_floats(golden, gradient, gradient, shape,
                          layer.gradients + tensor(&layer, "router")->offset, GRADIENT);
    golden_compare_ints(golden, "indices", "indices", (Shape){ { config->T, config->K } },
                        ffn_layer_gating(&layer).index);
    ffn_layer_free(&layer);
}

static void check_bias(GoldenFile *golden, const Config *config) {
    int N = config->T, E = config->E, K = config->K;
    FfnLayer layer;
    const double *bias = golden_input(golden, "bias", (Shape){ { E } });
    int32_t *count = calloc((size_t)E, sizeof *count);
    if (count == NULL) golden_problem(golden, "no memory for %d counts", E);
    if (count == NULL || bias == NULL || !open_layer(golden, &layer, config, bias)) {
        free(count);
        return;
    }
    Gating gating = ffn_layer_gating(&layer);
    golden_compare_ints(golden, "biased.indices", "biased.indices", (Shape){ { N, K } },
                        gating.index);
    golden_compare_floats(golden, "biased.weights", "biased.weights", (Shape){ { N, K } },
                          gating.score, WEIGHT);
    for (size_t i = 0; i < gating_entries(&gating); i++) count[gating.index[i]]++;
    golden_compare_ints(golden, "biased.counts", "biased.counts", (Shape){ { E } }, count);
    ffn_layer_after_step(&layer);
    golden_compare_floats(golden, "bias_after", "bias_after", (Shape){ { E } },
                          layer.parameters + tensor(&layer, "router_bias")->offset, WEIGHT);
    ffn_layer_free(&layer);
    free(count);
}

void golden_check_balance(GoldenFile *golden) {
    Config config = golden->config;
    config.T = (int)golden_number(golden, "N", 0, 1 << 16);
    double switched = golden_number(golden, "switch_alpha", 0, 1),
           z = golden_number(golden, "z_alpha", 0, 1);
    double step = golden_number(golden, "bias_step", 0, 1);
    if (golden->problems) return;
    config.F = 1;
    config.switch_loss = switched;
    check_loss(golden, &config, "switch_loss", "grad.switch.router");
    config.switch_loss = 0.0;
    config.z_loss = z;
    check_loss(golden, &config, "z_loss", "grad.z.router");
    config.z_loss = 0.0;
    config.bias_step = step;
    check_bias(golden, &config);
}
