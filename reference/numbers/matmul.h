#ifndef REFERENCE_NUMBERS_MATMUL_H
#define REFERENCE_NUMBERS_MATMUL_H
#include <stdbool.h>

// Matrix products. Matrices are row-major with a row stride (`ld`) in floats; weights are [in,out]:
// y = x W. Each is cut into tiles whose size depends on the shape alone, one BLAS thread a tile,
// our own threads over tiles: as fast as BLAS's own threads on this project's shapes, and the same
// bits for any number of threads.

typedef enum { PLAIN, TRANSPOSED } Op;

// c [M,N] = scale · op(a) op(b) (+ c when add), on the calling thread alone. op(a) is [M,K], op(b)
// is [K,N]. From inside a parallel loop, or for small products.
void matmul_serial(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b,
                   int ldb, int M, int N, int K, float scale, bool add);

// The same, shared among the threads; never from inside a parallel loop.
void matmul(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b, int ldb,
            int M, int N, int K, float scale, bool add);

// The three products of a linear layer y = x W with dense rows.
// y [N,out]
void linear_forward(float *y, const float *x, const float *w, int N, int in, int out);
// dx [N,in]
void linear_input_gradient(float *dx, const float *dy, const float *w, int N, int in, int out,
                           bool add);
// dw [in,out]
void linear_weight_gradient(float *dw, const float *x, const float *dy, int N, int in, int out);

const char *matmul_library(void); // "openblas SkylakeX", or "plain loops": what the products run on
// "SkylakeX": the processor whose kernels it chose; "" where it does not say
const char *matmul_core(void);
// BLAS must run one thread inside our own loops; call once at the start of a program.
void matmul_setup(void);
#endif
