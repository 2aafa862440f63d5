#ifndef REFERENCE_MODEL_MODEL_H
#define REFERENCE_MODEL_MODEL_H
#include "reference/config/config.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/tensors.h"

// A decoder-only language model (chapter 07): pre-norm, tied embedding, any kind of feed-forward
// layer.
//   h = embedding[inputs];  per layer: h += attention(rmsnorm(h)), h += ffn(rmsnorm(h));
//   logits = rmsnorm(h) · embedding^T
typedef struct {
    Config config;
    Tensors tensors;   // layout.h
    int *layers;       // [L]: index in tensors of each layer's first
    float *parameters; // block
} Model;

// Checks the config, declares the tensors and allocates the parameters (zero). false: nothing is
// left behind.
bool model_new(Model *out, const Config *config, Error *error);
void model_free(Model *model);

// A layer's tensors, indexed by LayerTensor (layout.h).
static inline const Tensor *model_layer(const Model *model, int layer) {
    return &model->tensors.items[model->layers[layer]];
}

// The memory of a pass over at most B rows of T tokens, in one block: passes do not allocate. It is
// sized for the present number of threads, so set that first.
typedef struct Activations Activations;

// Whether the indices of such a pass, which are ints, can count its tokens and expert choices.
bool model_countable(const Config *config, int B, int T, Error *error);

// The size of that block in floats: what a forward pass saves, and with `training` what backward
// needs besides.
size_t model_activation_floats(const Config *config, int B, int T, bool training);
Activations *model_activations_new(const Config *config, int B, int T, bool training, Error *error);
void model_activations_free(Activations *activations);

// The hooks of the following passes (see gating.h), copied; NULL: none.
void model_hooks(Activations *activations, const HookList *hooks);

// Forward pass over inputs [B,T] (each below V), up to the output norm.
void model_forward(const Model *model, Activations *activations, const int32_t *inputs, int B,
                   int T);

// Cross-entropy in nats of the last forward pass: the sum over targets [B,T] that are not
// TOKEN_PAD, divided by divisor, which is the number of scored targets of the whole step
// (count_scored in loss.h); the number of these targets gives their mean. 0 if divisor is 0. Logits
// are computed a few rows at a time.
double model_loss(const Model *model, Activations *activations, const int32_t *targets,
                  int64_t divisor);

// The balancing losses that the layers of the last forward pass add to the cross-entropy.
double model_balance_loss(const Activations *activations);

// model_loss, and the backward pass of it and of the layers' own losses: overwrites every gradient
// in `gradients`, a block. Call it after model_forward of the same inputs, with activations made
// for training. With the divisor of the whole step the gradients of its micro-batches add up to the
// step's, except for the layers' own losses, which are means over the tokens of the call.
double model_backward(const Model *model, Activations *activations, const int32_t *inputs,
                      const int32_t *targets, int64_t divisor, float *gradients);

// Call it after the optimizer's step and before the next pass: layers update those of their
// parameters that have no gradient.
void model_after_step(Model *model, Activations *activations);

// out [rows,V]: logits of tokens first .. first+rows-1 of the last forward pass.
void model_logits(const Model *model, Activations *activations, int first, int rows, float *out);

// Views of what the last forward pass computed, valid until the next one.
const float *model_after_attention(const Activations *activations, int layer); // residual [N,D]
const float *model_after_ffn(const Activations *activations, int layer);       // residual [N,D]
// [N,H,Dh]: what each head gathered, before the output projection.
const float *model_attended(const Activations *activations, int layer);
Gating model_gating(const Activations *activations, int layer); // N = 0 for dense kinds

// The cost of the whole model for one sequence of config->T tokens, forward.
typedef struct {
    Cost layers;       // all L layers, attention and feed-forward, by the sgatlin paper's count
    double flops_full; // with the logits
    double parameters, active_parameters; // with embedding and norms
} ModelCost;
ModelCost model_cost(const Config *config);
#endif
