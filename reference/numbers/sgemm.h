#ifndef REFERENCE_NUMBERS_SGEMM_H
#define REFERENCE_NUMBERS_SGEMM_H
#include "reference/numbers/matrix.h"

// The library that multiplies matrices, chosen when the program is built: oneDNN, any library with
// the CBLAS interface (OpenBLAS, Accelerate), or plain loops. On x86-64 the first is oneDNN, which
// chooses its kernels by the processor's instructions: OpenBLAS knows processors by their model
// only, and takes slow kernels for one that is newer than the library (blas_core.h).

// c [a.rows,b.columns], its rows `stride` floats apart, = scale · a b (+ c when add), on the
// calling thread alone; a.columns = b.rows. Ends the program with a message if the library finds no
// memory for its copies.
void sgemm(float *c, int stride, Matrix a, Matrix b, float scale, bool add);

// Call once at the start of a program: the library must use one thread inside our own loops.
void sgemm_setup(void);
// Takes the memory that as many products at once need in the library. Without it OpenBLAS takes it
// when a product needs it, and repeats an allocation that fails for ever.
void sgemm_reserve(int threads);
// The library's own description: "oneDNN 2.6.3", "OpenBLAS 0.3.21 …", "cblas" or "plain loops".
const char *sgemm_library(void);
// Which of its kernels it uses: the instructions ("AVX-512", oneDNN), the processor that they were
// made for ("SkylakeX", OpenBLAS), or "".
const char *sgemm_core(void);
#endif
