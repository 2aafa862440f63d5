#ifndef REFERENCE_FFN_GLU_H
#define REFERENCE_FFN_GLU_H
#include <stdint.h>

// Gated linear units (chapter 01), as a dense layer and as the experts of a moe:
//   [gate, up] = x up + up_bias, split in halves;  g = min(gate, 7), u = clamp(up, -7, 7);
//   hidden = g·sigmoid(1.702 g)·(u + 1);  y = hidden down + down_bias
// E of them on R = first[E] rows: rows first[e] .. first[e+1]-1 go through expert e.
typedef struct {
    int E, D, F;
    const int32_t *first;          // [E+1], from 0
    const float *up, *up_bias;     // [E,D,2F] with the gate half first, [E,2F]
    const float *down, *down_bias; // [E,F,D], [E,D]
} Glus;

typedef struct {
    float *up, *up_bias, *down, *down_bias; // shapes as above
} GluGradients;

// What lies between input and output, or its gradients.
typedef struct {
    float *gate_up; // [R,2F]: x up, without bias and clamps
    float *hidden;  // [R,F]
} GluActivations;

// Writes y [R,D] from x [R,D], and saves what backward needs.
void glus_forward(float *y, const GluActivations *saved, const float *x, const Glus *glus);

// Writes dx [R,D] and the gradients, which are zero for an expert without rows. d is scratch, for
// the gradients of the saved activations.
void glus_backward(float *dx, const GluGradients *gradients, const GluActivations *d,
                   const float *dy, const float *x, const GluActivations *saved, const Glus *glus);
#endif
