#include <math.h>
#include <stdbool.h>

enum { MAX_RUNS = 20 };

// distance = |mean of the losses whose bit is set in `chosen` − mean of the others|. Returns
// whether n bits are set.
static bool assign(double *distance, const double *all, unsigned chosen, int n, int m) {
    double sum = 0.0, rest = 0.0;
    int count = 0;
    for (int i = 0; i < n + m; i++) {
        if (chosen >> i & 1) {
            sum += all[i];
            count++;
        } else {
            rest += all[i];
        }
    }
    *distance = fabs(sum / n - rest / m);
    return count == n;
}

double p_value(const double *a, int n, const double *b, int m) {
    double all[MAX_RUNS], real, distance;
    for (int i = 0; i < n + m; i++) all[i] = i < n ? a[i] : b[i - n];
    assign(&real, all, (1u << n) - 1, n, m);
    int as_far = 0, assignments = 0;
    for (unsigned chosen = 0; chosen < 1u << (n + m); chosen++) {
        if (!assign(&distance, all, chosen, n, m)) continue;
        as_far += distance >= real - 1e-12;
        assignments++;
    }
    return (double)as_far / assignments;
}
