#ifndef REFERENCE_CHECK_BACKEND_AGREE_H
#define REFERENCE_CHECK_BACKEND_AGREE_H
#include "reference/check/compare.h"
#include "reference/train/backend.h"

// How far a device may be from another one.
typedef struct {
    Tolerance losses;
    Tolerance forward;    // logits, scores, and the gradient's norm
    Tolerance backward;   // gradients
    Tolerance training;   // what training made of parameters and moments
    double move;          // of what AdamW can move a parameter by, the share that may differ
    double other_choices; // the share of rows in which another expert may be chosen
} Tolerances;
Tolerances tolerances_of(Precision precision, int L); // against fp32, of a model of L layers

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
    Tolerances tolerances;
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

// false: the error names the first disagreement; too many other choices are one.
bool backends_agree(BackendErrors *errors, const BackendComparison *comparison, Error *error);

// Whether other choices in `others` of `rows` rows are within Tolerances.other_choices.
bool few_other_choices(const BackendComparison *comparison, long others, long rows, Error *error);

// Whether a step with a parameter that is not finite fails and changes nothing.
bool backend_refuses_nan(const Backend *backend, const Config *config, int B, Error *error);
#endif
