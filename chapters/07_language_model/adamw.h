#ifndef CHAPTER_07_ADAMW_H
#define CHAPTER_07_ADAMW_H
#include <stdbool.h>
#include <stddef.h>

// How long and how fast to learn. Steps are counted from 0; after the three parts the rate is 0.
typedef struct {
    double peak;                 // the highest learning rate
    int warmup, constant, decay; // steps of each part: rising, level, falling
    double clip;                 // the longest gradient let through; 0: any
    double weight_decay;         // share of each weight taken away a step, at the peak
} TrainingPlan;

// peak · step / warmup, then peak, then peak · (1 - sqrt(share of the falling part that is past)).
double learning_rate(const TrainingPlan *plan, int step);

// Length of the gradient, all tensors together: sqrt(Σ g²).
double global_norm(const double *gradients, size_t count);
// Scales the gradients [count] down to length `clip` where they are longer (Pascanu et al. 2013,
// arXiv 1211.5063).
void clip_by_global_norm(double *gradients, size_t count, double norm, double clip);

// AdamW (Kingma and Ba 2014, arXiv 1412.6980; Loshchilov and Hutter 2017, arXiv 1711.05101) for one
// tensor: p, first and second [count] are changed, g [count] is read. Both moments are 0 before
// step 0. decays: false for norms, biases.
void adamw(double *p, double *m, double *v, const double *g, size_t count, bool decays,
           const TrainingPlan *plan, int step);
#endif
