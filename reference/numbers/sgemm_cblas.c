#ifdef WITH_CBLAS
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include <cblas.h>

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
void sgemm_setup(void) {
    int threads = parallel_threads();
    openblas_set_num_threads(1);   // An OpenBLAS built on OpenMP sets the number of threads of the
    parallel_set_threads(threads); // whole program: restore it.
}
const char *sgemm_library(void) { return openblas_get_config(); }
const char *sgemm_core(void) { return openblas_get_corename(); }
#else
void sgemm_setup(void) {}
const char *sgemm_library(void) { return "cblas"; }
const char *sgemm_core(void) { return ""; }
#endif
#endif
