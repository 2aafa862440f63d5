#ifndef REFERENCE_CIRCUITS_PREDICTIONS_H
#define REFERENCE_CIRCUITS_PREDICTIONS_H
#include <stdbool.h>
#include <stdint.h>

// What a model says comes next.
typedef struct {
    int32_t token;
    double logit, probability;
} Prediction;

// The P most likely of logits [V], best first: equal ones go to the lower id, and TOKEN_PAD is none
// (1 <= P < V). false: a logit is NaN.
bool predictions_of(Prediction *out, const float *logits, int P, int V);
Prediction prediction_of(const float *logits, int32_t token, int V); // of one token
#endif
