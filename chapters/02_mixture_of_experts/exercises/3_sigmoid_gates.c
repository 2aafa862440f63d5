// Exercise 02-3. Gates without a softmax.
//
// In DeepSeek-V3 (2024, equations 12 to 16) each chosen expert is scored independently, and the
// weights are the scores divided by their sum:
//     s_k = sigmoid(logit_k),   weight_k = s_k / Σ_j s_j
// Write both for the K chosen logits of one token, and the backward pass: dlogit [K] is written,
// from dweight [K] and the same logits. Single logits may be as large as 800 or as small as -800.
//
// Check with: make exercise-02-3
#include "chapters/01_dense_ffn/dense_ffn.h"

void sigmoid_gates(double *weight, const double *logit, int K) {
    for (int k = 0; k < K; k++) weight[k] = sigmoid(logit[k]);
}

void sigmoid_gates_backward(double *dlogit, const double *dweight, const double *logit, int K) {
    (void)logit;
    for (int k = 0; k < K; k++) dlogit[k] = dweight[k];
}
