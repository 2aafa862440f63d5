#ifndef CHAPTERS_09_CIRCUITS_MAP_QUALITY_H
#define CHAPTERS_09_CIRCUITS_MAP_QUALITY_H

// Numbers that say what a map, or the space it was made from, shows.

// Neighbours [N,k] are the k nearest of each point, itself first, so k-1 others; k >= 2.

// Those in the map y [N,2]. scratch: N + k doubles.
void map_neighbours(int *neighbours, double *scratch, const double *y, int N, int k);

// The share of equal labels [N] among a point's neighbours, mean over all points.
double purity(const int *neighbours, const int *labels, int N, int k);

// 1 if the neighbours of each point in the map are its nearest in the original too, less the
// farther away they come from there (Venna and Kaski 2001). With o = k-1 others and ranks counted
// from 1 it is 1 - 2 / (N o (2N - 3o - 1)) · Σ (rank - o), over the neighbours whose rank in the
// original, by cosines [N,N], is above o. o < N/2.
double trustworthiness(const int *neighbours, const double *cosines, int N, int k);

// How much closer the points of a map are to those with their own label than to those with the next
// best (Rousseeuw 1987): mean of (b - a) / max(a, b), where a is the mean distance to the others
// with the same label, and b the lowest mean distance to those with another; 0 for the only point
// with its label. -1 to 1. y [N,2]; labels [N] below `classes`; sums and counts [classes]: scratch.
double silhouette(double *sums, int *counts, const double *y, const int *labels, int N,
                  int classes);
#endif
