#ifndef REFERENCE_NUMBERS_DOT_H
#define REFERENCE_NUMBERS_DOT_H

// Sum of x[d]·w[d] over D floats, in an order that the compiler and D decide.
float dot(const float *x, const float *w, int D);

// Four dot products with one x: four sums hide the latency of the additions, and x is read once.
void dot4(float out[4], const float *x, const float *w0, const float *w1, const float *w2,
          const float *w3, int D);
#endif
