#ifndef REFERENCE_MODEL_LOSS_H
#define REFERENCE_MODEL_LOSS_H
#include <stddef.h>
#include <stdint.h>

// Cross-entropy of logits = x embedding^T over a large vocabulary, LOSS_ROWS tokens at a time, so
// that the logits [N,V] are never stored whole. Targets that are TOKEN_PAD are not scored.
enum { LOSS_ROWS = 512 };

typedef struct {
    int N, D, V;
    const float *x;         // [N,D], after the output norm
    const float *embedding; // [V,D]
    const int32_t *targets; // [N]
    int64_t divisor;        // of the loss: count_scored of all targets of the step
    float *scratch;         // loss_scratch floats
} LossCall;

size_t loss_scratch(int N, int V);

// How many of targets [N] are scored: all but TOKEN_PAD.
int64_t count_scored(const int32_t *targets, int N);

// The sum of the scored targets' losses in nats, divided by divisor; 0 if divisor is 0. If dx [N,D]
// and dembedding [V,D] (both or neither) are not NULL, also writes their gradients.
double cross_entropy_loss(const LossCall *call, float *dx, float *dembedding);
#endif
