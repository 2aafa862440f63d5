#include "chapters/02_mixture_of_experts/balance.h"
#include "chapters/02_mixture_of_experts/softmax.h"

void moe_counts(int *count, const MoeGating *gating, int E) {
    for (int e = 0; e < E; e++) count[e] = 0;
    for (int i = 0; i < gating->start[gating->N]; i++) count[gating->index[i]]++;
}

// [switch
double moe_switch_loss(const double *p, const int *count, double alpha, int N, int E) {
    double sum = 0.0; // N · Σ_e f_e · P_e
    for (int t = 0; t < N; t++) {
        for (int e = 0; e < E; e++) sum += (double)count[e] / N * p[(size_t)t * E + e];
    }
    return alpha * E * sum / N;
}

void moe_switch_backward(double *dlogits, double *scratch, const double *p, const int *count,
                         double alpha, int N, int E) {
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        for (int e = 0; e < E; e++) scratch[e] = alpha * E * count[e] / N / N; // dp
        softmax_row_backward(scratch, scratch, p + row, E);
        for (int e = 0; e < E; e++) dlogits[row + e] += scratch[e];
    }
}
// switch]

// [z
double moe_z_loss(double *scratch, const double *logits, double alpha, int N, int E) {
    double sum = 0.0;
    for (int t = 0; t < N; t++) {
        double z = softmax_row(scratch, logits + (size_t)t * E, E); // log Σ e^logit
        sum += z * z;
    }
    return alpha * sum / N;
}

void moe_z_backward(double *dlogits, double *scratch, const double *logits, double alpha, int N,
                    int E) {
    for (int t = 0; t < N; t++) {
        size_t row = (size_t)t * E;
        double z = softmax_row(scratch, logits + row, E); // dz/dlogit_e = p_e
        for (int e = 0; e < E; e++) dlogits[row + e] += alpha * 2.0 * z * scratch[e] / N;
    }
}
// z]

// [bias
void moe_bias_step(double *bias, const int *count, double step, int E) {
    long total = 0;
    for (int e = 0; e < E; e++) total += count[e];
    for (int e = 0; e < E; e++) { // compares count with total / E, in integers
        if ((long)count[e] * E < total) bias[e] += step;
        if ((long)count[e] * E > total) bias[e] -= step;
    }
}
// bias]
