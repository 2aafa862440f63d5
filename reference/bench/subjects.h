#ifndef REFERENCE_BENCH_SUBJECTS_H
#define REFERENCE_BENCH_SUBJECTS_H
#include "reference/bench/rounds.h"
#include "reference/ffn/layer.h"
#include "reference/generate/decoder.h"
#include "reference/generate/sampling.h"
#include "reference/train/backend.h"

// What is timed: one feed-forward layer alone, one training step of a whole model, both on B rows
// of T random tokens, and the generation of T tokens. The object owns its memory and must not move
// while a Bench points to it.

enum { LAYER_FORWARD, LAYER_BACKWARD, LAYER_PARTS };

// A layer with random parameters and inputs, for the current number of threads.
bool layer_subject_new(FfnLayer *out, const Config *config, int B, Error *error);
void layer_subject_run(void *layer, double seconds[BENCH_PARTS]); // of an FfnLayer

// A training step as `sgatlin train` makes it, on one batch over and over.
typedef struct {
    const Backend *backend;
    Device *device;
    int32_t *inputs, *targets; // [B,T]
    int64_t step;              // steps done
} StepSubject;

bool step_subject_new(StepSubject *out, const Backend *backend, const Config *config, int B,
                      Error *error);
void step_subject_free(StepSubject *step);
// seconds [STEP_PHASES], as the backend measures them
void step_subject_run(void *step, double seconds[BENCH_PARTS]);

// Generation as `sgatlin sample` does it, of one stream by a model with random parameters: a run
// starts from nothing and fills the context window.
typedef struct {
    Model model;
    Decoder *decoder;
    Candidate *candidates; // [V]
} GenerateSubject;

bool generate_subject_new(GenerateSubject *out, const Backend *backend, const Config *config,
                          Error *error);
void generate_subject_free(GenerateSubject *generate);
void generate_subject_run(void *generate, double seconds[BENCH_PARTS]);

// The work of one run, counted rather than measured: backward as twice forward, attention as the
// whole square (a causal implementation may skip half of it), a step with the logits.
typedef struct {
    double flops;          // of matrix products and experts, by the sgatlin paper's count
    double gathered_bytes; // of the gathered expert rows; each float is two of `flops`
    double update_bytes;   // that AdamW reads and writes
    double read_bytes;     // of generation: the weights, keys and values that each token reads
} CountedWork;
CountedWork layer_counted(const Config *config, int B);
CountedWork step_counted(const Config *config, int B);
CountedWork generate_counted(const Config *config);
#endif
