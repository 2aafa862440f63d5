#ifndef CHAPTERS_06_SGATLIN_SQUARE_H
#define CHAPTERS_06_SGATLIN_SQUARE_H
#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/io/error.h"

// A neuron's score is linear in x and so is its in · x, so for a given choice of neurons the layer
// is a polynomial of degree 2: y[0] = Σ_i Σ_j square[i,j] · x_i x_j. square [D,D] is written, of
// the neurons that `saved` has selected. For PRODUCT_DENSE without an activation.
void sgatlin_square(double *square, const SgatlinToken *saved, const SgatlinWeights *w,
                    const Sgatlin *s);

// Prints the polynomials that the layer without a choice learns on chapter 01's tasks, and, with a
// picture, draws what three layers make of the wave.
bool show_square(const char *picture, Error *error);
#endif
