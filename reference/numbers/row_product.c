#include "reference/numbers/row_product.h"
#include "reference/numbers/dot.h"
#include "reference/numbers/vector.h"
#include <stddef.h>

// y [rows] = scale · w x (+ y when add), where w has `rows` rows of D floats, `stride` apart
static void dot_rows(float *y, const float *x, const float *w, int rows, int D, size_t stride,
                     float scale, bool add) {
    for (int i = 0; i < rows; i += 4) {
        float sums[4];
        int count = rows - i < 4 ? rows - i : 4;
        const float *row = w + (size_t)i * stride;
        if (count == 4) {
            dot4(sums, x, row, row + stride, row + 2 * stride, row + 3 * stride, D);
        } else {
            for (int j = 0; j < count; j++) sums[j] = dot(x, row + (size_t)j * stride, D);
        }
        for (int j = 0; j < count; j++) y[i + j] = scale * sums[j] + (add ? y[i + j] : 0.0f);
    }
}

// y [D] += scale · (x[0]·w[0] + … + x[rows-1]·w[rows-1]), with w as above
static void add_rows(float *y, const float *x, const float *w, int rows, int D, size_t stride,
                     float scale) {
    int i = 0;
    for (; i + 4 <= rows; i += 4) {
        const float *row = w + (size_t)i * stride,
                    s[4] = { scale * x[i], scale * x[i + 1], scale * x[i + 2], scale * x[i + 3] };
        add_row4(y, s, row, row + stride, row + 2 * stride, row + 3 * stride, D);
    }
    for (; i < rows; i++) add_row(y, scale * x[i], w + (size_t)i * stride, D);
}

void row_product(float *y, const float *x, Matrix b, float scale, bool add) {
    size_t stride = (size_t)b.stride;
    if (b.transposed) {
        dot_rows(y, x, b.data, b.columns, b.rows, stride, scale, add);
        return;
    }
    if (!add) memset(y, 0, (size_t)b.columns * sizeof *y);
    add_rows(y, x, b.data, b.rows, b.columns, stride, scale);
}
