// Products of groups of rows, each with a matrix of its own: rows first[e] .. first[e+1]-1 belong
// to expert e. How many those are is only known on the device, so that routing needs no copy to the
// host: the grid has space for every division of at most R rows.
#pragma once
#include "gpu.cuh"

// out (R,columns) = x (R,inner) w[e], w (E,inner,columns), or with `transposed` (E,columns,inner).
void grouped_product(const Gpu *gpu, float *out, const float *x, const float *w, const int *first,
                     int E, size_t R, int inner, int columns, bool transposed);

// dw (E,rows,columns) = xᵀ dy of each expert's rows, x (R,rows), dy (R,columns); zero for an expert
// without rows.
void grouped_weight_gradient(const Gpu *gpu, float *dw, const float *x, const float *dy,
                             const int *first, int E, int rows, int columns);

// sums (E,columns) of each expert's rows.
void grouped_column_sums(const Gpu *gpu, float *sums, const float *rows, const int *first, int E,
                         int columns);
