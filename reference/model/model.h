#ifndef REFERENCE_MODEL_MODEL_H
#define REFERENCE_MODEL_MODEL_H
#include "reference/config/config.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/tensors.h"

// A decoder-only language model: a config, its table and one block of parameters. Pre-norm, tied
// embedding, any feed-forward layer of the registry (chapter 07).
typedef struct {
    Config config;
    Tensors tensors;
    int *layers;       // [L]: where in the table each layer's tensors begin
    float *parameters; // block of tensors.floats
} Model;

// Declares the tensors and takes the block (zeroed). config is checked. false: nothing is left
// behind.
bool model_new(Model *out, const Config *config, Error *error);
void model_free(Model *model);

// A layer's tensors, numbered by LayerTensor (layout.h).
static inline const Tensor *model_layer(const Model *model, int layer) {
    return &model->tensors.items[model->layers[layer]];
}

// One activation arena for B rows of T tokens; its size is known before the first step. Nothing
// allocates in a step. It has room for as many threads as there are when it is made: set their
// number first.
typedef struct Activations Activations;

// Floats model_activations_new would take: all that a forward pass keeps, and with `training` what
// backward adds.
size_t model_activation_floats(const Config *config, int B, int T, bool training);
Activations *model_activations_new(const Config *config, int B, int T, bool training, Error *error);
void model_activations_free(Activations *activations);

// The hooks of the following passes (see gating.h), copied; NULL: none.
void model_hooks(Activations *activations, const HookList *hooks);

// Forward pass over inputs [B,T] (each below V), the loss left out: fills the residual stream.
void model_forward(const Model *model, Activations *activations, const int32_t *inputs, int B,
                   int T);

// Sum of the cross-entropy in nats over the targets [B,T] that are not TOKEN_PAD, / divisor; call
// after model_forward. The divisor is the number of scored targets of the whole step (count_scored
// in loss.h): that of these targets gives their mean, and 0 gives 0. Logits are made a few rows at
// a time.
double model_loss(const Model *model, Activations *activations, const int32_t *targets,
                  int64_t divisor);

// What the layers of the last forward pass add to the loss (balancing); model_loss is the
// cross-entropy alone.
double model_balance_loss(const Activations *activations);

// model_loss and the whole backward pass, of the layers' own losses too: writes every gradient into
// `gradients` (a block of the table's layout). After model_forward of the same inputs, in
// activations that were made with `training`. With the divisor of the whole step, the gradients of
// its micro-batches add up to the step's; the layers' own losses are means over the call's tokens
// and do not.
double model_backward(const Model *model, Activations *activations, const int32_t *inputs,
                      const int32_t *targets, int64_t divisor, float *gradients);

// After the optimizer's step, before the next pass: what layers change of their parameters
// themselves.
void model_after_step(Model *model, Activations *activations);

// Logits of rows first .. first+rows-1 of the last forward pass: out [rows,V].
void model_logits(const Model *model, Activations *activations, int first, int rows, float *out);

// What the last forward pass left, for comparing and recording; views, valid until the next pass.
const float *model_after_attention(const Activations *activations, int layer); // [N,D]
const float *model_after_ffn(const Activations *activations, int layer);       // [N,D]
// N = 0 for dense kinds
Gating model_gating(const Activations *activations, int layer);

// FLOPs, parameters and bytes of the whole model, one sequence of config->T tokens, forward.
typedef struct {
    // all L layers, attention and feed-forward, by the authors' count
    Cost layers;
    double flops_full;                    // with the logits
    double parameters, active_parameters; // with embedding and norms
} ModelCost;
ModelCost model_cost(const Config *config);
#endif
