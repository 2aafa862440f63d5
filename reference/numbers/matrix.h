#ifndef REFERENCE_NUMBERS_MATRIX_H
#define REFERENCE_NUMBERS_MATRIX_H
#include <stdbool.h>

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
#endif
