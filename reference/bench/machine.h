#ifndef REFERENCE_BENCH_MACHINE_H
#define REFERENCE_BENCH_MACHINE_H
#include "reference/bench/rounds.h"
#include "reference/config/config.h"
#include <stddef.h>
#include <stdint.h>

// What the machine can do at most with the current number of threads: ceilings to compare the
// timings of layers and training steps with.
enum {
    CEILING_MATMUL,  // 1024 × 1024 × 1024, float, through the matmul that the layers use
    CEILING_READ,    // 256 MiB sequentially
    CEILING_COPY,    // 128 MiB to another 128 MiB; counts bytes read and written
    CEILING_CHANNEL, // dot products with random rows of D floats in one channel's table, [F,D]
    CEILING_LAYER,   // the same in a whole layer's table, [C,F,D]
    CEILING_MEMORY,  // the same in 256 MiB
    CEILINGS
};

struct Machine;

typedef struct {
    char name[96];     // for people
    const char *field; // for JSON
    const char *unit;  // GFLOP/s or GB/s
    double amount;     // FLOPs or bytes per run
    int rows;          // of the table; 0: it has no table
    struct Machine *machine;
    void (*work)(struct Machine *machine, int rows);
    Bench bench;
} Ceiling;

typedef struct Machine {
    int D;
    size_t floats;
    float *block;   // [floats]: matrices, tables, and the source and target of copies
    float *x;       // [D]
    float *sums;    // results, stored so that the compiler cannot drop the computation
    uint32_t *draw; // [GATHERS]: random position of a row, as a 32-bit fraction of the table
    Ceiling ceilings[CEILINGS];
} Machine;

// Tables have the sizes of this model, which must have one-neuron experts. The ceilings point into
// *out, so it must not move.
bool machine_new(Machine *out, const Config *config, Error *error);
void machine_free(Machine *machine);

// GFLOP/s or GB/s when a run takes `seconds`.
double ceiling_rate(const Ceiling *ceiling, double seconds);
#endif
