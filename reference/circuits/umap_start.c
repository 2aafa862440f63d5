#include "reference/circuits/umap.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ITERATIONS = 1000 };

typedef struct {
    const UmapGraph *graph;
    int components;
    int32_t *component; // [N]
    double *root;       // [N], the square root of a point's degree
    double *sum;        // [components], scratch
    double *v, *next;   // [2,N]
} Work;

// ---- components

static void number_components(Work *work, int32_t *stack) {
    const UmapGraph *graph = work->graph;
    for (int i = 0; i < graph->N; i++) work->component[i] = -1;
    for (int i = 0; i < graph->N; i++) {
        if (work->component[i] >= 0) continue;
        int depth = 0;
        stack[depth++] = i;
        work->component[i] = work->components;
        while (depth > 0) {
            int point = stack[--depth];
            for (size_t e = graph->start[point]; e < graph->start[point + 1]; e++) {
                int other = graph->other[e];
                if (work->component[other] >= 0) continue;
                work->component[other] = work->components;
                stack[depth++] = other;
            }
        }
        work->components++;
    }
}

// ---- the eigenvectors: power iteration with (I + S) / 2, S = D^-1/2 W D^-1/2, whose eigenvalues
// are 0 to 1, in every component at once

static void multiply(double *out, const double *v, const Work *work) {
    const UmapGraph *graph = work->graph;
#pragma omp parallel for
    for (int i = 0; i < graph->N; i++) {
        double sum = 0;
        for (size_t e = graph->start[i]; e < graph->start[i + 1]; e++)
            sum += (double)graph->weight[e] * v[graph->other[e]] / work->root[graph->other[e]];
        out[i] = (v[i] + (work->root[i] > 0 ? sum / work->root[i] : 0)) / 2;
    }
}

// Subtracts from v its part along a direction, in each component.
static void project_out(double *v, const double *direction, Work *work) {
    double *sum = work->sum, *square = work->sum + work->components;
    memset(sum, 0, 2 * (size_t)work->components * sizeof *sum);
    for (int i = 0; i < work->graph->N; i++) {
        sum[work->component[i]] += v[i] * direction[i];
        square[work->component[i]] += direction[i] * direction[i];
    }
    for (int i = 0; i < work->graph->N; i++) {
        int c = work->component[i];
        if (square[c] > 0) v[i] -= sum[c] / square[c] * direction[i];
    }
}

// Scales v to a root mean square of 1 in each component; zeros where nothing is left, as in one of
// two points.
static void normalize(double *v, Work *work) {
    double *sum = work->sum, *count = work->sum + work->components;
    memset(sum, 0, 2 * (size_t)work->components * sizeof *sum);
    for (int i = 0; i < work->graph->N; i++) {
        sum[work->component[i]] += v[i] * v[i];
        count[work->component[i]] += 1;
    }
    for (int i = 0; i < work->graph->N; i++) {
        int c = work->component[i];
        v[i] = sum[c] > 1e-20 * count[c] ? v[i] / sqrt(sum[c] / count[c]) : 0;
    }
}

static void iterate(Work *work, uint64_t seed) {
    size_t N = (size_t)work->graph->N;
    uint64_t key = random_key(seed, "start");
    for (size_t i = 0; i < 2 * N; i++) work->v[i] = random_normal(key, i);
    double change = INFINITY;
    for (int step = 0; step < MAX_ITERATIONS && change > 1e-8; step++) {
        change = 0;
        for (size_t d = 0; d < 2; d++) {
            double *v = work->v + d * N, *next = work->next + d * N;
            multiply(next, v, work);
            project_out(next, work->root, work); // the eigenvector of eigenvalue 0 of the Laplacian
            if (d == 1) project_out(next, work->next, work);
            normalize(next, work);
            for (size_t i = 0; i < N; i++)
                change += (next[i] - v[i]) * (next[i] - v[i]) / (double)N;
        }
        double *swapped = work->v;
        work->v = work->next;
        work->next = swapped;
    }
}

// ---- coordinates

typedef struct {
    int component, size;
    double x, y; // of its cell
} Cell;

static int larger_first(const void *a, const void *b) {
    const Cell *p = a, *q = b;
    if (p->size != q->size) return q->size - p->size;
    return p->component - q->component;
}

static int by_component(const void *a, const void *b) {
    return ((const Cell *)a)->component - ((const Cell *)b)->component;
}

// Lays square cells, whose areas are the sizes of the components, from left to right in rows, the
// largest first.
static void place_cells(Cell *cells, const Work *work) {
    double width = 0, x = 0, y = 0, row = 0;
    for (int c = 0; c < work->components; c++) cells[c] = (Cell){ .component = c };
    for (int i = 0; i < work->graph->N; i++) cells[work->component[i]].size++;
    qsort(cells, (size_t)work->components, sizeof *cells, larger_first);
    width = 1.1 * sqrt((double)work->graph->N);
    for (int c = 0; c < work->components; c++) {
        double side = sqrt((double)cells[c].size);
        if (x > 0 && x + side > width) {
            x = 0;
            y += row;
            row = 0;
        }
        cells[c].x = x + side / 2;
        cells[c].y = y + side / 2;
        row = fmax(row, side);
        x += side;
    }
    qsort(cells, (size_t)work->components, sizeof *cells, by_component);
}

// Components in their cells; then the whole is stretched to 10 by 10.
static void place(float *xy, const Cell *cells, const Work *work, uint64_t seed) {
    int N = work->graph->N;
    uint64_t key = random_key(seed, "noise");
    for (int d = 0; d < 2; d++) {
        const double *v = work->v + (size_t)d * (size_t)N;
        float low = INFINITY, high = -INFINITY;
        for (int i = 0; i < N; i++) {
            const Cell *cell = &cells[work->component[i]];
            size_t to = 2 * (size_t)i + (size_t)d;
            // Most of v is within 3; the noise separates points at the same place.
            double side = sqrt((double)cell->size), center = d == 0 ? cell->x : cell->y;
            xy[to] = (float)(center + side * (v[i] / 6 + 1e-4 * random_normal(key, to)));
            low = fminf(low, xy[to]);
            high = fmaxf(high, xy[to]);
        }
        float scale = high > low ? 10 / (high - low) : 0;
        for (int i = 0; i < N; i++) {
            size_t to = 2 * (size_t)i + (size_t)d;
            xy[to] = (xy[to] - low) * scale;
        }
    }
}

static void measure_degrees(Work *work) {
    const UmapGraph *graph = work->graph;
    for (int i = 0; i < graph->N; i++) {
        double degree = 0;
        for (size_t e = graph->start[i]; e < graph->start[i + 1]; e++)
            degree += (double)graph->weight[e];
        work->root[i] = sqrt(degree);
    }
}

bool umap_start(float *xy, const UmapGraph *graph, uint64_t seed, Error *error) {
    size_t N = (size_t)graph->N;
    Work work = { .graph = graph };
    work.component = malloc((N + 1) * sizeof *work.component);
    work.root = malloc((N + 1) * sizeof *work.root);
    work.sum = malloc((2 * N + 1) * sizeof *work.sum);
    work.v = malloc((2 * N + 1) * sizeof *work.v);
    work.next = malloc((2 * N + 1) * sizeof *work.next);
    int32_t *stack = malloc((N + 1) * sizeof *stack);
    Cell *cells = malloc((N + 1) * sizeof *cells);
    bool ok = work.component != NULL && work.root != NULL && work.sum != NULL && work.v != NULL &&
              work.next != NULL && stack != NULL && cells != NULL;
    if (ok) {
        number_components(&work, stack);
        measure_degrees(&work);
        iterate(&work, seed);
        place_cells(cells, &work);
        place(xy, cells, &work, seed);
    }
    free(work.component);
    free(work.root);
    free(work.sum);
    free(work.v);
    free(work.next);
    free(stack);
    free(cells);
    return ok || fail(error, "out of memory for the layout of %d points", graph->N);
}
