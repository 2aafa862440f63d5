#include <math.h>

void rope_neighbours(double *x, int position, int Dh) {
    for (int j = 0; j < Dh; j += 2) {
        double angle = position / pow(10000.0, (double)j / Dh), a = x[j], b = x[j + 1];
        x[j] = a * cos(angle) - b * sin(angle);
        x[j + 1] = b * cos(angle) + a * sin(angle);
    }
}
