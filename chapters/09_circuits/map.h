#ifndef CHAPTERS_09_CIRCUITS_MAP_H
#define CHAPTERS_09_CIRCUITS_MAP_H
#include "chapters/09_circuits/fuzzy_graph.h"
#include <stdbool.h>
#include <stdint.h>

// The parts of the map put together: UMAP with 15 neighbours (the point itself is one), min_dist
// 0.1 and spread 1, by cosine.

enum { MAP_NEIGHBOURS = 15, MAP_EPOCHS = 500 };

typedef struct {
    int N, M;
    double *cosines; // [N,N]
    int *neighbours; // [N,MAP_NEIGHBOURS], each point itself first
    Edge *edges;     // [M]
} MapGraph;

// Of N gatings, scores and indices [N,K] of F neurons; N >= MAP_NEIGHBOURS. false: out of memory.
bool map_graph_new(MapGraph *out, const double *scores, const int *indices, int N, int K, int F);
void map_graph_free(MapGraph *graph);

// y [N,2]: a layout of the graph; another one for another seed. false: out of memory.
bool map_layout(double *y, const MapGraph *graph, uint64_t seed);
#endif
