#ifndef CHAPTERS_09_CIRCUITS_NEIGHBOURS_H
#define CHAPTERS_09_CIRCUITS_NEIGHBOURS_H

// How alike two gatings are: the cosine of the angle between them, a·b / (|a| |b|); 1 if one is a
// multiple of the other, 0 if they have no neuron in common. A vector of zeros has cosine 0 with
// everything.

// cosines [N] of one gating, score and index [K], with scores and indices [N,K]. dense [F]:
// scratch.
void sparse_cosines(double *cosines, double *dense, const double *score, const int *index,
                    const double *scores, const int *indices, int N, int K, int F);
// The same for dense vectors: x [D] with xs [N,D].
void dense_cosines(double *cosines, const double *x, const double *xs, int N, int D);

// The k nearest of N by their cosines [N]: index [k] and distance [k] = 1 - cosine, nearest first,
// equal ones by the lower index. self, if not negative, is the point itself: it is first, at
// distance 0. A cosine of NaN leaves its point out, as long as k others are there. 1 <= k <= N.
void nearest(int *index, double *distance, const double *cosines, int self, int N, int k);

// The k nearest of each of the gatings, itself first: neighbours and distances [N,k]. scratch:
// N + F doubles.
void all_neighbours(int *neighbours, double *distances, double *scratch, const double *scores,
                    const int *indices, int N, int K, int F, int k);
#endif
