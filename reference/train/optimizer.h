#ifndef REFERENCE_TRAIN_OPTIMIZER_H
#define REFERENCE_TRAIN_OPTIMIZER_H
#include "reference/numbers/tensors.h"

// Learning rate: linear warm-up, constant, then 1 - sqrt decay (chapter 07). Steps count from 0.
typedef struct {
    double peak;
    int warmup, constant, decay; // steps of each part; after the last one the rate is 0
} Schedule;
double schedule_learning_rate(const Schedule *schedule, int64_t step);

// AdamW (Loshchilov and Hutter 2017) after clipping by the global norm, with decoupled weight decay
// p -= rate/peak · weight_decay · p. beta1 0.9, beta2 0.999, eps 1e-8 outside the root.
typedef struct {
    double rate, peak, weight_decay, clip; // clip 0: none
} AdamwSettings;

// Root of the sum of squares over all tensors, the same bits for any number of threads. *bad (may
// be NULL) is the first tensor with a value that is not finite, else NULL.
double gradient_norm(const Tensors *tensors, const float *gradients, const Tensor **bad);

// One step; step counts from 0. Writes the parameters and both moments: m, the running mean of the
// gradients, and v, that of their squares, each a block in the layout of `tensors`. norm is that of
// the gradients, which are only read.
void adamw_step(const Tensors *tensors, float *parameters, const float *gradients, float *m,
                float *v, double norm, int64_t step, const AdamwSettings *settings);
#endif
