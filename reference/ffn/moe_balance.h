#ifndef REFERENCE_FFN_MOE_BALANCE_H
#define REFERENCE_FFN_MOE_BALANCE_H
#include "reference/ffn/moe_routing.h"

// Balancing: against the collapse of token choice, in which a few experts take all tokens (chapter
// 02). n is the number of tokens of the batch without padding, count_e how many of them selected
// expert e.

// count [E] is written; returns n.
int moe_balance_count(int32_t *count, const Gating *gating, const MoeRouting *choice);

// The two losses of config->switch_loss and ->z_loss together:
//   Switch (Fedus 2021, equations 4 to 6)  weight·E·Σ_e f_e·P_e, f_e = count_e / n (which has no
//                                          gradient), P_e the mean of p
//   z (Zoph 2022, equation 5)              weight·mean (log Σ_e e^logit)²
double moe_balance_loss(const int32_t *count, int n, const MoeRouting *choice);
// Adds their gradient to dlogits [N,E].
void moe_balance_backward(float *dlogits, const int32_t *count, int n, const MoeRouting *choice);

// DeepSeek's bias (Wang 2024, algorithm 1), after a batch: bias_e rises by `step` where fewer
// tokens had e than the mean, falls where more had it, stays where as many.
void moe_balance_bias(float *bias, const int32_t *count, double step, int E);
#endif
