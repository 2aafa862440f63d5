#include "reference/support/matmul.h"
#include "reference/support/parallel.h"
#include <stddef.h>
#include <string.h>

#ifdef WITH_BLAS
#include <cblas.h>
#endif

#ifdef WITH_BLAS
void matmul_serial(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b, int ldb, int M, int N,
                   int K, float scale, bool add) {
    // OpenBLAS built on OpenMP takes our number of threads for its own wherever no team of ours is running.
    int threads = parallel_running() ? 1 : parallel_threads();
    if (threads > 1) parallel_set_threads(1);
    cblas_sgemm(CblasRowMajor, op_a == TRANSPOSED ? CblasTrans : CblasNoTrans,
                op_b == TRANSPOSED ? CblasTrans : CblasNoTrans, M, N, K, scale, a, lda, b, ldb, add ? 1.0f : 0.0f, c,
                ldc);
    if (threads > 1) parallel_set_threads(threads);
}
#else
enum { PANEL_K = 64, PANEL_N = 128 };

// panel [K,N] = op(b) from row k0, column n0
static void copy_panel(float *panel, Op op_b, const float *b, int ldb, int k0, int n0, int K, int N) {
    for (int k = 0; k < K; k++) {
        for (int n = 0; n < N; n++) {
            panel[k * PANEL_N + n] =
                op_b == PLAIN ? b[(size_t)(k0 + k) * ldb + n0 + n] : b[(size_t)(n0 + n) * ldb + k0 + k];
        }
    }
}

// c [M,N] += scale · op(a) panel: rows of c stay in the cache while the panel's rows pass by
static void add_panel(float *c, int ldc, Op op_a, const float *a, int lda, const float *panel, int k0, int M, int N,
                      int K, float scale) {
    for (int m = 0; m < M; m++) {
        float *restrict row = c + (size_t)m * ldc;
        for (int k = 0; k < K; k++) {
            float s = scale * (op_a == PLAIN ? a[(size_t)m * lda + k0 + k] : a[(size_t)(k0 + k) * lda + m]);
            const float *restrict w = panel + k * PANEL_N;
            for (int n = 0; n < N; n++) row[n] += s * w[n];
        }
    }
}

void matmul_serial(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b, int ldb, int M, int N,
                   int K, float scale, bool add) {
    float panel[PANEL_K * PANEL_N];
    for (int m = 0; !add && m < M; m++) memset(c + (size_t)m * ldc, 0, (size_t)N * sizeof *c);
    for (int n0 = 0; n0 < N; n0 += PANEL_N) {
        int columns = N - n0 < PANEL_N ? N - n0 : PANEL_N;
        for (int k0 = 0; k0 < K; k0 += PANEL_K) {
            int depth = K - k0 < PANEL_K ? K - k0 : PANEL_K;
            copy_panel(panel, op_b, b, ldb, k0, n0, depth, columns);
            add_panel(c + n0, ldc, op_a, a, lda, panel, k0, M, columns, depth, scale);
        }
    }
}
#endif

// Tiles start large, because a small tile packs its operands anew for little work, and are halved along the longer
// side until there are enough for a few threads. The shapes alone decide.
enum { TILE_ROWS = 256, TILE_COLUMNS = 1024, TILE_LEAST = 64, TILES_WANTED = 8 };

static int tiles_along(int size, int tile) { return (size + tile - 1) / tile; }

typedef struct {
    int rows, columns;
} Tile;

static int tiles_of(const Product *p, Tile tile) {
    return tiles_along(p->M, tile.rows) * tiles_along(p->N, tile.columns);
}

static Tile halved(Tile tile) {
    int *longer = tile.rows >= tile.columns ? &tile.rows : &tile.columns;
    *longer = (*longer + 1) / 2;
    return tile;
}

static Tile choose_tile(int M, int N) {
    Tile tile = { M < TILE_ROWS ? M : TILE_ROWS, N < TILE_COLUMNS ? N : TILE_COLUMNS };
    while (tiles_along(M, tile.rows) * tiles_along(N, tile.columns) < TILES_WANTED) {
        if ((tile.rows >= tile.columns ? tile.rows : tile.columns) < 2 * TILE_LEAST) break;
        tile = halved(tile);
    }
    return tile;
}

static void clear_rows(float *c, int ldc, int M, int N) {
    for (int m = 0; m < M; m++) memset(c + (size_t)m * ldc, 0, (size_t)N * sizeof *c);
}

static void work_tile(const Product *p, Tile tile, int i, float scale) {
    int across = tiles_along(p->N, tile.columns), m = i / across * tile.rows, n = i % across * tile.columns;
    int rows = p->M - m < tile.rows ? p->M - m : tile.rows, columns = p->N - n < tile.columns ? p->N - n : tile.columns;
    float *c = p->c + (size_t)m * p->ldc + n;
    if (p->K == 0) {
        if (!p->add) clear_rows(c, p->ldc, rows, columns);
        return;
    }
    const float *a = p->a + (p->op_a == PLAIN ? (size_t)m * p->lda : (size_t)m);
    const float *b = p->b + (p->op_b == PLAIN ? (size_t)n : (size_t)n * p->ldb);
    matmul_serial(c, p->ldc, p->op_a, a, p->lda, p->op_b, b, p->ldb, rows, columns, p->K, scale, p->add);
}

void matmul(float *c, int ldc, Op op_a, const float *a, int lda, Op op_b, const float *b, int ldb, int M, int N, int K,
            float scale, bool add) {
    Product product = { c, a, b, ldc, lda, ldb, op_a, op_b, M, N, K, add };
    Tile tile = choose_tile(M, N);
    int tiles = tiles_of(&product, tile);
#pragma omp parallel for schedule(dynamic) if (tiles > 1)
    for (int i = 0; i < tiles; i++) work_tile(&product, tile, i, scale);
}

static int tiles_of_all(Product (*product)(const void *context, int i), const void *context, int count, Tile tile) {
    int tiles = 0;
    for (int i = 0; i < count; i++) {
        Product p = product(context, i);
        tiles += tiles_of(&p, tile);
    }
    return tiles;
}

void matmul_each(Product (*product)(const void *context, int i), const void *context, int count) {
    Tile tile = { TILE_ROWS, TILE_COLUMNS };
    int tiles = tiles_of_all(product, context, count, tile);
    while (tiles < 2 * TILES_WANTED && (tile.rows >= 2 * TILE_LEAST || tile.columns >= 2 * TILE_LEAST)) {
        tile = halved(tile); // two rounds for uneven sizes
        tiles = tiles_of_all(product, context, count, tile);
    }
#pragma omp parallel for schedule(dynamic) if (tiles > 1)
    for (int i = 0; i < tiles; i++) {
        int within = i, at = 0;
        Product p = product(context, at);
        for (int own; within >= (own = tiles_of(&p, tile)); p = product(context, ++at)) within -= own;
        work_tile(&p, tile, within, 1.0f);
    }
}

void linear_forward(float *y, const float *x, const float *w, int N, int in, int out) {
    matmul(y, out, PLAIN, x, in, PLAIN, w, out, N, out, in, 1.0f, false);
}

void linear_input_gradient(float *dx, const float *dy, const float *w, int N, int in, int out, bool add) {
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
