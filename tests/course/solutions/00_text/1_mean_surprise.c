#include <math.h>

double mean_surprise(const double *p, int count) {
    double sum = 0.0;
    for (int i = 0; i < count; i++) sum -= log(p[i]); // log(0) is -INFINITY
    return sum / count;
}
