#ifndef REFERENCE_NUMBERS_MATMUL_H
#define REFERENCE_NUMBERS_MATMUL_H
#include "reference/numbers/matrix.h"

// Matrix products, row-major; weights are [in,out]: y = x W. Each product is cut into tiles whose
// size depends on the shape alone, with one BLAS thread per tile and our own threads over the
// tiles: as fast as BLAS's own threads on this project's shapes, and the same bits for any number
// of threads. Products of one row use loops of our own (row_product.h).

// c [a.rows,b.columns], its rows `stride` floats apart, = scale · a b (+ c when add), on the
// calling thread alone; a.columns = b.rows. For use inside a parallel loop, or for small products.
void matmul_serial(float *c, int stride, Matrix a, Matrix b, float scale, bool add);

// The same, shared among the threads; never inside a parallel loop.
void matmul(float *c, int stride, Matrix a, Matrix b, float scale, bool add);

// The three products of a linear layer y = x W with dense rows.
// y [N,out]
void linear_forward(float *y, const float *x, const float *w, int N, int in, int out);
// dx [N,in]
void linear_input_gradient(float *dx, const float *dy, const float *w, int N, int in, int out,
                           bool add);
// dw [in,out]
void linear_weight_gradient(float *dw, const float *x, const float *dy, int N, int in, int out);
#endif
