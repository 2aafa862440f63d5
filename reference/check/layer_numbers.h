#ifndef REFERENCE_CHECK_LAYER_NUMBERS_H
#define REFERENCE_CHECK_LAYER_NUMBERS_H
#include "reference/ffn/layer.h"

// The inputs and outputs of one feed-forward layer in double: the form in which implementations
// are compared.
typedef struct {
    Config config;
    int B, T, N;        // N = B·T
    Tensors tensors;    // this layer's alone
    double *parameters; // in: block
    double *x, *dy;     // in: [N,D]
    double *y, *dx;     // out: [N,D]; dx and gradients are those of sum(y·dy)
    double *gradients;  // out: block

    // Sparse kinds only, else NULL.
    double *scores; // out: the router's, before any top-k, [N,keys] ([N,2,C,n]; of flat routers
                    // [N,C,F], of a moe [N,E])
    double *score;  // [N,C,K] highest first, or of a ragged gating [start[N]]
    int32_t *index; // the same shape
    int32_t *start; // [N+1] of a ragged gating, whose score and index have capacity N·E; else NULL
    bool given;     // score, index and start are inputs: the layer must use this choice
} LayerNumbers;

bool layer_numbers_new(LayerNumbers *out, const Config *config, int B, int T, Error *error);
void layer_numbers_free(LayerNumbers *numbers);
void layer_numbers_from(LayerNumbers *out, const FfnLayer *layer); // parameters, x, dy, widened
size_t layer_numbers_entries(const LayerNumbers *numbers);         // of the gating

// Fills the outputs with those of the reference, forward and backward, on inputs rounded to float.
// false: see checked_layer.h.
bool reference_layer_run(LayerNumbers *numbers, Error *error);
#endif
