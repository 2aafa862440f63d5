#ifndef CHAPTERS_09_CIRCUITS_FUZZY_GRAPH_H
#define CHAPTERS_09_CIRCUITS_FUZZY_GRAPH_H

// The first half of UMAP (McInnes 2018): N points become a graph whose weights say how certain it
// is that two points are neighbours. From the k nearest of each point, itself first: neighbours and
// distances [N,k].

// Each point measures in units of its own, so that points in dense and in sparse regions have
// equally many neighbours: rho [N] is the smallest distance above 0, and sigma [N] is such that
//   Σ over the k-1 others of exp(-max(distance - rho, 0) / sigma) = log2 k
// found by bisection (64 steps at most, to 1e-5), and at least a thousandth of the point's mean
// distance (or, where rho is 0, of that of all points).
void neighbour_scales(double *rho, double *sigma, const double *distances, int N, int k);

// graph [N,N] = W + Wᵀ - W∘Wᵀ with W[i][j] = exp(-max(distance - rho_i, 0) / sigma_i) for i's
// neighbours j, and 0 for all others and itself: the probability that i chose j or j chose i.
void fuzzy_graph(double *graph, const int *neighbours, const double *distances, const double *rho,
                 const double *sigma, int N, int k);

typedef struct {
    int from, to;
    double weight;
} Edge;

// The entries of graph [N,N] above 0, row by row: each edge of a symmetric graph twice. Returns how
// many; edges NULL: only counts.
int graph_edges(Edge *edges, const double *graph, int N);
#endif
