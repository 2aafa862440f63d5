#ifndef REFERENCE_BENCH_CIRCUIT_SUBJECTS_H
#define REFERENCE_BENCH_CIRCUIT_SUBJECTS_H
#include "reference/bench/rounds.h"
#include "reference/circuits/map.h"

// What is timed of circuits: the search for neighbours, and a map. The circuits are random, of the
// sizes of the paper's TinyStories model (8 channels of 1024 neurons, 8 active in each), and alike
// for the same word: six of ten neurons are the word's, of which the frequent have many circuits.
enum { CIRCUIT_CHANNELS = 8, CIRCUIT_NEURONS = 1024, CIRCUIT_ACTIVE = 8 };

// A run indexes N circuits and finds the 15 nearest of `queries` of them.
typedef struct {
    Circuits circuits, queries; // queries: a view of the first
    int32_t *self;              // [queries]
    Neighbour *nearest;         // [queries,15]
    bool failed;                // a run was out of memory
} NeighboursSubject;

enum { NEIGHBOURS_INDEX, NEIGHBOURS_SEARCH, NEIGHBOURS_PARTS };
bool neighbours_subject_new(NeighboursSubject *out, int N, int queries, Error *error);
void neighbours_subject_free(NeighboursSubject *subject);
void neighbours_subject_run(void *subject, double seconds[BENCH_PARTS]);

// A run makes a map of N circuits.
typedef struct {
    int N;
    bool failed; // a run was out of memory
} MapSubject;

void map_subject_run(void *subject, double seconds[BENCH_PARTS]);
#endif
