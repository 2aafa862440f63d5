#include "reference/model/rope.h"
#include <math.h>

void rope_row(float *row, int t, int Dh) {
    for (int j = 0; j < Dh / 2; j++) {
        double angle = t / pow(10000.0, 2.0 * j / Dh);
        row[j] = (float)cos(angle);
        row[Dh / 2 + j] = (float)sin(angle);
    }
}

static void rotate(float *x, const float *cosine, const float *sine, float direction, int half) {
    for (int j = 0; j < half; j++) {
        float a = x[j], b = x[half + j], s = direction * sine[j];
        x[j] = a * cosine[j] - b * s;
        x[half + j] = b * cosine[j] + a * s;
    }
}

void rope_apply(float *x, const float *row, int Dh) { rotate(x, row, row + Dh / 2, 1.0f, Dh / 2); }

void rope_undo(float *x, const float *row, int Dh) { rotate(x, row, row + Dh / 2, -1.0f, Dh / 2); }
