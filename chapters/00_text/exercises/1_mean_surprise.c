// Exercise 00-1. The mean surprise.
//
// p [count] are the probabilities that a machine gave to the letters that really came. Return the
// loss: the mean of their surprises, -ln p, in nats; INFINITY if one of them is 0. The text may be
// long: the product of 5,000 probabilities is too small for a double.
//
// Check with: make exercise-00-1
double mean_surprise(const double *p, int count) {
    double sum = 0.0;
    for (int i = 0; i < count; i++) sum += 1.0 - p[i];
    return sum / count;
}
