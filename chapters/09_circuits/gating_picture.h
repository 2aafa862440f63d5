#ifndef CHAPTERS_09_CIRCUITS_GATING_PICTURE_H
#define CHAPTERS_09_CIRCUITS_GATING_PICTURE_H
#include "reference/io/error.h"

// One row of a picture: a title, and gatings of F = n² neurons side by side, each drawn as its n x
// n square of sub-keys with the K chosen neurons in color; scores and indices [gatings,K].
typedef struct {
    const char *title;
    const double *scores;
    const int *indices;
} GatingRow;

// columns [gatings]: the titles above. A score of `most` or above is the brightest.
bool gating_picture_write(const char *path, const GatingRow *rows, int count,
                          const char *const *columns, int gatings, int K, int n, double most,
                          Error *error);
#endif
