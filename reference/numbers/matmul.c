#include "reference/numbers/matmul.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/row_product.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>

#ifdef WITH_BLAS
#include <cblas.h>
#endif

#ifdef WITH_BLAS
static enum CBLAS_TRANSPOSE blas_order(Matrix m) {
    return m.transposed ? CblasTrans : CblasNoTrans;
}

static void packed_product(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    // An OpenBLAS built on OpenMP uses OpenMP's number of threads, unless it is called inside a
    // parallel region.
    int threads = parallel_running() ? 1 : parallel_threads();
    if (threads > 1) parallel_set_threads(1);
    cblas_sgemm(CblasRowMajor, blas_order(a), blas_order(b), a.rows, b.columns, a.columns, scale,
                a.data, a.stride, b.data, b.stride, add ? 1.0f : 0.0f, c, stride);
    if (threads > 1) parallel_set_threads(threads);
}
#else
enum { PANEL_K = 64, PANEL_N = 128 };

// panel [K,N] = b from row k0, column n0
static void copy_panel(float *panel, Matrix b, int k0, int n0, int K, int N) {
    size_t stride = (size_t)b.stride;
    for (int k = 0; k < K; k++) {
        for (int n = 0; n < N; n++) {
            panel[k * PANEL_N + n] = b.transposed ? b.data[(size_t)(n0 + n) * stride + k0 + k]
                                                  : b.data[(size_t)(k0 + k) * stride + n0 + n];
        }
    }
}

// c [M,N] += scale · a [M,k0..k0+K-1] panel [K,N]: rows of c stay in the cache while the panel's
// rows pass by
static void add_panel(float *c, int stride, Matrix a, const float *panel, int k0, int K, int N,
                      float scale) {
    for (int m = 0; m < a.rows; m++) {
        float *restrict row = c + (size_t)m * stride;
        for (int k = 0; k < K; k++) {
            float s = scale * (a.transposed ? a.data[(size_t)(k0 + k) * a.stride + m]
                                            : a.data[(size_t)m * a.stride + k0 + k]);
            const float *restrict w = panel + k * PANEL_N;
            for (int n = 0; n < N; n++) row[n] += s * w[n];
        }
    }
}

static void packed_product(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    float panel[PANEL_K * PANEL_N];
    int M = a.rows, N = b.columns, K = a.columns;
    for (int m = 0; !add && m < M; m++) memset(c + (size_t)m * stride, 0, (size_t)N * sizeof *c);
    for (int n0 = 0; n0 < N; n0 += PANEL_N) {
        int columns = min_int(N - n0, PANEL_N);
        for (int k0 = 0; k0 < K; k0 += PANEL_K) {
            int depth = min_int(K - k0, PANEL_K);
            copy_panel(panel, b, k0, n0, depth, columns);
            add_panel(c + n0, stride, a, panel, k0, depth, columns, scale);
        }
    }
}
#endif

// One row, whose floats are one after the other.
static bool is_row(Matrix m) { return m.rows == 1 && !m.transposed; }

// A column is the row of the transposed product.
void matmul_serial(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    assert(a.columns == b.rows);
    if (is_row(a)) {
        row_product(c, a.data, b, scale, add);
    } else if (stride == 1 && is_row(transpose(b))) {
        row_product(c, b.data, transpose(a), scale, add);
    } else {
        packed_product(c, stride, a, b, scale, add);
    }
}

// BLAS packs the operands of every tile, which pays for large ones. So tiles begin large and are
// halved along the longer side until there are enough for several threads. Only the shape decides.
enum { TILE_ROWS = 256, TILE_COLUMNS = 1024, MIN_TILE = 64, MIN_TILES = 8 };

static int tiles_along(int size, int tile) { return (size + tile - 1) / tile; }

static void choose_tile(int M, int N, int *rows, int *columns) {
    *rows = min_int(M, TILE_ROWS);
    *columns = min_int(N, TILE_COLUMNS);
    while (tiles_along(M, *rows) * tiles_along(N, *columns) < MIN_TILES) {
        int *longer = *rows >= *columns ? rows : columns;
        if (*longer < 2 * MIN_TILE) return;
        *longer = (*longer + 1) / 2;
    }
}

static Matrix some_rows(Matrix m, int first, int count) {
    m.data += m.transposed ? (size_t)first : (size_t)first * m.stride;
    m.rows = count;
    return m;
}

void matmul(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    int M = a.rows, N = b.columns, rows, columns;
    if (M == 0 || N == 0) return;
    if (M == 1 && (double)N * a.columns < MIN_ROW_WORK) {
        matmul_serial(c, stride, a, b, scale, add);
        return;
    }
    choose_tile(M, N, &rows, &columns);
    int across = tiles_along(N, columns), tiles = tiles_along(M, rows) * across;
#pragma omp parallel for schedule(dynamic) if (tiles > 1)
    for (int tile = 0; tile < tiles; tile++) {
        int m = tile / across * rows, n = tile % across * columns;
        Matrix some_a = some_rows(a, m, min_int(M - m, rows));
        Matrix some_b = transpose(some_rows(transpose(b), n, min_int(N - n, columns)));
        matmul_serial(c + (size_t)m * stride + n, stride, some_a, some_b, scale, add);
    }
}

void linear_forward(float *y, const float *x, const float *w, int N, int in, int out) {
    matmul(y, out, matrix(x, N, in), matrix(w, in, out), 1.0f, false);
}

void linear_input_gradient(float *dx, const float *dy, const float *w, int N, int in, int out,
                           bool add) {
    matmul(dx, in, matrix(dy, N, out), transpose(matrix(w, in, out)), 1.0f, add);
}

void linear_weight_gradient(float *dw, const float *x, const float *dy, int N, int in, int out) {
    matmul(dw, out, transpose(matrix(x, N, in)), matrix(dy, N, out), 1.0f, false);
}

#if defined(WITH_BLAS) && defined(OPENBLAS_VERSION)
enum { MAX_RESERVED = 128 }; // OpenBLAS has space for at least twice as many

const char *matmul_library(void) { return openblas_get_config(); }
const char *matmul_core(void) { return openblas_get_corename(); }
void matmul_setup(void) {
    int threads = parallel_threads();
    openblas_set_num_threads(1);   // An OpenBLAS built on OpenMP sets the number of threads of the
    parallel_set_threads(threads); // whole program: restore it.
}

// Of OpenBLAS, not in its header: a buffer that stays with the process once it was freed, and that
// each product uses while it runs.
void *blas_memory_alloc(int unused) __attribute__((weak));
void blas_memory_free(void *buffer) __attribute__((weak));

void matmul_reserve(int threads) {
    void *buffers[MAX_RESERVED];
    if (blas_memory_alloc == NULL || blas_memory_free == NULL) return;
    threads = min_int(threads, MAX_RESERVED);
    for (int i = 0; i < threads; i++) buffers[i] = blas_memory_alloc(0);
    for (int i = 0; i < threads; i++) blas_memory_free(buffers[i]);
}
#elif defined(WITH_BLAS)
const char *matmul_library(void) { return "cblas"; }
const char *matmul_core(void) { return ""; }
void matmul_setup(void) {}
void matmul_reserve(int threads) { (void)threads; }
#else
const char *matmul_library(void) { return "plain loops"; }
const char *matmul_core(void) { return ""; }
void matmul_setup(void) {}
void matmul_reserve(int threads) { (void)threads; }
#endif
