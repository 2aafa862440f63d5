// Refused by a_long_text: the product of many probabilities is 0.
#include <math.h>

double mean_surprise(const double *p, int count) {
    double product = 1.0;
    for (int i = 0; i < count; i++) product *= p[i];
    return -log(product) / count;
}
