#ifndef CHAPTER_07_LANGUAGE_MODEL_H
#define CHAPTER_07_LANGUAGE_MODEL_H
#include "chapters/07_language_model/adamw.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/feed_forward.h"

// A decoder-only language model, pre-norm, with a tied embedding (as in the sgatlin authors' code):
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

// What one layer keeps from forward to backward.
typedef struct {
    // [T,D]: the residual residual before attention, and before the feed-forward layer
    double *residual, *residual_mid;
    double *normed, *normed_mid; // [T,D]
    AttentionSaved attention;
    FeedForwardToken *ffn; // [T]
} LayerSaved;

// What passes need in passing, [T,D] unless said otherwise; dresidual is the gradient on its way back
// up the residual.
typedef struct {
    double *sublayer_out, *dsublayer_out, *dresidual, *dnormed;
    double *p, *part, *ffn;   // [V], [D], as the feed-forward kind asks
    AttentionSaved attention; // gradients of what attention saved
    int *inputs;              // [T]
} ModelScratch;

typedef struct {
    ModelSizes sizes;
    ParameterList list;
    // blocks of list.doubles; adam_m and adam_v are AdamW's
    double *parameters, *gradients, *adam_m, *adam_v;
    ModelWeights w, dw; // views of parameters and gradients
    LayerSaved *layers; // [L]
    // [T,D]: behind the last layer; after the output norm
    double *residual, *normed;
    double *logits; // [T,V]
    ModelScratch scratch;
    FeedForwardToken *tokens; // [L,T]
    double *doubles;          // what all of the above are views of
    int *ints;
} LanguageModel;

// NULL: the sizes make a model; else the rule that they break, and which letter to change.
const char *model_sizes_problem(const ModelSizes *sizes);

// Everything zeroed but the norms, which start at 1: fill the parameters before use (their `spread`
// says how wide). false: no memory, or sizes with a problem; nothing is left behind.
bool language_model_new(LanguageModel *out, const ModelSizes *sizes);
void language_model_free(LanguageModel *model);

// inputs [T] = the targets [T] shifted right behind TOKEN_END: what stands before each target.
void shift_right(int *inputs, const int *targets, int T);

// inputs [T], each below V, T at most sizes.T: fills logits [T,V], and all that backward reads.
void language_model_forward(LanguageModel *model, const int *inputs, int T);

// Sum of the losses, in nats, of the last forward pass against targets [T]; those that are
// TOKEN_PAD are not scored.
double language_model_loss(const LanguageModel *model, const int *targets, int T);
int scored_targets(const int *targets, int count);

// The way back through all of it, for a loss of share · (sum of losses): adds to the gradients.
void language_model_backward(LanguageModel *model, const int *inputs, const int *targets, int T,
                             double weight);

typedef struct {
    double loss;          // mean over the scored targets, before the step
    double gradient_norm; // before clipping
    double learning_rate;
} StepReport;

// One step of training on targets [B,T]: gradients of the mean loss, clipping, AdamW. step counts
// from 0.
StepReport language_model_step(LanguageModel *model, const int *targets, int B, int T,
                               const TrainingPlan *plan, int step);
#endif
