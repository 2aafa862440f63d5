#ifndef REFERENCE_MODEL_LOSS_H
#define REFERENCE_MODEL_LOSS_H
#include <stddef.h>
#include <stdint.h>

// Cross-entropy of logits = x embedding^T over a large vocabulary, LOSS_ROWS tokens at a time, so
// that [N,V] logits are never stored whole. Targets that are TOKEN_PAD are not scored.
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

// Sum of the scored targets' losses in nats / divisor: their mean where the divisor is their
// number, a micro-batch's share of it where the divisor is that of the whole step. 0 when the
// divisor is 0. With dx [N,D] and dembedding [V,D] (both or neither) also their gradients, written.
double cross_entropy_loss(const LossCall *call, float *dx, float *dembedding);
#endif
