#include "chapters/09_circuits/map.h"
#include "chapters/09_circuits/layout.h"
#include "chapters/09_circuits/neighbours.h"
#include "chapters/09_circuits/spectral.h"
#include <stdlib.h>

void map_graph_free(MapGraph *graph) {
    free(graph->cosines);
    free(graph->neighbours);
    free(graph->edges);
    *graph = (MapGraph){ 0 };
}

// [graph
bool map_graph_new(MapGraph *out, const double *scores, const int *indices, int N, int K, int F) {
    size_t n = (size_t)N, near = n * MAP_NEIGHBOURS;
    *out = (MapGraph){ .N = N,
                       .cosines = malloc(n * n * sizeof *out->cosines),
                       .neighbours = malloc(near * sizeof *out->neighbours) };
    double *graph = malloc(n * n * sizeof *graph), *dense = malloc((size_t)F * sizeof *dense),
           *distances = malloc((near + 2 * n) * sizeof *distances);
    bool ok = out->cosines && out->neighbours && graph && dense && distances;
    if (ok) {
        double *rho = distances + near, *sigma = rho + n;
        for (size_t i = 0; i < n; i++) {
            double *cosines = out->cosines + i * n;
            sparse_cosines(cosines, dense, scores + i * K, indices + i * K, scores, indices, N, K,
                           F);
            nearest(out->neighbours + i * MAP_NEIGHBOURS, distances + i * MAP_NEIGHBOURS, cosines,
                    (int)i, N, MAP_NEIGHBOURS);
        }
        neighbour_scales(rho, sigma, distances, N, MAP_NEIGHBOURS);
        fuzzy_graph(graph, out->neighbours, distances, rho, sigma, N, MAP_NEIGHBOURS);
        out->M = graph_edges(NULL, graph, N);
        out->edges = malloc((size_t)out->M * sizeof *out->edges);
        ok = out->edges != NULL;
        if (ok) graph_edges(out->edges, graph, N);
    }
    free(graph);
    free(dense);
    free(distances);
    if (!ok) map_graph_free(out);
    return ok;
}
// graph]

// [map
bool map_layout(double *y, const MapGraph *graph, uint64_t seed) {
    int N = graph->N, M = graph->M;
    LayoutCurve curve = layout_curve(0.1, 1.0);
    double *vectors = malloc(6 * (size_t)N * sizeof *vectors),
           *due = malloc(2 * (size_t)M * sizeof *due);
    bool ok = vectors && due;
    if (ok) {
        spectral_vectors(vectors, vectors + 2 * (size_t)N, graph->edges, M, N, seed);
        spectral_start(y, vectors, N, seed);
        layout_optimise(y, due, graph->edges, M, N, &curve, MAP_EPOCHS, seed);
    }
    free(vectors);
    free(due);
    return ok;
}
// map]
