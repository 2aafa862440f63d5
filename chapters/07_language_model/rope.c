#include "chapters/07_language_model/rope.h"
#include <math.h>

// [rotate
static void rotate(double *x, double position, int Dh) {
    int half = Dh / 2;
    for (int j = 0; j < half; j++) {
        double angle = position / pow(10000.0, 2.0 * j / Dh);
        double c = cos(angle), s = sin(angle), a = x[j], b = x[half + j];
        x[j] = a * c - b * s;
        x[half + j] = b * c + a * s;
    }
}
// rotate]

void rope(double *x, int position, int Dh) { rotate(x, position, Dh); }

void rope_backward(double *dx, int position, int Dh) { rotate(dx, -position, Dh); }
