#include "reference/bench/circuit_subjects.h"
#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <stdlib.h>

enum { WORDS = 1000, NEAREST = 15, ENTRIES = CIRCUIT_CHANNELS * CIRCUIT_ACTIVE };

// The neurons of a circuit of this word; those of a channel are different.
static void draw_neurons(int32_t *index, uint64_t word, uint64_t first) {
    uint64_t kinds = random_key(1, "kinds"), own = random_key(1, "words"),
             other = random_key(1, "others");
    for (int k = 0; k < ENTRIES; k++) {
        int channel = k / CIRCUIT_ACTIVE;
        uint64_t entry = first + (uint64_t)k;
        bool of_word = random_uniform(kinds, entry) < 0.6;
        int neuron =
            (int)random_below(of_word ? own : other, of_word ? word * ENTRIES + (uint64_t)k : entry,
                              CIRCUIT_NEURONS);
        for (int j = channel * CIRCUIT_ACTIVE; j < k; j++) {
            if (index[j] % CIRCUIT_NEURONS != neuron) continue;
            neuron = (neuron + 1) % CIRCUIT_NEURONS;
            j = channel * CIRCUIT_ACTIVE - 1; // again from the channel's first
        }
        index[k] = channel * CIRCUIT_NEURONS + neuron;
    }
}

static bool make_circuits(Circuits *out, int N, Error *error) {
    *out = (Circuits){ .N = N, .K = ENTRIES, .F = CIRCUIT_CHANNELS * CIRCUIT_NEURONS };
    size_t entries = (size_t)N * ENTRIES;
    out->index = malloc(entries * sizeof *out->index);
    out->score = malloc(entries * sizeof *out->score);
    if (out->index == NULL || out->score == NULL) {
        circuits_free(out);
        return fail(error, "out of memory for %d circuits", N);
    }
    uint64_t words = random_key(1, "text"), scores = random_key(1, "scores");
    for (size_t n = 0; n < (size_t)N; n++) {
        double u = random_uniform(words, n); // squared: the first words are the most frequent
        draw_neurons(out->index + n * ENTRIES, (uint64_t)(u * u * WORDS), n * ENTRIES);
        for (size_t k = n * ENTRIES; k < (n + 1) * ENTRIES; k++)
            out->score[k] = 1 + (float)random_uniform(scores, k);
    }
    return true;
}

bool neighbours_subject_new(NeighboursSubject *out, int N, int queries, Error *error) {
    *out = (NeighboursSubject){ .self = NULL };
    if (!make_circuits(&out->circuits, N, error)) return false;
    out->queries = out->circuits;
    out->queries.N = min_int(queries, N);
    out->self = malloc((size_t)out->queries.N * sizeof *out->self);
    out->nearest = malloc((size_t)out->queries.N * NEAREST * sizeof *out->nearest);
    if (out->self == NULL || out->nearest == NULL) {
        neighbours_subject_free(out);
        return fail(error, "out of memory for %d queries", queries);
    }
    for (int q = 0; q < out->queries.N; q++) out->self[q] = q;
    return true;
}

void neighbours_subject_free(NeighboursSubject *subject) {
    circuits_free(&subject->circuits);
    free(subject->self);
    free(subject->nearest);
    *subject = (NeighboursSubject){ .self = NULL };
}

void neighbours_subject_run(void *context, double seconds[BENCH_PARTS]) {
    NeighboursSubject *subject = context;
    NeighbourIndex index;
    double start = clock_seconds();
    bool ok = neighbour_index_new(&index, &subject->circuits, NULL);
    double middle = clock_seconds();
    ok = ok &&
         neighbours_find(subject->nearest, &index, &subject->queries, subject->self, NEAREST, NULL);
    seconds[NEIGHBOURS_INDEX] = middle - start;
    seconds[NEIGHBOURS_SEARCH] = clock_seconds() - middle;
    neighbour_index_free(&index);
    subject->failed = subject->failed || !ok;
}

void map_subject_run(void *context, double seconds[BENCH_PARTS]) {
    MapSubject *subject = context;
    Circuits circuits; // which the map takes over
    Map map = { .N = 0 };
    bool ok = make_circuits(&circuits, subject->N, NULL);
    double start = clock_seconds();
    ok = ok && map_new(&map, &circuits, 1, NULL);
    seconds[0] = clock_seconds() - start;
    map_free(&map);
    subject->failed = subject->failed || !ok;
}
