#include "chapters/07_language_model/loss.h"
#include "chapters/02_mixture_of_experts/softmax.h"

// [loss
double cross_entropy(double *p, const double *logits, int target, int V) {
    return softmax_row(p, logits, V) - logits[target];
}
// loss]

// [loss_backward
void cross_entropy_backward(double *dlogits, const double *p, int target, double weight, int V) {
    for (int v = 0; v < V; v++) dlogits[v] = weight * (p[v] - (v == target));
}
// loss_backward]
