#ifndef CHAPTER_02_SOFTMAX_H
#define CHAPTER_02_SOFTMAX_H

// Softmax: p_i = e^v_i / Σ_j e^v_j, so scores of any size become shares that add up to 1. p [n]
// from v [n]; p may be v. Returns log Σ e^v, for whoever wants log p_i = v_i - log Σ e^v without
// the rounding of a tiny p_i. n >= 1.
double softmax_row(double *p, const double *v, int n);

// dv [n] is written (it may be dp) from dp [n] and the shares p [n]: dv = p · (dp - Σ p·dp).
void softmax_row_backward(double *dv, const double *dp, const double *p, int n);
#endif
