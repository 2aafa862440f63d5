// Refused by large_logits: e^l / (1 + e^l) is infinity / infinity.
#include <math.h>

void sigmoid_gates(double *weight, const double *logit, int K) {
    double sum = 0.0;
    for (int k = 0; k < K; k++) {
        weight[k] = exp(logit[k]) / (1.0 + exp(logit[k]));
        sum += weight[k];
    }
    for (int k = 0; k < K; k++) weight[k] /= sum;
}

void sigmoid_gates_backward(double *dlogit, const double *dweight, const double *logit, int K) {
    double sum = 0.0, mean = 0.0;
    for (int k = 0; k < K; k++) {
        double s = exp(logit[k]) / (1.0 + exp(logit[k]));
        sum += s;
        mean += s * dweight[k];
    }
    mean /= sum;
    for (int k = 0; k < K; k++) {
        double s = exp(logit[k]) / (1.0 + exp(logit[k]));
        dlogit[k] = s * (1.0 - s) * (dweight[k] - mean) / sum;
    }
}
