#ifndef REFERENCE_CIRCUITS_UMAP_H
#define REFERENCE_CIRCUITS_UMAP_H
#include "reference/circuits/neighbours.h"

// UMAP (McInnes, Healy and Melville 2018): points of which only the nearest neighbours are known,
// laid out in a plane. Everything is the same for any number of threads.

enum { UMAP_NEIGHBOURS = 14 }; // of a point, without itself: "n_neighbors 15" counts it too

// What makes distances of one point comparable with those of another: rho, the smallest distance
// that is not 0, and sigma, for which the sum of exp(-max(d - rho, 0) / sigma) over its neighbours
// is log2(count + 1). nearest [count], nearest first; mean: of all distances of all points, for a
// point that only has distances of 0.
typedef struct {
    double rho, sigma;
} UmapScale;
double umap_weight(UmapScale scale, double distance); // exp(-max(distance - rho, 0) / sigma)
UmapScale umap_scale(const Neighbour *nearest, int count, double mean);
// The mean of the distances nearest [N,count], where each point also has its distance 0 to itself.
double umap_mean_distance(const Neighbour *nearest, int N, int count);

// A symmetric sparse matrix of weights above 0, at most 1, without self-edges.
typedef struct {
    int N;
    size_t *start;  // [N+1]: point i has the edges start[i] .. start[i+1]-1
    int32_t *other; // [edges], ascending for each point
    float *weight;  // [edges]
} UmapGraph;

// The fuzzy union W + W' - W∘W' of the weights exp(-max(d - rho, 0) / sigma) of nearest [N,count],
// as neighbours_find writes them, with self left out.
bool umap_graph_new(UmapGraph *out, const Neighbour *nearest, int N, int count, Error *error);
void umap_graph_free(UmapGraph *graph);

// 1 / (1 + a·x^(2b)), fitted by least squares to 1 below min_dist and exp(-(x - min_dist) / spread)
// beyond, at 300 points of [0, 3·spread].
typedef struct {
    double a, b;
} UmapCurve;
UmapCurve umap_curve(double min_dist, double spread);

// xy [N,2]: where the layout starts, in a square of 10 by 10. Of each connected component the
// eigenvectors of the normalised Laplacian that belong to the two smallest eigenvalues above 0;
// components side by side.
bool umap_start(float *xy, const UmapGraph *graph, uint64_t seed, Error *error);

// Stochastic gradient descent from xy [N,2]: edges attract, at a rate in proportion to their
// weights, and each time 5 points drawn at random repel. In each epoch a point moves by its own
// edges alone and sees the others where they were before, so that points can be moved in any order.
bool umap_descend(float *xy, const UmapGraph *graph, const UmapCurve *curve, int epochs,
                  uint64_t seed, Error *error);
static inline int umap_epochs(int N) { return N <= 10000 ? 500 : 200; }
#endif
