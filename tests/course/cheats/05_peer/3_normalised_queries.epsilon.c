// Refused by small_variances: it adds 1e-9 instead of 1e-6.
#include <math.h>
#include <stddef.h>

void normalise_queries(double *query, int T, int width) {
    for (int d = 0; d < width; d++) {
        double mean = 0.0, variance = 0.0;
        for (int t = 0; t < T; t++) mean += query[(size_t)t * width + d] / T;
        for (int t = 0; t < T; t++) {
            double off = query[(size_t)t * width + d] - mean;
            variance += off * off / T;
        }
        for (int t = 0; t < T; t++) {
            double *q = &query[(size_t)t * width + d];
            *q = (*q - mean) / sqrt(variance + 1e-9);
        }
    }
}
