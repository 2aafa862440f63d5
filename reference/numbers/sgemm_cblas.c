#ifdef WITH_CBLAS
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include <cblas.h>
#include <stddef.h>

static enum CBLAS_TRANSPOSE order(Matrix m) { return m.transposed ? CblasTrans : CblasNoTrans; }

void sgemm(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    // An OpenBLAS built on OpenMP uses OpenMP's number of threads, unless it is called inside a
    // parallel region.
    int threads = parallel_running() ? 1 : parallel_threads();
    if (threads > 1) parallel_set_threads(1);
    cblas_sgemm(CblasRowMajor, order(a), order(b), a.rows, b.columns, a.columns, scale, a.data,
                a.stride, b.data, b.stride, add ? 1.0f : 0.0f, c, stride);
    if (threads > 1) parallel_set_threads(threads);
}

#ifdef OPENBLAS_VERSION
enum { MAX_RESERVED = 128 }; // OpenBLAS has space for at least twice as many

void sgemm_setup(void) {
    int threads = parallel_threads();
    openblas_set_num_threads(1);   // An OpenBLAS built on OpenMP sets the number of threads of the
    parallel_set_threads(threads); // whole program: restore it.
}
const char *sgemm_library(void) { return openblas_get_config(); }
const char *sgemm_core(void) { return openblas_get_corename(); }

// Of OpenBLAS, not in its header: a buffer that stays with the process once it was freed, and that
// each product uses while it runs.
void *blas_memory_alloc(int unused) __attribute__((weak));
void blas_memory_free(void *buffer) __attribute__((weak));

void sgemm_reserve(int threads) {
    void *buffers[MAX_RESERVED];
    if (blas_memory_alloc == NULL || blas_memory_free == NULL) return;
    threads = min_int(threads, MAX_RESERVED);
    for (int i = 0; i < threads; i++) buffers[i] = blas_memory_alloc(0);
    for (int i = 0; i < threads; i++) blas_memory_free(buffers[i]);
}
#else
void sgemm_setup(void) {}
void sgemm_reserve(int threads) { (void)threads; }
const char *sgemm_library(void) { return "cblas"; }
const char *sgemm_core(void) { return ""; }
#endif
#endif
