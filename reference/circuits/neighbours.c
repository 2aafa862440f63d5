#include "reference/circuits/neighbours.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- the index

static bool check_circuits(const Circuits *circuits, Error *error) {
    size_t entries = (size_t)circuits->N * (size_t)circuits->K;
    for (size_t i = 0; i < entries; i++) {
        int neuron = circuits->index[i];
        if (neuron == NO_EXPERT) continue;
        if (neuron < 0 || neuron >= circuits->F) {
            return fail(error, "circuit %zu: neuron %d; expected 0 to %d", i / (size_t)circuits->K,
                        neuron, circuits->F - 1);
        }
        if (!isfinite(circuits->score[i])) {
            return fail(error, "circuit %zu: the score of neuron %d is not finite",
                        i / (size_t)circuits->K, neuron);
        }
    }
    return true;
}

void neighbour_index_free(NeighbourIndex *index) {
    free(index->start);
    free(index->circuit);
    free(index->score);
    free(index->square);
    *index = (NeighbourIndex){ 0 };
}

// Writes where the entries of each neuron begin, and returns how many entries there are.
static size_t count_entries(size_t *start, const Circuits *circuits) {
    size_t entries = (size_t)circuits->N * (size_t)circuits->K;
    for (size_t i = 0; i < entries; i++) {
        if (circuits->index[i] != NO_EXPERT) start[circuits->index[i] + 1]++;
    }
    for (int f = 0; f < circuits->F; f++) start[f + 1] += start[f];
    return start[circuits->F];
}

// A counting sort by neuron. It uses start[f] as the place of neuron f's next entry, which ends at
// the first of f + 1, and moves all back.
static void sort_entries(NeighbourIndex *out, const Circuits *circuits) {
    size_t K = (size_t)circuits->K;
    for (int n = 0; n < circuits->N; n++) {
        for (size_t i = (size_t)n * K; i < ((size_t)n + 1) * K; i++) {
            if (circuits->index[i] == NO_EXPERT) continue;
            size_t entry = out->start[circuits->index[i]]++;
            out->circuit[entry] = n;
            out->score[entry] = circuits->score[i];
        }
    }
    memmove(out->start + 1, out->start, (size_t)circuits->F * sizeof *out->start);
    out->start[0] = 0;
}

bool neighbour_index_new(NeighbourIndex *out, const Circuits *circuits, Error *error) {
    *out = (NeighbourIndex){ 0 };
    if (!check_circuits(circuits, error)) return false;
    NeighbourIndex index = { .N = circuits->N, .F = circuits->F };
    index.start = calloc((size_t)index.F + 2, sizeof *index.start);
    size_t entries = index.start != NULL ? count_entries(index.start, circuits) : 0;
    index.circuit = malloc((entries + 1) * sizeof *index.circuit);
    index.score = malloc((entries + 1) * sizeof *index.score);
    index.square = calloc((size_t)index.N + 1, sizeof *index.square);
    if (index.start == NULL || index.circuit == NULL || index.score == NULL ||
        index.square == NULL) {
        neighbour_index_free(&index);
        return fail(error, "out of memory for an index of %d circuits", circuits->N);
    }
    sort_entries(&index, circuits);
    for (size_t i = 0; i < entries; i++) // of each circuit in the order of its neurons
        index.square[index.circuit[i]] += (double)index.score[i] * (double)index.score[i];
    *out = index;
    return true;
}

// ---- distances

// One thread's memory.
typedef struct {
    double *dot;    // [N]
    int32_t *order; // [K]: the places of a query's entries, by neuron
} Work;

static bool work_new(Work *out, int N, int K) {
    out->dot = malloc(((size_t)N + 1) * sizeof *out->dot);
    out->order = malloc(((size_t)K + 1) * sizeof *out->order);
    return out->dot != NULL && out->order != NULL;
}

static void work_free(Work *work) {
    free(work->dot);
    free(work->order);
}

// Sorts a query's entries by neuron, so that equal circuits give equal sums however their entries
// are ordered. Returns how many there are.
static int sort_query(int32_t *order, const int32_t *index, int K) {
    int count = 0;
    for (int k = 0; k < K; k++) {
        if (index[k] == NO_EXPERT) continue;
        int place = count++;
        for (; place > 0 && index[order[place - 1]] > index[k]; place--)
            order[place] = order[place - 1];
        order[place] = k;
    }
    return count;
}

// dot [N] = query · circuit. A product of two floats is exact in double, so that it does not matter
// whether it is fused with the addition: a·a is |a|² to the bit. Returns |query|².
static double multiply(Work *work, const NeighbourIndex *index, const Circuits *queries,
                       int query) {
    const int32_t *neuron = queries->index + (size_t)query * (size_t)queries->K;
    const float *score = queries->score + (size_t)query * (size_t)queries->K;
    double square = 0;
    memset(work->dot, 0, (size_t)index->N * sizeof *work->dot);
    int count = sort_query(work->order, neuron, queries->K);
    for (int k = 0; k < count; k++) {
        double s = score[work->order[k]];
        int f = neuron[work->order[k]];
        square += s * s;
        for (size_t i = index->start[f]; i < index->start[f + 1]; i++)
            work->dot[index->circuit[i]] += s * (double)index->score[i];
    }
    return square;
}

// sqrt(a·a) is a, so that equal circuits have the cosine 1 and the distance 0.
static double distance_of(double dot, double square, double other) {
    double product = square * other;
    if (!(product > 0)) return 1;
    double distance = 1 - dot / sqrt(product);
    return distance < 0 ? 0 : distance > 2 ? 2 : distance;
}

// ---- the nearest: a heap with the farthest of them on top

typedef struct {
    double distance;
    int32_t circuit;
} Candidate;

static bool is_farther(Candidate a, Candidate b) {
    return a.distance > b.distance || (a.distance == b.distance && a.circuit > b.circuit);
}

// Puts a candidate into the place of the top of a heap of `count`.
static void replace_top(Candidate *heap, int count, Candidate candidate) {
    int place = 0;
    for (int child = 1; child < count; child = 2 * place + 1) {
        if (child + 1 < count && is_farther(heap[child + 1], heap[child])) child++;
        if (!is_farther(heap[child], candidate)) break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = candidate;
}

static void add_last(Candidate *heap, int count, Candidate candidate) {
    int place = count;
    while (place > 0 && is_farther(candidate, heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = candidate;
}

// Takes the farthest off the heap, one by one, to the end of out [count].
static void sort_heap(Neighbour *out, Candidate *heap, int found, int count) {
    for (int i = found; i < count; i++) out[i] = (Neighbour){ NO_CIRCUIT, 0 };
    for (int i = found - 1; i >= 0; i--) {
        out[i] = (Neighbour){ heap[0].circuit, (float)heap[0].distance };
        replace_top(heap, i, heap[i]);
    }
}

static void find_nearest(Neighbour *out, Candidate *heap, Work *work, const NeighbourIndex *index,
                         double square, int self, int count) {
    int found = 0;
    for (int n = 0; n < index->N; n++) {
        if (n == self) continue;
        Candidate candidate = { distance_of(work->dot[n], square, index->square[n]), n };
        if (found < count) {
            add_last(heap, found++, candidate);
        } else if (candidate.distance < heap[0].distance) { // equal: the lower position is there
            replace_top(heap, found, candidate);
        }
    }
    sort_heap(out, heap, found, count);
}

static bool check_queries(const NeighbourIndex *index, const Circuits *queries, Error *error) {
    if (queries->F != index->F) {
        return fail(error, "circuits of %d neurons cannot be compared with those of %d neurons",
                    queries->F, index->F);
    }
    return check_circuits(queries, error);
}

bool neighbours_find(Neighbour *out, const NeighbourIndex *index, const Circuits *queries,
                     const int32_t *self, int count, Error *error) {
    if (!check_queries(index, queries, error)) return false;
    if (count < 1) return true;
    int taken = min_int(count, index->N); // at most so many are found
    int failures = 0;
#pragma omp parallel reduction(+ : failures)
    {
        Work work;
        Candidate *heap = malloc(((size_t)taken + 1) * sizeof *heap);
        bool ready = work_new(&work, index->N, queries->K) && heap != NULL;
        failures += !ready;
#pragma omp for schedule(dynamic, 4)
        for (int q = 0; q < queries->N; q++) {
            if (!ready) continue;
            Neighbour *row = out + (size_t)q * (size_t)count;
            double square = multiply(&work, index, queries, q);
            find_nearest(row, heap, &work, index, square, self != NULL ? self[q] : NO_CIRCUIT,
                         taken);
            for (int i = taken; i < count; i++) row[i] = (Neighbour){ NO_CIRCUIT, 0 };
        }
        work_free(&work);
        free(heap);
    }
    return failures == 0 ||
           fail(error, "out of memory for the neighbours of %d circuits", queries->N);
}

bool neighbour_distances(double *distance, const NeighbourIndex *index, const Circuits *query,
                         Error *error) {
    if (!check_queries(index, query, error)) return false;
    Work work;
    bool ok = work_new(&work, index->N, query->K);
    if (ok) {
        double square = multiply(&work, index, query, 0);
        for (int n = 0; n < index->N; n++)
            distance[n] = distance_of(work.dot[n], square, index->square[n]);
    }
    work_free(&work);
    return ok || fail(error, "out of memory for the distances to %d circuits", index->N);
}
