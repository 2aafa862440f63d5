#ifdef WITH_ONEDNN
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include <dnnl.h>
#include <dnnl_debug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char order(Matrix m) { return m.transposed ? 'T' : 'N'; }

static void stop(const char *why) {
    fprintf(stderr, "sgatlin: matrix products by oneDNN failed: %s\n", why);
    exit(1);
}

void sgemm(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    if (a.columns == 0) { // oneDNN returns without writing the sums of nothing
        for (int m = 0; m < a.rows && !add; m++)
            memset(c + (size_t)m * stride, 0, (size_t)b.columns * sizeof *c);
        return;
    }
    // Outside a parallel region oneDNN uses as many threads as OpenMP has.
    int threads = parallel_running() ? 1 : parallel_threads();
    if (threads > 1) parallel_set_threads(1);
    dnnl_status_t status =
        dnnl_sgemm(order(a), order(b), a.rows, b.columns, a.columns, scale, a.data, a.stride,
                   b.data, b.stride, add ? 1.0f : 0.0f, c, stride);
    if (threads > 1) parallel_set_threads(threads);
    if (status != dnnl_success) stop(dnnl_status2str(status));
}

void sgemm_setup(void) {}

enum { KERNEL_FLOATS = 4 << 20 }; // they take less than half of this

// The first product generates the kernels for all others, and oneDNN crashes where it finds no
// memory for them. Later products return a status.
void sgemm_reserve(int threads) {
    static const float ones[4] = { 1, 1, 1, 1 };
    float product[4];
    Matrix square = matrix(ones, 2, 2);
    (void)threads;
    float *space = floats_new(KERNEL_FLOATS);
    if (space == NULL) stop("out of memory");
    floats_free(space, KERNEL_FLOATS);
    sgemm(product, 2, square, square, 1.0f, false);
}

const char *sgemm_library(void) {
    static char text[64];
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, sizeof text, "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
    return text;
}

// dnnl_cpu_isa_t has a bit for every extension that a processor must have.
const char *sgemm_core(void) {
    unsigned isa = dnnl_get_effective_cpu_isa();
    if ((isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core) return "AVX-512";
    if ((isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2) return "AVX2";
    return (isa & dnnl_cpu_isa_avx) == dnnl_cpu_isa_avx ? "AVX" : "SSE";
}
#endif
