#include "reference/circuits/map.h"
#include "reference/numbers/minmax.h"
#include <stdlib.h>
#include <string.h>

void map_free(Map *map) {
    circuits_free(&map->circuits);
    neighbour_index_free(&map->index);
    free(map->nearest);
    umap_graph_free(&map->graph);
    free(map->xy);
    *map = (Map){ 0 };
}

bool map_layout_of(float *xy, const Map *map, uint64_t seed, Error *error) {
    UmapCurve curve = umap_curve(0.1, 1);
    return umap_start(xy, &map->graph, seed, error) &&
           umap_descend(xy, &map->graph, &curve, umap_epochs(map->N), seed, error);
}

static bool find_neighbours(Map *map, Error *error) {
    int32_t *self = malloc((size_t)map->N * sizeof *self);
    if (self == NULL) return fail(error, "out of memory for a map of %d circuits", map->N);
    for (int i = 0; i < map->N; i++) self[i] = i;
    bool ok =
        neighbours_find(map->nearest, &map->index, &map->circuits, self, UMAP_NEIGHBOURS, error);
    free(self);
    return ok;
}

bool map_new(Map *out, Circuits *circuits, uint64_t seed, Error *error) {
    *out = (Map){ .N = circuits->N, .circuits = *circuits };
    *circuits = (Circuits){ 0 };
    if (out->N < 1) {
        map_free(out);
        return fail(error, "there are no circuits to make a map of");
    }
    size_t N = (size_t)out->N;
    out->nearest = malloc(N * UMAP_NEIGHBOURS * sizeof *out->nearest);
    out->xy = malloc(2 * N * sizeof *out->xy);
    bool ok = (out->nearest != NULL && out->xy != NULL) ||
              fail(error, "out of memory for a map of %d circuits", out->N);
    ok = ok && neighbour_index_new(&out->index, &out->circuits, error) &&
         find_neighbours(out, error) &&
         umap_graph_new(&out->graph, out->nearest, out->N, UMAP_NEIGHBOURS, error) &&
         map_layout_of(out->xy, out, seed, error);
    if (!ok) map_free(out);
    return ok;
}

bool map_project(float xy[2], const Map *map, const Circuits *circuit, Error *error) {
    Neighbour nearest[UMAP_NEIGHBOURS];
    int count = min_int(UMAP_NEIGHBOURS, map->N);
    if (!neighbours_find(nearest, &map->index, circuit, NULL, count, error)) return false;
    double x = 0, y = 0, sum = 0;
    double mean = umap_mean_distance(map->nearest, map->N, UMAP_NEIGHBOURS);
    UmapScale scale = umap_scale(nearest, count, mean);
    for (int i = 0; i < count; i++) {
        double weight = umap_weight(scale, (double)nearest[i].distance);
        if (nearest[0].distance == 0) weight = i == 0;
        const float *place = map->xy + 2 * (size_t)nearest[i].circuit;
        x += weight * (double)place[0];
        y += weight * (double)place[1];
        sum += weight;
    }
    xy[0] = (float)(x / sum);
    xy[1] = (float)(y / sum);
    return true;
}
