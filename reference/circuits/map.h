#ifndef REFERENCE_CIRCUITS_MAP_H
#define REFERENCE_CIRCUITS_MAP_H
#include "reference/circuits/umap.h"

// A map of circuits in the plane: similar circuits are near each other.
typedef struct {
    int N;
    Circuits circuits;
    NeighbourIndex index;
    Neighbour *nearest; // [N,UMAP_NEIGHBOURS]
    UmapGraph graph;
    float *xy; // [N,2]
} Map;

// UMAP with min_dist 0.1 and spread 1. Takes over the circuits, also when it fails; at least one.
bool map_new(Map *out, Circuits *circuits, uint64_t seed, Error *error);
void map_free(Map *map);

// Another layout xy [N,2] of the same map.
bool map_layout_of(float *xy, const Map *map, uint64_t seed, Error *error);

// Where another circuit (circuit->N = 1), such as that of the word just typed, belongs: the mean
// place of its nearest circuits, weighted as the map's own neighbours are; the place of the circuit
// that it equals, if there is one.
bool map_project(float xy[2], const Map *map, const Circuits *circuit, Error *error);
#endif
