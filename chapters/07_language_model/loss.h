#ifndef CHAPTERS_07_LANGUAGE_MODEL_LOSS_H
#define CHAPTERS_07_LANGUAGE_MODEL_LOSS_H

// Cross-entropy of one prediction, in nats: -log p[target], p = softmax(logits). p [V] is saved for
// backward.
double cross_entropy(double *p, const double *logits, int target, int V);

// dlogits [V] = weight · (p - 1 at the target). The weight is 1 / (number of scored targets),
// because the loss is a mean. dlogits may be p.
void cross_entropy_backward(double *dlogits, const double *p, int target, double weight, int V);
#endif
