#ifndef REFERENCE_FFN_LAYER_H
#define REFERENCE_FFN_LAYER_H
#include "reference/ffn/ffn.h"

// One feed-forward layer with its own memory, for measuring, testing and comparing. A model owns
// the memory of its layers itself.
typedef struct {
    Config config;
    int B, T, N; // rows, tokens per row, N = B·T
    Tensors tensors;
    float *parameters, *gradients; // blocks of tensors.floats
    float *x, *y, *dy, *dx;        // [N,D]
    float *saved, *scratch;        // each followed by guard_floats more
    size_t saved_floats, scratch_floats, guard_floats;
    const int32_t *tokens; // [N]: the tokens that were read (padding); NULL: none is padding
    double loss;           // what the last forward pass adds to the training loss
} FfnLayer;

// Everything is zero. scratch is for the present number of threads. guard_floats are for tests that
// check that no call writes past its memory; otherwise 0. false: the config is not valid, or out of
// memory; nothing is left behind.
bool ffn_layer_new(FfnLayer *out, const Config *config, int B, int T, size_t guard_floats,
                   Error *error);
void ffn_layer_free(FfnLayer *layer);

// Draws parameters of the size that training starts with (biases too, which training starts at
// zero), and x and dy standard normal.
void ffn_layer_randomize(FfnLayer *layer, uint64_t seed);

// x, parameters → y, saved, loss; hooks (NULL: none) see layer number 0.
void ffn_layer_forward(FfnLayer *layer, const HookList *hooks);
// dy, saved → dx, gradients
void ffn_layer_backward(FfnLayer *layer);
// What the layer changes of its parameters itself after an optimizer's step.
void ffn_layer_after_step(FfnLayer *layer);
Gating ffn_layer_gating(const FfnLayer *layer); // N = 0 for dense kinds
#endif
