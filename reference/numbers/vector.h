#ifndef REFERENCE_NUMBERS_VECTOR_H
#define REFERENCE_NUMBERS_VECTOR_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
#define restrict __restrict
#endif

// Loops over rows of D floats that compilers turn into vector instructions without -ffast-math: the
// pragma of a reduction says that its order is free. A row gets the same bits in any thread.

// e^x to about 1 unit in the last place, with x clamped to [-87, 60]; NaN stays NaN. Branch-free,
// so that it vectorises (libm's expf does not): x = n·ln 2 + r and e^x = 2^n · p(r), where
// |r| <= ln 2 / 2. gcc computes what follows for both bounds and all x, and selects: with 88
// instead of 60, x·sigmoid(x) multiplied each x by 1/(1 + e^88), a denormal, and took six times as
// long.
static inline float exp_fast(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 60.0f ? 60.0f : x;
    // Adding 1.5·2^23 leaves the nearest integer n in the low bits.
    float shifted = x * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = (x - n * 0.693359375f) - n * -2.12194440e-4f; // ln 2 in two parts
    // Cephes' minimax polynomial for (e^r - 1 - r) / r²
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits, power;
    memcpy(&bits, &shifted, sizeof bits);
    power = (int32_t)(((uint32_t)bits + 127u) << 23); // 2^n; the shift drops the 1.5·2^23
    float scale;
    memcpy(&scale, &power, sizeof scale);
    return p * scale;
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + exp_fast(-x)); }

// row [n] becomes e^(row - max), which cannot overflow; returns the sum of that, and writes
// log_sum_exp = log Σ e^row. For long rows: softmax is row / sum, cross-entropy log_sum_exp -
// row[target].
static inline float exp_row(float *row, float *log_sum_exp, int n) {
    float max = row[0], sum = 0.0f;
#pragma omp simd reduction(max : max)
    for (int i = 0; i < n; i++) max = row[i] > max ? row[i] : max;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++) {
        row[i] = exp_fast(row[i] - max);
        sum += row[i];
    }
    *log_sum_exp = max + logf(sum);
    return sum;
}

// row [n] becomes its softmax; returns log Σ e^row. For short rows, summed in their order: K
// experts or E, or one query's scores.
static inline float softmax_row(float *row, int n) {
    float max = row[0], sum = 0.0f;
    for (int i = 1; i < n; i++) max = row[i] > max ? row[i] : max;
    for (int i = 0; i < n; i++) {
        row[i] = exp_fast(row[i] - max);
        sum += row[i];
    }
    for (int i = 0; i < n; i++) row[i] /= sum;
    return max + logf(sum);
}

// y[d] += s·w[d]
static inline void add_row(float *restrict y, float s, const float *restrict w, int D) {
#pragma omp simd
    for (int d = 0; d < D; d++) y[d] += s * w[d];
}

// y[d] += s[0]·w0[d] + … + s[3]·w3[d]: y is read and written once for four rows.
static inline void add_row4(float *restrict y, const float s[4], const float *restrict w0,
                            const float *restrict w1, const float *restrict w2,
                            const float *restrict w3, int D) {
    float s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
#pragma omp simd
    for (int d = 0; d < D; d++) y[d] = y[d] + s0 * w0[d] + s1 * w1[d] + s2 * w2[d] + s3 * w3[d];
}
#endif
