#ifndef TESTS_HARNESS_TINY_MODEL_H
#define TESTS_HARNESS_TINY_MODEL_H
#include "reference/train/backend.h"
#include "tests/harness/layer.h"

// A model small enough to check number by number, with one batch for it.
typedef struct {
    Model model;
    Activations *activations;
    float *gradients; // block
    int B, T;
    int32_t *inputs, *targets; // [B,T]; inputs: TOKEN_END, then the targets but the last
} TinyModel;

// Odd sizes and three heads: F 9, C 2, K 2, Dk 3 where the kind has them.
Config tiny_config(const Config *kind, int V, int T);

// Initial parameters, but norms and biases moved away from 1 and 0; random targets, of which the
// last two of the last row are TOKEN_PAD. Fails the running test when out of memory.
TinyModel tiny_model(const Config *config, int B, uint64_t seed);
void tiny_free(TinyModel *tiny);
// With the i-th layer of layer_variant (layer.h), and its name.
TinyModel tiny_variant(int i, int V, int B, int T, char name[VARIANT_NAME]);

int64_t tiny_scored(const TinyModel *tiny); // targets that are not TOKEN_PAD
void tiny_forward(TinyModel *tiny);
double tiny_loss(TinyModel *tiny);     // forward, and the loss alone
double tiny_backward(TinyModel *tiny); // forward and backward; overwrites gradients of NaN
float *tiny_logits(TinyModel *tiny);   // [B·T,V] of the last forward pass; the caller frees

// A device opened with a copy of the model as it is now. The caller closes it.
Device *tiny_device(const TinyModel *tiny, const Backend *backend, DeviceUse use);
#endif
