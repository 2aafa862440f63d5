#ifndef REFERENCE_NUMBERS_MATMUL_H
#define REFERENCE_NUMBERS_MATMUL_H
#include <stdbool.h>

// Matrix products, row-major; weights are [in,out]: y = x W. Each product is cut into tiles whose
// size depends on the shape alone, with one BLAS thread per tile and our own threads over the
// tiles: as fast as BLAS's own threads on this project's shapes, and the same bits for any number
// of threads. Products of one row use loops of our own (row_product.h).

// A view [rows,columns] of floats. Row i begins at data + i·stride; of a transposed view that is
// column i.
typedef struct {
    const float *data;
    int rows, columns, stride;
    bool transposed;
} Matrix;

// [rows,columns] with `stride` floats from one row to the next ...
static inline Matrix strided(const float *data, int rows, int columns, int stride) {
    Matrix view = { data, rows, columns, stride, false };
    return view;
}
// ... and without gaps between the rows.
static inline Matrix matrix(const float *data, int rows, int columns) {
    return strided(data, rows, columns, columns);
}
static inline Matrix transpose(Matrix m) {
    Matrix view = { m.data, m.columns, m.rows, m.stride, !m.transposed };
    return view;
}

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

// What the products run on: OpenBLAS's own description ("OpenBLAS 0.3.21 …"), "cblas" or
// "plain loops".
const char *matmul_library(void);
const char *matmul_core(void); // the processor whose kernels it uses ("SkylakeX"), or ""
// Call once at the start of a program: BLAS must use one thread inside our own loops.
void matmul_setup(void);
// Takes the memory that as many products need at once. Without it OpenBLAS takes it when a product
// needs it, and repeats an allocation that fails for ever.
void matmul_reserve(int threads);
#endif
