#include "reference/numbers/matmul.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <stddef.h>
#include <string.h>

#ifdef WITH_BLAS
#include <cblas.h>
#endif

#ifdef WITH_BLAS
void matmul_serial(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b,
                   int ldb, int M, int N, int K, float scale, bool add) {
    // OpenBLAS built on OpenMP takes our number of threads for its own wherever no team of ours is
    // running.
    int threads = parallel_running() ? 1 : parallel_threads();
    if (threads > 1) parallel_set_threads(1);
    cblas_sgemm(CblasRowMajor, op_a == TRANSPOSED ? CblasTrans : CblasNoTrans,
                op_b == TRANSPOSED ? CblasTrans : CblasNoTrans, M, N, K, scale, a, lda, b, ldb,
                add ? 1.0f : 0.0f, c, ldc);
    if (threads > 1) parallel_set_threads(threads);
}
#else
enum { PANEL_K = 64, PANEL_N = 128 };

// panel [K,N] = op(b) from row k0, column n0
static void copy_panel(float *panel, Op op_b, const float *b, int ldb, int k0, int n0, int K,
                       int N) {
    for (int k = 0; k < K; k++) {
        for (int n = 0; n < N; n++) {
            panel[k * PANEL_N + n] = op_b == PLAIN ? b[(size_t)(k0 + k) * ldb + n0 + n]
                                                   : b[(size_t)(n0 + n) * ldb + k0 + k];
        }
    }
}

// c [M,N] += scale · op(a) panel: rows of c stay in the cache while the panel's rows pass by
static void add_panel(float *c, int ldc, Op op_a, const float *a, int lda, const float *panel,
                      int k0, int M, int N, int K, float scale) {
    for (int m = 0; m < M; m++) {
        float *restrict row = c + (size_t)m * ldc;
        for (int k = 0; k < K; k++) {
            float s = scale *
                      (op_a == PLAIN ? a[(size_t)m * lda + k0 + k] : a[(size_t)(k0 + k) * lda + m]);
            const float *restrict w = panel + k * PANEL_N;
            for (int n = 0; n < N; n++) row[n] += s * w[n];
        }
    }
}

void matmul_serial(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b,
                   int ldb, int M, int N, int K, float scale, bool add) {
    float panel[PANEL_K * PANEL_N];
    for (int m = 0; !add && m < M; m++) memset(c + (size_t)m * ldc, 0, (size_t)N * sizeof *c);
    for (int n0 = 0; n0 < N; n0 += PANEL_N) {
        int columns = min_int(N - n0, PANEL_N);
        for (int k0 = 0; k0 < K; k0 += PANEL_K) {
            int depth = min_int(K - k0, PANEL_K);
            copy_panel(panel, op_b, b, ldb, k0, n0, depth, columns);
            add_panel(c + n0, ldc, op_a, a, lda, panel, k0, M, columns, depth, scale);
        }
    }
}
#endif

// Tiles start large, because a small tile packs its operands anew for little work, and are halved
// along the longer side until there are enough for a few threads. The shape alone decides.
enum { TILE_ROWS = 256, TILE_COLUMNS = 1024, TILE_LEAST = 64, TILES_WANTED = 8 };

static int tiles_along(int size, int tile) { return (size + tile - 1) / tile; }

static void choose_tile(int M, int N, int *rows, int *columns) {
    *rows = min_int(M, TILE_ROWS);
    *columns = min_int(N, TILE_COLUMNS);
    while (tiles_along(M, *rows) * tiles_along(N, *columns) < TILES_WANTED) {
        int *longer = *rows >= *columns ? rows : columns;
        if (*longer < 2 * TILE_LEAST) return;
        *longer = (*longer + 1) / 2;
    }
}

void matmul(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b, int ldb,
            int M, int N, int K, float scale, bool add) {
    int rows, columns;
    if (M == 0 || N == 0) return;
    choose_tile(M, N, &rows, &columns);
    int across = tiles_along(N, columns), tiles = tiles_along(M, rows) * across;
#pragma omp parallel for schedule(dynamic) if (tiles > 1)
    for (int tile = 0; tile < tiles; tile++) {
        int m = tile / across * rows, n = tile % across * columns;
        matmul_serial(c + (size_t)m * ldc + n, ldc, op_a,
                      a + (op_a == PLAIN ? (size_t)m * lda : (size_t)m), lda, op_b,
                      b + (op_b == PLAIN ? (size_t)n : (size_t)n * ldb), ldb, min_int(M - m, rows),
                      min_int(N - n, columns), K, scale, add);
    }
}

void linear_forward(float *y, const float *x, const float *w, int N, int in, int out) {
    matmul(y, out, PLAIN, x, in, PLAIN, w, out, N, out, in, 1.0f, false);
}

void linear_input_gradient(float *dx, const float *dy, const float *w, int N, int in, int out,
                           bool add) {
    matmul(dx, in, PLAIN, dy, out, TRANSPOSED, w, out, N, in, out, 1.0f, add);
}

void linear_weight_gradient(float *dw, const float *x, const float *dy, int N, int in, int out) {
    matmul(dw, out, TRANSPOSED, x, in, PLAIN, dy, out, in, out, N, 1.0f, false);
}

#if defined(WITH_BLAS) && defined(OPENBLAS_VERSION)
const char *matmul_library(void) { return openblas_get_config(); }
const char *matmul_core(void) { return openblas_get_corename(); }
void matmul_setup(void) {
    int threads = parallel_threads();
    openblas_set_num_threads(1);   // for the build with threads of its own; the one on OpenMP sets
    parallel_set_threads(threads); // OpenMP's number for the whole program, which must stay ours
}
#elif defined(WITH_BLAS)
const char *matmul_library(void) { return "cblas"; }
const char *matmul_core(void) { return ""; }
void matmul_setup(void) {}
#else
const char *matmul_library(void) { return "plain loops"; }
const char *matmul_core(void) { return ""; }
void matmul_setup(void) {}
#endif
