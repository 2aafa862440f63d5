#include <math.h>

void softmax_gates(double *gate, const double *score, int K) {
    double highest = score[0], sum = 0.0;
    for (int k = 1; k < K; k++) highest = fmax(highest, score[k]);
    for (int k = 0; k < K; k++) sum += gate[k] = exp(score[k] - highest);
    for (int k = 0; k < K; k++) gate[k] /= sum;
}

void softmax_gates_backward(double *dscore, const double *dgate, const double *gate, int K) {
    double mean = 0.0;
    for (int k = 0; k < K; k++) mean += gate[k] * dgate[k];
    for (int k = 0; k < K; k++) dscore[k] = gate[k] * (dgate[k] - mean);
}
