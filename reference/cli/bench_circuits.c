#include "reference/cli/bench_circuits.h"
#include "reference/bench/circuit_subjects.h"
#include "reference/cli/token_json.h"
#include "reference/io/parse.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <string.h>

enum { DEFAULT_N = 100000, MIN_N = 100, MAX_N = 1 << 24, QUERIES = 100, MAPPED = 20 };

// A SettingFunction for the number of circuits.
static bool set_circuits(void *context, const char *name, const char *value, Error *error) {
    int64_t *N = context;
    if (strcmp(name, "N") != 0)
        return fail(error, "%s=%s: bench circuits takes only N", name, value);
    if (parse_int(value, N) && *N >= MIN_N && *N <= MAX_N) return true;
    return fail(error, "N=%s: expected a whole number from %d to %d", value, MIN_N, MAX_N);
}

typedef struct {
    NeighboursSubject neighbours;
    MapSubject map;
    Bench benches[2]; // of both
    int repetitions;
} Measured;

static bool measure(Measured *measured, int N, Error *error) {
    if (!neighbours_subject_new(&measured->neighbours, N, N / QUERIES, error)) return false;
    measured->map.N = max_int(N / MAPPED, 1);
    measured->benches[0] =
        (Bench){ .run = neighbours_subject_run, .context = &measured->neighbours };
    measured->benches[1] = (Bench){ .run = map_subject_run, .context = &measured->map };
    Bench *benches[] = { &measured->benches[0], &measured->benches[1] };
    if (!bench_rounds(benches, 2, measured->repetitions, error)) return false;
    if (!measured->neighbours.failed && !measured->map.failed) return true;
    return fail(error, "out of memory for %d circuits; choose a smaller N", N);
}

static void print_summary(const char *name, int count, const Summary *summary) {
    char text[64];
    snprintf(text, sizeof text, name, count);
    printf("%-36s %8.3f %8.3f %8.3f\n", text, summary->median, summary->min, summary->max);
}

static void print_text(const Measured *measured) {
    const NeighboursSubject *neighbours = &measured->neighbours;
    printf("%-36s %8s %8s %8s    %d rounds, threads=%d\n", "seconds", "median", "best", "worst",
           measured->repetitions, parallel_threads());
    print_summary("index of %d circuits", neighbours->circuits.N,
                  &measured->benches[0].parts[NEIGHBOURS_INDEX]);
    print_summary("15 nearest of %d among them", neighbours->queries.N,
                  &measured->benches[0].parts[NEIGHBOURS_SEARCH]);
    print_summary("map of %d circuits", measured->map.N, &measured->benches[1].whole);
    printf("\nRandom circuits of the paper's TinyStories model: 8 of 1024 neurons in each of 8 "
           "channels.\n");
}

static void add_summary(json_t **object, const char *name, const Summary *summary) {
    char field[64];
    snprintf(field, sizeof field, "ms_%s", name);
    json_add(object, field, json_real(1e3 * summary->median));
    snprintf(field, sizeof field, "ms_%s_min", name);
    json_add(object, field, json_real(1e3 * summary->min));
    snprintf(field, sizeof field, "ms_%s_max", name);
    json_add(object, field, json_real(1e3 * summary->max));
}

static bool print_json(const Measured *measured, Error *error) {
    json_t *object = json_object();
    json_add(&object, "bench", json_string("circuits"));
    json_add(&object, "N", json_integer(measured->neighbours.circuits.N));
    json_add(&object, "queries", json_integer(measured->neighbours.queries.N));
    json_add(&object, "mapped", json_integer(measured->map.N));
    add_summary(&object, "index", &measured->benches[0].parts[NEIGHBOURS_INDEX]);
    add_summary(&object, "search", &measured->benches[0].parts[NEIGHBOURS_SEARCH]);
    add_summary(&object, "map", &measured->benches[1].whole);
    json_add(&object, "threads", json_integer(parallel_threads()));
    json_add(&object, "repetitions", json_integer(measured->repetitions));
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

int bench_circuits(const char *command, const SetWords *words, const char *ffn, int repetitions,
                   bool json) {
    Error error;
    int64_t N = DEFAULT_N;
    Measured measured = { .repetitions = repetitions > 0 ? repetitions : 3 };
    if (ffn != NULL) {
        fail(&error, "bench circuits takes no --ffn");
        return command_misused(command, &error);
    }
    if (!set_words_each(words, set_circuits, &N, &error)) return command_misused(command, &error);
    bool ok = measure(&measured, (int)N, &error);
    if (ok && json) ok = print_json(&measured, &error);
    if (ok && !json) print_text(&measured);
    neighbours_subject_free(&measured.neighbours);
    return ok ? 0 : command_failed(command, &error);
}
