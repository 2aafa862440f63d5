#include "reference/numbers/matmul.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/row_product.h"
#include "reference/numbers/sgemm.h"
#include <assert.h>
#include <stddef.h>

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
        sgemm(c, stride, a, b, scale, add);
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
