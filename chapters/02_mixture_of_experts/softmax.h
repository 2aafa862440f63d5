#ifndef CHAPTERS_02_MIXTURE_OF_EXPERTS_SOFTMAX_H
#define CHAPTERS_02_MIXTURE_OF_EXPERTS_SOFTMAX_H

// p_i = e^v_i / Σ_j e^v_j: turns scores of any size into positive numbers that add up to 1. p [n]
// from v [n]; p may be v. Returns log Σ e^v: with it log p_i = v_i - log Σ e^v has none of the
// rounding of a tiny p_i. n >= 1.
double softmax_row(double *p, const double *v, int n);

// dv [n] is written (it may be dp) from dp [n] and p [n]: dv = p · (dp - Σ p·dp).
void softmax_row_backward(double *dv, const double *dp, const double *p, int n);
#endif
