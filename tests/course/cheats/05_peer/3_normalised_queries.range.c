// Refused by the_deviation_is_not_half_the_range: it divides by half the range.
#include <math.h>
#include <stddef.h>

void normalise_queries(double *query, int T, int width) {
    for (int d = 0; d < width; d++) {
        double mean = 0.0, low = INFINITY, high = -INFINITY;
        for (int t = 0; t < T; t++) {
            mean += query[(size_t)t * width + d] / T;
            low = fmin(low, query[(size_t)t * width + d]);
            high = fmax(high, query[(size_t)t * width + d]);
        }
        for (int t = 0; t < T; t++) {
            double *q = &query[(size_t)t * width + d];
            *q = (*q - mean) / sqrt((high - low) * (high - low) / 4 + 1e-6);
        }
    }
}
