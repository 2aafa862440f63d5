#ifndef REFERENCE_BENCH_ROUNDS_H
#define REFERENCE_BENCH_ROUNDS_H
#include "reference/io/error.h"
#include <stdbool.h>

// Timing. The benches run interleaved, one run of each per round, so that a machine that is slow
// for a while slows all of them down. The result is the median over the rounds.

enum { BENCH_PARTS = 3 };

typedef struct {
    double median, min, max; // seconds
} Summary;

typedef struct {
    // Runs once and writes the seconds of each part; parts that do not exist stay 0.
    void (*run)(void *context, double seconds[BENCH_PARTS]);
    void *context;
    // Takes only a few milliseconds, so that caches left cold by the other benches would show.
    bool brief;
    // Written by bench_rounds.
    Summary parts[BENCH_PARTS];
    Summary whole; // all parts of a run together
} Bench;

// Runs two warm-up rounds, then `repetitions` measured ones. With several benches, a brief one
// makes one run that is not measured before each of its runs. Fails only when out of memory.
bool bench_rounds(Bench *const *benches, int count, int repetitions, Error *error);

// Of samples [count], which it sorts. The median of an even count is the mean of the middle two.
Summary summarize(double *samples, int count);
#endif
