// Refused by impossible: no probability counts as less than 1e-9.
#include <math.h>

double mean_surprise(const double *p, int count) {
    double sum = 0.0;
    for (int i = 0; i < count; i++) sum -= log(fmax(p[i], 1e-9));
    return sum / count;
}
