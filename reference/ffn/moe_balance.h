#ifndef REFERENCE_FFN_MOE_BALANCE_H
#define REFERENCE_FFN_MOE_BALANCE_H
#include "reference/ffn/moe_routing.h"

// Balancing of token choice, which otherwise may collapse: a few experts take all tokens (chapter
// 02). n is the number of tokens in the batch that are not padding, count_e how many of them have
// expert e.

// Writes count [E]; returns n.
int moe_balance_count(int32_t *count, const Gating *gating, const MoeRouting *routing);

// The sum of two losses, weighted by config->switch_loss and config->z_loss:
//   Switch (Fedus 2021, equations 4 to 6)  E·Σ_e f_e·P_e, f_e = count_e / n, P_e the mean of p_e
//   z (Zoph 2022, equation 5)              mean (log Σ_e e^logit)²
double moe_balance_loss(const int32_t *count, int n, const MoeRouting *routing);
// Adds their gradient to dlogits [N,E]; none flows through f_e.
void moe_balance_backward(float *dlogits, const int32_t *count, int n, const MoeRouting *routing);

// DeepSeek's bias (Wang 2024, algorithm 1), after a batch: bias_e rises by `step` where fewer
// tokens than the mean had expert e, and falls where more had it.
void moe_balance_bias(float *bias, const int32_t *count, double step, int E);
#endif
