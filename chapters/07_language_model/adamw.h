#ifndef CHAPTERS_07_LANGUAGE_MODEL_ADAMW_H
#define CHAPTERS_07_LANGUAGE_MODEL_ADAMW_H
#include <stdbool.h>
#include <stddef.h>

// The learning-rate schedule and AdamW's settings. Steps are counted from 0; after the three phases
// the learning rate is 0.
typedef struct {
    double peak;                 // the highest learning rate
    int warmup, constant, decay; // steps of each phase: rising, constant, falling
    double clip;                 // maximum norm of the gradient; 0: no clipping
    double weight_decay;         // fraction of each weight removed per step at the peak
} TrainingPlan;

// peak · step / warmup, then peak, then peak · (1 - sqrt(fraction of the falling phase completed)).
double learning_rate(const TrainingPlan *plan, int step);

// The norm of the gradient of all tensors together: sqrt(Σ g²).
double global_norm(const double *gradients, size_t count);
// Scales the gradients [count] so that their norm is at most `clip` (Pascanu et al. 2013, arXiv
// 1211.5063).
void clip_by_global_norm(double *gradients, size_t count, double norm, double clip);

// AdamW (Kingma and Ba 2014, arXiv 1412.6980; Loshchilov and Hutter 2017, arXiv 1711.05101) for one
// tensor: changes w, m and v [count], from its gradient g [count]. m and v are 0 before step 0.
// decays: false for norms and biases.
void adamw(double *w, double *m, double *v, const double *g, size_t count, bool decays,
           const TrainingPlan *plan, int step);
#endif
