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
    float *scratch;         // loss_scratch floats
} LossCall;

size_t loss_scratch(int N, int V);

// Mean loss in nats over the scored targets; 0 when there are none. With dx [N,D] and dembedding
// [V,D] (both or neither) also their gradients, written.
double loss_mean(const LossCall *call, float *dx, float *dembedding, int64_t *scored);
#endif
