#ifndef CHAPTERS_07_LANGUAGE_MODEL_LANGUAGE_MODEL_H
#define CHAPTERS_07_LANGUAGE_MODEL_LANGUAGE_MODEL_H
#include "chapters/07_language_model/adamw.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/feed_forward.h"

// A decoder-only language model, pre-norm, with a tied embedding (as in the sgatlin paper's code):
//   h = embedding[tokens];  for each layer: h += attention(rmsnorm(h)), h += ffn(rmsnorm(h));
//   logits = rmsnorm(h) · embedding^T
// It works on one sequence at a time. A batch is a loop over sequences, because gradients add.

typedef struct {
    double *attention_norm, *ffn_norm; // [D]
    AttentionWeights attention;
    FeedForwardWeights ffn;
} LayerWeights;

typedef struct {
    double *embedding;    // [V,D]
    LayerWeights *layers; // [L]
    double *output_norm;  // [D]
} ModelWeights;

// What one layer saves from forward for backward.
typedef struct {
    double *residual, *residual_mid; // [T,D]: before attention, and before the feed-forward layer
    double *normed, *normed_mid;     // [T,D]: the same after the norm
    AttentionSaved attention;
    FeedForwardToken *ffn; // [T]
} LayerSaved;

typedef struct {
    double *sublayer_out;        // [T,D]: the output of attention or of the feed-forward layer
    double *dresidual, *dnormed; // [T,D]: gradients
    double *dx, *p;              // [D], [V]
    double *ffn;                 // as the feed-forward kind needs
    AttentionSaved attention;    // gradients of what attention saved
    int *inputs;                 // [T]
} ModelScratch;

typedef struct LanguageModel LanguageModel;

// A function to be called in forward (not in backward) after each sublayer, with its output [T,D],
// which is added to the residual stream next: it may read what the sublayer saved, and change the
// output.
typedef enum { SUBLAYER_ATTENTION, SUBLAYER_FFN } Sublayer;
typedef struct {
    void (*call)(void *context, double *sublayer_out, const LanguageModel *model, int layer,
                 Sublayer sublayer, int T);
    void *context;
} SublayerHook;

struct LanguageModel {
    ModelSizes sizes;
    ParameterList list;
    double *parameters, *gradients, *adam_m, *adam_v; // blocks of list.doubles
    ModelWeights w, dw;                               // views of parameters and gradients
    LayerSaved *layers;                               // [L]
    double *residual, *normed; // [T,D]: after the last layer, and after the output norm
    double *logits;            // [T,V]
    ModelScratch scratch;
    SublayerHook hook;        // call = NULL: none
    FeedForwardToken *tokens; // [L,T]
    double *doubles;          // the memory of all of the above
    int *ints;
};

// NULL if the sizes are valid; otherwise the rule that they break, which names what to change.
const char *model_sizes_problem(const ModelSizes *sizes);

// Everything is 0 except the norms, which are 1: initialise the parameters before use (each has a
// `deviation`). false: out of memory, or invalid sizes; nothing is left allocated.
bool language_model_new(LanguageModel *out, const ModelSizes *sizes);
void language_model_free(LanguageModel *model);

// inputs [T] = TOKEN_END, followed by all but the last of the targets [T].
void shift_right(int *inputs, const int *targets, int T);

// inputs [T], each below V, T at most sizes.T: fills logits [T,V], and all that backward needs.
void language_model_forward(LanguageModel *model, const int *inputs, int T);

// The sum of the losses, in nats, of the last forward pass for targets [T]; TOKEN_PAD is not
// scored.
double language_model_loss(const LanguageModel *model, const int *targets, int T);
int scored_targets(const int *targets, int count);

// The backward pass of weight · (sum of losses): adds to the gradients.
void language_model_backward(LanguageModel *model, const int *inputs, const int *targets, int T,
                             double weight);

// Sets the gradients to those of the mean loss over the targets [B,T], and returns that loss.
double language_model_gradient(LanguageModel *model, const int *targets, int B, int T);

typedef struct {
    double loss;          // mean over the scored targets, before the step
    double gradient_norm; // before clipping
    double learning_rate;
} StepReport;

// One training step on targets [B,T]: gradients of the mean loss, clipping, AdamW. step counts from
// 0.
StepReport language_model_step(LanguageModel *model, const int *targets, int B, int T,
                               const TrainingPlan *plan, int step);
#endif
