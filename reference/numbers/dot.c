#include "reference/numbers/dot.h"

// Compiled with $(ANY_ORDER) (reference.mk). The pragma `omp simd reduction` would do for the loop,
// but then gcc adds the 8 or 16 partial sums one after the other, which takes longer than the loop
// itself for a row of 128 floats.

float dot(const float *restrict x, const float *restrict w, int D) {
    float sum = 0.0f;
    for (int d = 0; d < D; d++) sum += x[d] * w[d];
    return sum;
}

void dot4(float out[4], const float *restrict x, const float *restrict w0, const float *restrict w1,
          const float *restrict w2, const float *restrict w3, int D) {
    float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
    for (int d = 0; d < D; d++) {
        s0 += x[d] * w0[d];
        s1 += x[d] * w1[d];
        s2 += x[d] * w2[d];
        s3 += x[d] * w3[d];
    }
    out[0] = s0;
    out[1] = s1;
    out[2] = s2;
    out[3] = s3;
}
