#ifndef TESTS_HARNESS_LAYER_H
#define TESTS_HARNESS_LAYER_H
#include "reference/ffn/ffn.h"

// One feed-forward layer of the fast rung alone, with the memory its contract asks for and nothing
// more: what the layer must write is filled with NaN before, and fences stand behind `saved` and
// `scratch`.
typedef struct {
    Config config;
    int B, T, N;
    Tensors tensors;
    float *parameters, *gradients; // blocks
    float *x, *y, *dy, *dx;        // [N,D]
    float *saved, *scratch;
    size_t saved_floats, scratch_floats; // as the layer asked
    const int32_t *tokens;               // [N], what was read, or NULL
    double loss;                         // what the last forward pass added to the training's
    HookList hooks;
} Layer;

// Scratch is taken for the number of threads at this moment: set it before. false: nothing is left
// behind.
bool layer_new(Layer *out, const Config *config, int B, int T, Error *error);
void layer_free(Layer *layer);

// Parameters of the size training starts with (biases too: not zero), x and dy standard normal.
void layer_randomize(Layer *layer, uint64_t seed);

// Forward, then backward, as a model would call them. false: a fence was written over, or something
// the layer owes was left unwritten, or was not finite.
bool layer_forward(Layer *layer, Error *error);
bool layer_backward(Layer *layer, Error *error);
void layer_after_step(Layer *layer);     // as training does, where the kind has something to do
Gating layer_gating(const Layer *layer); // N = 0 for dense kinds

// One layer's numbers in double, what goes in and what comes out: the form in which rungs of the
// chain are compared.
typedef struct {
    Config config;
    int B, T, N;
    Tensors tensors;    // this layer's alone
    double *parameters; // block, in
    double *x, *dy;     // [N,D] in
    double *y, *dx;     // [N,D] out; dx and gradients are those of sum(y·dy)
    double *gradients;  // block, out
    // Sparse kinds only, else NULL.
    // every key's score before any top-k: [N,2,C,n], or [N,C,F] of the flat routers, or a moe's
    // logits [N,E]; out
    double *scores;
    double *score;  // [N,C,K] highest first, out
    int32_t *index; // [N,C,K] out
    int32_t *start; // [N+1] of a list, whose score and index have room for N·E entries; else NULL
    bool given;     // score, index and start are inputs: the choice is not this layer's
} LayerNumbers;

bool layer_numbers_new(LayerNumbers *out, const Config *config, int B, int T, Error *error);
void layer_numbers_free(LayerNumbers *numbers);
void layer_numbers_from(LayerNumbers *out, const Layer *layer); // parameters, x, dy, widened

size_t layer_numbers_entries(const LayerNumbers *numbers); // of the gating

// Runs the reference forward and backward on numbers that a float holds (others are rounded).
bool reference_layer_run(LayerNumbers *numbers, Error *error);

// Every layer that is built in: each kind of the registry, and of kinds that have them, each router
// with each activation, each routing with each pool. The sizes are left zero. false: i is past the
// last. name (NULL: not wanted) is for messages.
enum { VARIANT_NAME = 64 };
bool layer_variant(int i, Config *out, char name[VARIANT_NAME]);
int layer_variants(void);

void fill_normal(float *out, size_t count, uint64_t key, double deviation);
#endif
