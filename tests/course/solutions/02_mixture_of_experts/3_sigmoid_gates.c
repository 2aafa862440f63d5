#include "chapters/01_dense_ffn/dense_ffn.h"

void sigmoid_gates(double *weight, const double *logit, int K) {
    double sum = 0.0;
    for (int k = 0; k < K; k++) {
        weight[k] = sigmoid(logit[k]);
        sum += weight[k];
    }
    for (int k = 0; k < K; k++) weight[k] /= sum;
}

void sigmoid_gates_backward(double *dlogit, const double *dweight, const double *logit, int K) {
    double sum = 0.0, mean = 0.0; // Σ s; mean of dweight, weighted by s
    for (int k = 0; k < K; k++) {
        sum += sigmoid(logit[k]);
        mean += sigmoid(logit[k]) * dweight[k];
    }
    mean /= sum;
    for (int k = 0; k < K; k++) {
        double s = sigmoid(logit[k]);
        dlogit[k] = s * (1.0 - s) * (dweight[k] - mean) / sum;
    }
}
