#include "reference/circuits/umap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- scales

double umap_mean_distance(const Neighbour *nearest, int N, int count) {
    double sum = 0;
    for (size_t i = 0; i < (size_t)N * (size_t)count; i++) sum += (double)nearest[i].distance;
    return N > 0 ? sum / ((double)N * (count + 1)) : 0;
}

double umap_weight(UmapScale scale, double distance) {
    double beyond = distance - scale.rho;
    return beyond <= 0 || scale.sigma == 0 ? 1 : exp(-beyond / scale.sigma);
}

// Finds sigma by bisection, and doubling while there is no upper bound.
static double bisect(const Neighbour *nearest, int count, double rho) {
    double low = 0, high = INFINITY, sigma = 1, target = log2(count + 1.0);
    for (int step = 0; step < 64; step++) {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += umap_weight((UmapScale){ rho, sigma }, (double)nearest[i].distance);
        if (fabs(sum - target) < 1e-5) break;
        if (sum > target) {
            high = sigma;
        } else {
            low = sigma;
        }
        sigma = isinf(high) ? 2 * sigma : (low + high) / 2;
    }
    return sigma;
}

UmapScale umap_scale(const Neighbour *nearest, int count, double mean) {
    double rho = 0, sum = 0;
    for (int i = 0; i < count; i++) {
        if (rho == 0) rho = (double)nearest[i].distance;
        sum += (double)nearest[i].distance;
    }
    double least = 1e-3 * (rho > 0 ? sum / (count + 1) : mean);
    return (UmapScale){ rho, fmax(bisect(nearest, count, rho), least) };
}

// ---- the graph

// W: of each point `count` edges, ascending by the other point.
typedef struct {
    int32_t *other; // [N,count]; NO_CIRCUIT, which comes last: none
    double *weight; // [N,count]
} Directed;

static void directed_row(Directed *out, const Neighbour *nearest, int i, int count, double mean) {
    size_t row = (size_t)i * (size_t)count;
    int32_t *other = out->other + row;
    double *weight = out->weight + row;
    int found = 0;
    while (found < count && nearest[row + (size_t)found].circuit != NO_CIRCUIT) found++;
    UmapScale scale = umap_scale(nearest + row, found, mean);
    for (int n = 0; n < found; n++) {
        Neighbour neighbour = nearest[row + (size_t)n];
        int place = n;
        for (; place > 0 && other[place - 1] > neighbour.circuit; place--) {
            other[place] = other[place - 1];
            weight[place] = weight[place - 1];
        }
        other[place] = neighbour.circuit;
        weight[place] = umap_weight(scale, (double)neighbour.distance);
    }
    for (int n = found; n < count; n++) other[n] = NO_CIRCUIT;
}

// The transpose of W: start [N+1], and of each edge to a point the edge's place in W.
static void transpose_edges(size_t *start, size_t *place, const Directed *directed, int N,
                            int count) {
    size_t edges = (size_t)N * (size_t)count;
    for (size_t e = 0; e < edges; e++) {
        if (directed->other[e] != NO_CIRCUIT) start[directed->other[e] + 1]++;
    }
    for (int i = 0; i < N; i++) start[i + 1] += start[i];
    for (size_t e = 0; e < edges; e++) {
        if (directed->other[e] != NO_CIRCUIT) place[start[directed->other[e]]++] = e;
    }
    memmove(start + 1, start, (size_t)N * sizeof *start);
    start[0] = 0;
}

// Merges the edges from point i and those to it, both ascending by the other point.
static void add_row(UmapGraph *out, const Directed *directed, const size_t *start,
                    const size_t *place, int i, int count) {
    size_t from = (size_t)i * (size_t)count, from_end = from + (size_t)count, to = start[i];
    size_t edge = out->start[i];
    for (;;) {
        bool more_from = from < from_end && directed->other[from] != NO_CIRCUIT;
        bool more_to = to < start[i + 1];
        if (!more_from && !more_to) break;
        int32_t a = more_from ? directed->other[from] : INT32_MAX;
        int32_t b = more_to ? (int32_t)(place[to] / (size_t)count) : INT32_MAX;
        double w = a <= b ? directed->weight[from++] : 0;
        double v = b <= a ? directed->weight[place[to++]] : 0;
        float weight = (float)(w + v - w * v);
        if (!(weight > 0)) continue; // too small for a float
        out->other[edge] = a < b ? a : b;
        out->weight[edge++] = weight;
    }
    out->start[i + 1] = edge;
}

void umap_graph_free(UmapGraph *graph) {
    free(graph->start);
    free(graph->other);
    free(graph->weight);
    *graph = (UmapGraph){ 0 };
}

bool umap_graph_new(UmapGraph *out, const Neighbour *nearest, int N, int count, Error *error) {
    size_t edges = (size_t)N * (size_t)count;
    Directed directed = { malloc((edges + 1) * sizeof *directed.other),
                          malloc((edges + 1) * sizeof *directed.weight) };
    size_t *start = calloc((size_t)N + 1, sizeof *start);
    size_t *place = malloc((edges + 1) * sizeof *place);
    *out = (UmapGraph){ .N = N };
    out->start = calloc((size_t)N + 1, sizeof *out->start);
    out->other = malloc((2 * edges + 1) * sizeof *out->other);
    out->weight = malloc((2 * edges + 1) * sizeof *out->weight);
    bool ok = directed.other != NULL && directed.weight != NULL && start != NULL && place != NULL &&
              out->start != NULL && out->other != NULL && out->weight != NULL;
    if (ok) {
        double mean = umap_mean_distance(nearest, N, count);
        for (int i = 0; i < N; i++) directed_row(&directed, nearest, i, count, mean);
        transpose_edges(start, place, &directed, N, count);
        for (int i = 0; i < N; i++) add_row(out, &directed, start, place, i, count);
    } else {
        umap_graph_free(out);
        fail(error, "out of memory for the graph of %d points", N);
    }
    free(directed.other);
    free(directed.weight);
    free(start);
    free(place);
    return ok;
}
