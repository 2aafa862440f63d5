#include "reference/model/rope.h"
#include <math.h>
#include <stddef.h>

void rope_table(float *table, int T, int Dh) {
    for (int t = 0; t < T; t++) {
        for (int j = 0; j < Dh / 2; j++) {
            double angle = t / pow(10000.0, 2.0 * j / Dh);
            table[(size_t)t * Dh + j] = (float)cos(angle);
            table[(size_t)t * Dh + Dh / 2 + j] = (float)sin(angle);
        }
    }
}

static void rotate(float *x, const float *cosine, const float *sine, float direction, int half) {
    for (int j = 0; j < half; j++) {
        float a = x[j], b = x[half + j], s = direction * sine[j];
        x[j] = a * cosine[j] - b * s;
        x[half + j] = b * cosine[j] + a * s;
    }
}

void rope_apply(float *x, const float *table_row, int Dh) {
    rotate(x, table_row, table_row + Dh / 2, 1.0f, Dh / 2);
}

void rope_undo(float *x, const float *table_row, int Dh) {
    rotate(x, table_row, table_row + Dh / 2, -1.0f, Dh / 2);
}
