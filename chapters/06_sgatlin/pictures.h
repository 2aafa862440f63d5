#ifndef CHAPTERS_06_SGATLIN_PICTURES_H
#define CHAPTERS_06_SGATLIN_PICTURES_H
#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/io/error.h"

// One token's way through a small layer, after sgatlin_forward: one channel, product_dense, and
// weights that fit into the picture (D = 6, F = 16, K = 3). x, y [D]
bool layer_picture(const double *x, const double *y, const SgatlinToken *saved,
                   const SgatlinWeights *w, const Sgatlin *s, const char *path, Error *error);

// The answers of two neurons of which one leaves and the other enters: with relu, and selected by a
// router.
bool jump_picture(const char *picture, Error *error);
#endif
