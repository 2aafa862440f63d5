#ifndef CHAPTERS_09_CIRCUITS_SPECTRAL_H
#define CHAPTERS_09_CIRCUITS_SPECTRAL_H
#include "chapters/09_circuits/fuzzy_graph.h"
#include <stdint.h>

// Where the points of a map start: neighbours in the graph get similar coordinates.
//
// vectors [2,N]: the eigenvectors of D^-1/2 W D^-1/2 with the second and third highest eigenvalue
// (D: the sums of the rows of W), which are those of the graph's Laplacian with the second and
// third lowest; of length 1. Found by multiplying random vectors again and again with
// (1 + that matrix)/2, at most 1000 times, until no number changes by 1e-7. The part along the
// first eigenvector, √D, is removed: it does not tell points apart. scratch: 4·N doubles.
void spectral_vectors(double *vectors, double *scratch, const Edge *edges, int M, int N,
                      uint64_t seed);

// y [N,2] from vectors [2,N]: the largest number is 10, with a little noise, so that no two points
// are equal; at last each column is stretched to 0 … 10.
void spectral_start(double *y, const double *vectors, int N, uint64_t seed);
#endif
