#include "reference/bench/rounds.h"
#include "reference/io/progress.h"
#include <stdlib.h>

enum { WARM_UPS = 2, COLUMNS = BENCH_PARTS + 1 };

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

Summary summarize(double *samples, int count) {
    qsort(samples, (size_t)count, sizeof *samples, compare);
    return (Summary){ .median = (samples[(count - 1) / 2] + samples[count / 2]) / 2,
                      .min = samples[0],
                      .max = samples[count - 1] };
}

// One run of a bench. samples [COLUMNS, repetitions] are its own; round < 0 is a warm-up.
static void run_once(const Bench *bench, bool alone, int round, int repetitions, double *samples) {
    double seconds[BENCH_PARTS] = { 0 }, whole = 0;
    if (bench->brief && !alone) bench->run(bench->context, seconds);
    bench->run(bench->context, seconds);
    if (round < 0) return;
    for (int part = 0; part < BENCH_PARTS; part++) {
        samples[part * repetitions + round] = seconds[part];
        whole += seconds[part];
    }
    samples[BENCH_PARTS * repetitions + round] = whole;
}

bool bench_rounds(Bench *const *benches, int count, int repetitions, Error *error) {
    size_t each = (size_t)COLUMNS * (size_t)repetitions;
    double *samples = calloc((size_t)count * each, sizeof *samples);
    if (samples == NULL)
        return fail(error, "out of memory for %d timings; reduce --repetitions", repetitions);
    Progress progress = progress_new();
    for (int round = -WARM_UPS; round < repetitions; round++) {
        progress_show(&progress, "round %d of %d", round + WARM_UPS + 1, repetitions + WARM_UPS);
        for (int i = 0; i < count; i++)
            run_once(benches[i], count == 1, round, repetitions, samples + i * each);
    }
    progress_end(&progress);
    for (int i = 0; i < count; i++) {
        double *own = samples + i * each;
        for (int part = 0; part < BENCH_PARTS; part++)
            benches[i]->parts[part] = summarize(own + part * repetitions, repetitions);
        benches[i]->whole = summarize(own + BENCH_PARTS * repetitions, repetitions);
    }
    free(samples);
    return true;
}
