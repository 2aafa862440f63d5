#ifndef CHAPTER_07_LOSS_H
#define CHAPTER_07_LOSS_H

// Cross-entropy of one prediction, in nats: -log p[target], p = softmax_row(logits). p [V] is saved for
// the way back.
double cross_entropy(double *p, const double *logits, int target, int V);

// dlogits [V] = share · (p - 1 at the target): what was believed, less what was true. share is 1 /
// (targets scored), because the loss is a mean. dlogits may be p.
void cross_entropy_backward(double *dlogits, const double *p, int target, double weight, int V);
#endif
