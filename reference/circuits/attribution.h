#ifndef REFERENCE_CIRCUITS_ATTRIBUTION_H
#define REFERENCE_CIRCUITS_ATTRIBUTION_H
#include "reference/circuits/predictions.h"
#include "reference/model/model.h"

// Exact attribution of a logit. With the gates, the attention weights and the scales of the norms
// as they are, the logit of a token after a position is a sum of one term for the embedding, one
// for each head of each layer and one for each active neuron. Each term is what the part adds to
// the residual stream times
//   direction [D] = output_norm · embedding[token] / rms of the last residual
// and that of a neuron is score · (in·x) · (out · direction). With an activation or in peer, the
// first two factors are act(score · (in·x)) or softmax(score) · gelu(in·x): the sum is as exact,
// but a neuron is not linear in x. In a moe there is one term for each expert of the token.

typedef enum { TERM_EMBEDDING, TERM_HEAD, TERM_NEURON, TERM_EXPERT, TERMS } TermKind;
extern const char *const term_names[TERMS]; // "embedding", "head", "neuron", "expert"

typedef struct {
    TermKind kind;
    int layer;          // of a head, neuron or expert
    int head;           // of a head
    int channel, index; // of a neuron; an expert has channel 0
    double z;           // of a neuron: in·x
    double weight;      // of a neuron: what `out` is multiplied by; of an expert: its score
    double value;
} Term;

typedef struct {
    Term *terms; // the embedding, then layer by layer the heads and the neurons or experts
    int count;
    double total;          // the sum of their values: the logit, to rounding
    Prediction prediction; // the token, with the model's logit
} Attribution;

enum { MOST_LIKELY = -1 };

// Of the last forward pass, over inputs [N]: the logit of `token`, or of the most likely one, after
// row `row` of its N rows. Dense kinds are an error, and logits that are NaN.
bool attribution_new(Attribution *out, const Model *model, Activations *activations,
                     const int32_t *inputs, int row, int32_t token, Error *error);
void attribution_free(Attribution *attribution);

// direction [D] of a token at a row of the last forward pass, whose norm's scale it has: the logit
// is the last residual times direction.
void logit_direction(double *direction, const Model *model, const Activations *activations, int row,
                     int32_t token);

// The largest values first, whatever their sign; equal ones in their order.
void attribution_sort(Attribution *attribution);
#endif
