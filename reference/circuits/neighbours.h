#ifndef REFERENCE_CIRCUITS_NEIGHBOURS_H
#define REFERENCE_CIRCUITS_NEIGHBOURS_H
#include "reference/circuits/circuits.h"

// Exact cosine neighbours of circuits. The distance of two circuits is 1 - a·b / (|a| |b|), 0 to 2;
// it is exactly 0 between equal circuits, and 1 between a circuit without entries, or with only
// zeros, and any other. Sums are in double, in the order of the neurons.

// An inverted index: of each neuron, the circuits in which it is active. N circuits of K entries
// take 8·N·K bytes.
typedef struct {
    int N, F;
    size_t *start;    // [F+1]: neuron f has the entries start[f] .. start[f+1]-1
    int32_t *circuit; // [entries], ascending for each neuron
    float *score;     // [entries]
    double *square;   // [N], |circuit|²
} NeighbourIndex;

// The circuits are not needed afterwards. A score that is not finite, or a neuron outside 0 to F-1,
// is an error.
bool neighbour_index_new(NeighbourIndex *out, const Circuits *circuits, Error *error);
void neighbour_index_free(NeighbourIndex *index);

typedef struct {
    int32_t circuit; // NO_CIRCUIT: there are fewer
    float distance;
} Neighbour;
enum { NO_CIRCUIT = -1 };

// out [queries->N, count]: of each query, which must have the index's F, the nearest circuits,
// nearest first; equal distances: the lower position first. self [queries->N]: the circuit that a
// query is itself and that is left out, or NO_CIRCUIT; NULL: none is. Queries are shared among the
// threads; the result is the same for any number of them. The cost of a query is N plus the entries
// of its neurons.
bool neighbours_find(Neighbour *out, const NeighbourIndex *index, const Circuits *queries,
                     const int32_t *self, int count, Error *error);

// distance [index->N]: from one circuit (query->N = 1) to all, on the calling thread.
bool neighbour_distances(double *distance, const NeighbourIndex *index, const Circuits *query,
                         Error *error);

// A view of circuit n alone.
static inline Circuits circuit_view(const Circuits *circuits, int n) {
    size_t row = (size_t)n * (size_t)circuits->K;
    Circuits view = { 1, circuits->K, circuits->F, circuits->index + row, circuits->score + row };
    return view;
}
#endif
