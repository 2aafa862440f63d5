#ifndef REFERENCE_TRAIN_OPTIMIZER_H
#define REFERENCE_TRAIN_OPTIMIZER_H
#include "reference/numbers/tensors.h"

// Warm-up, constant, then 1 - sqrt (chapter 07); steps are counted from 0.
typedef struct {
    double peak;
    int warmup, constant, decay; // steps of each part; after the last one the rate is 0
} Schedule;
double schedule_learning_rate(const Schedule *schedule, int64_t step);

// AdamW (Loshchilov and Hutter 2017) with decoupled decay p -= rate/peak · weight_decay · p, after
// clipping by the global norm. beta1 0.9, beta2 0.999, eps 1e-8, outside the root.
typedef struct {
    double rate, peak, weight_decay, clip; // clip 0: none
} AdamwSettings;

// Root of the sum of squares over the whole block, the same bits for any number of threads. *bad
// (may be NULL) is the first tensor that holds a value that is not finite, else NULL.
double gradient_norm(const Tensors *tensors, const float *gradients, const Tensor **bad);

// One step: step counts from 0. Writes parameters and both moments; gradients are only read (scaled
// as clip says).
void adamw_step(const Tensors *tensors, float *parameters, const float *gradients, float *first,
                float *second, double norm, int64_t step, const AdamwSettings *settings);
#endif
