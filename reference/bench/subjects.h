#ifndef REFERENCE_BENCH_SUBJECTS_H
#define REFERENCE_BENCH_SUBJECTS_H
#include "reference/bench/rounds.h"
#include "reference/ffn/layer.h"
#include "reference/model/model.h"

// What is timed: one feed-forward layer alone, and one training step of a whole model, both on B
// rows of T tokens drawn at random. The object owns its memory and must stay in place while a Bench
// points to it.

enum { LAYER_FORWARD, LAYER_BACKWARD, LAYER_PARTS };

// A layer with random numbers in it, for threads as they are now. false: nothing is left behind.
bool layer_subject_new(FfnLayer *out, const Config *config, int B, Error *error);
void layer_subject_run(void *layer, double seconds[BENCH_PARTS]); // of an FfnLayer

typedef struct {
    int B;
    Model model;
    Activations *activations;
    float *gradients, *moments; // [floats], [2·floats]
    int32_t *inputs, *targets;  // [B,T]
    int64_t step;               // steps done
} StepSubject;

// The loss belongs to backward: logits and their gradient are made in the same blocks of rows. The
// update is the norm of the gradient, clipping, and AdamW.
enum { STEP_FORWARD, STEP_BACKWARD, STEP_UPDATE, STEP_PARTS };

bool step_subject_new(StepSubject *out, const Config *config, int B, Error *error);
void step_subject_free(StepSubject *step);
void step_subject_run(void *step, double seconds[BENCH_PARTS]);

// The work of one run, counted, not measured: FLOPs of matrix products and experts by the authors'
// count (backward twice forward; attention as the whole square, of which a causal one may leave
// half out), for a step with the logits; of them, what is multiplied with gathered rows of experts;
// and the bytes that AdamW reads and writes.
typedef struct {
    // a gathered float is one multiplication and one addition
    double flops, gathered_bytes, update_bytes;
} CountedWork;
CountedWork layer_counted(const Config *config, int B);
CountedWork step_counted(const Config *config, int B);
#endif
