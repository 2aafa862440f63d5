#ifndef REFERENCE_BENCH_ROUNDS_H
#define REFERENCE_BENCH_ROUNDS_H
#include "reference/io/error.h"
#include <stdbool.h>

// Timing. The subjects take turns, round after round, so that a machine that slows down for a while
// slows all of them down; what counts is the median.

enum { BENCH_PARTS = 3 };

typedef struct {
    double median, least, most; // seconds
} Spread;

typedef struct {
    // Works once and says how many seconds each part took; parts it does not have stay as they are,
    // 0.
    void (*run)(void *context, double seconds[BENCH_PARTS]);
    void *context;
    // a few milliseconds: what other subjects left in the caches would be seen
    bool brief;
    Spread parts[BENCH_PARTS]; // bench_rounds writes these
    Spread whole;              // all parts of a run together
} Bench;

// `repetitions` counted rounds behind two that warm up. A brief subject that shares its rounds with
// others runs once uncounted at the start of each turn. Fails only for want of memory.
bool bench_rounds(Bench *const *benches, int count, int repetitions, Error *error);

// Of samples [count], which it sorts; the median of an even count is the mean of the middle two.
Spread spread_of(double *samples, int count);
#endif
