#ifndef REFERENCE_CIRCUITS_LAYOUT_MEASURES_H
#define REFERENCE_CIRCUITS_LAYOUT_MEASURES_H
#include "reference/circuits/neighbours.h"

// How good a layout xy [N,2] of N circuits is, and how far it separates labels.

enum { TRUST_NEIGHBOURS = 15 };

// Trustworthiness (Venna and Kaski 2001): 1 where the 15 nearest points of each in the layout are
// also its nearest circuits; about 0.5 for a random layout. NAN for fewer than 4 points; below 32
// with fewer neighbours.
bool layout_trustworthiness(double *out, const float *xy, const NeighbourIndex *index,
                            const Circuits *circuits, Error *error);

// The mean silhouette (Rousseeuw 1987) of points with a label, 0 to labels-1, in the layout; points
// with label -1 are left out. (b - a) / max(a, b), where a is the mean distance to the others of
// the label and b to the nearest other label; 0 for the only point of a label. NAN with fewer than
// two labels.
bool layout_silhouette(double *out, const float *xy, const int32_t *label, int N, int labels,
                       Error *error);
// The same of the circuits themselves, by their cosine distances; index is theirs.
bool circuit_silhouette(double *out, const NeighbourIndex *index, const Circuits *circuits,
                        const int32_t *label, int labels, Error *error);

// The share of neighbours nearest [N,count] that have the label of their point; points and
// neighbours with label -1 are left out. NAN without any.
double neighbour_purity(const Neighbour *nearest, const int32_t *label, int N, int count);
#endif
