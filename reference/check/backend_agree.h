#ifndef REFERENCE_CHECK_BACKEND_AGREE_H
#define REFERENCE_CHECK_BACKEND_AGREE_H
#include "reference/check/compare.h"
#include "reference/train/backend.h"

// Compares two backends, on a model and a batch drawn for it: forward, loss, gradients, and
// parameters and moments after some training steps, tensor by tensor. In sparse layers rounding may
// choose another expert, which is a large and correct difference (layer_agree.h). So a layer's
// scores and choice are compared, then the expected choice replaces the other's, and what follows
// is computed from the same choice.
typedef struct {
    const Backend *actual, *expected;
    const Config *config;
    int B, micro_batch, steps; // micro_batch: as in Backend.open
    uint64_t seed;
    Tolerance forward, backward, training; // losses, logits and scores; gradients; what training
                                           // made of parameters and moments
    // Called with every comparison; may be NULL. part: "logits", "gradient", "parameter" and so on.
    void (*report)(void *context, const char *part, const char *tensor, const Difference *d);
    void *context;
} BackendComparison;

// The worst errors, relative to the tensor's rms, and in how many rows (a token's choice in one
// channel, or a pool) another expert was chosen.
typedef struct {
    double forward, backward, training;
    long rows, other_choices;
} BackendErrors;

// false: the error names the first disagreement. More than 0.1% of other choices are one.
bool backends_agree(BackendErrors *errors, const BackendComparison *comparison, Error *error);

// Whether a step with a parameter that is not finite fails and changes nothing.
bool backend_refuses_nan(const Backend *backend, const Config *config, int B, Error *error);
#endif
