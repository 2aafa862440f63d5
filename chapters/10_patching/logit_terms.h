#ifndef CHAPTERS_10_PATCHING_LOGIT_TERMS_H
#define CHAPTERS_10_PATCHING_LOGIT_TERMS_H
#include "chapters/07_language_model/language_model.h"

// Exact attribution of a logit. The last residual is a sum: the embedding, what each head of each
// layer added, and what each active neuron added. A logit is its dot product with a direction,
//   direction [D] = output_norm · embedding[token] / rms(residual)
// so it is the same sum of dot products. The term of a neuron is score · (in·x) · (out·direction).

typedef enum { PART_EMBEDDING, PART_HEAD, PART_NEURON } ResidualPart;

typedef struct {
    ResidualPart part;
    int layer;
    int channel, index; // of a neuron; a head has an index alone
    double value;
} LogitTerm;

// The direction of a token's logit at position t of the model's last forward pass.
void token_direction(double *direction, const LanguageModel *model, int t, int token);

// How many terms there are: 1 + L·(H + C·K) for sgatlin, 1 + L·(H + F) for mlp, whose neurons'
// values are gelu(in·x) · (out·direction).
int logit_terms_count(const ModelSizes *sizes);

// Of the last forward pass, of kind sgatlin or mlp, at position t: the embedding, then layer by
// layer the heads and the neurons. direction [D] may be that of a token, or any other.
void logit_terms(LogitTerm *out, const LanguageModel *model, int t, const double *direction);
double sum_of_terms(const LogitTerm *terms, int count);

// The largest values first, whatever their sign; equal ones in their order.
void sort_terms(LogitTerm *terms, int count);
#endif
