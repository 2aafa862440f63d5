#ifndef CHAPTERS_02_MIXTURE_OF_EXPERTS_BALANCE_H
#define CHAPTERS_02_MIXTURE_OF_EXPERTS_BALANCE_H
#include "chapters/02_mixture_of_experts/moe.h"

// Load balancing, against the collapse in which a few experts get all tokens and the others never
// learn: two losses that are added to the training loss, and a bias that needs no loss. All work on
// the N tokens of one batch; logits, p and their gradients are [N,E], and gradients are added to.

// count [E] = how many of the gating's entries each expert has.
void moe_counts(int *count, const MoeGating *gating, int E);

// Switch's loss (Fedus 2021, equations 4 to 6): alpha · E · Σ_e f_e · P_e, where f_e = count_e / N
// is the fraction of tokens that use e (Σ f = K) and P_e the mean of p. Perfectly balanced it is
// alpha·K. f has no gradient, because the selection is a step function.
double moe_switch_loss(const double *p, const int *count, double alpha, int N, int E);
// scratch: E doubles.
void moe_switch_backward(double *dlogits, double *scratch, const double *p, const int *count,
                         double alpha, int N, int E);

// The router z-loss (Zoph 2022, equation 5): alpha · mean over tokens of (log Σ_e e^logit)². It
// keeps logits small. scratch: E doubles.
double moe_z_loss(double *scratch, const double *logits, double alpha, int N, int E);
void moe_z_backward(double *dlogits, double *scratch, const double *logits, double alpha, int N,
                    int E);

// DeepSeek's bias (Wang 2024, algorithm 1), after each batch: bias_e rises by `step` if e had fewer
// tokens than the mean, falls if it had more, and stays if it had as many. moe_route adds it to p
// when it selects experts, and nowhere else.
void moe_bias_step(double *bias, const int *count, double step, int E);
#endif
