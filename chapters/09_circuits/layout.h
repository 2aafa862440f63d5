#ifndef CHAPTERS_09_CIRCUITS_LAYOUT_H
#define CHAPTERS_09_CIRCUITS_LAYOUT_H
#include "chapters/09_circuits/fuzzy_graph.h"
#include <stdint.h>

// The second half of UMAP: points in the plane, such that those that the graph connects are close.

// How certain it is that two points of the map at distance x are neighbours: 1 / (1 + a·x^(2b)).
typedef struct {
    double a, b;
} LayoutCurve;

// The curve closest (least squares, 300 points of 0 … 3·spread) to 1 up to min_dist and
// exp(-(x - min_dist) / spread) beyond it.
LayoutCurve layout_curve(double min_dist, double spread);

// Moves y [N,2] by stochastic gradient descent. An edge is used in the share of the epochs that its
// weight has of the largest one; edges that would be used in less than one are not. Each time it
// pulls its two points together, and pushes the first away from five random ones. The steps get
// smaller, to 0. due [2,M]: scratch.
void layout_optimise(double *y, double *due, const Edge *edges, int M, int N,
                     const LayoutCurve *curve, int epochs, uint64_t seed);
#endif
