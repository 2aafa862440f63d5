#ifndef REFERENCE_BENCH_MACHINE_H
#define REFERENCE_BENCH_MACHINE_H
#include "reference/bench/rounds.h"
#include "reference/config/config.h"
#include <stddef.h>
#include <stdint.h>

// What the machine itself can do, with the threads of the moment: the ceilings beside a layer's
// numbers.
enum {
    CEILING_MATMUL,  // 1024 × 1024 × 1024, float, through the matmul that the layers use
    CEILING_READ,    // 256 MiB, one after the other
    CEILING_COPY,    // 128 MiB to another 128; read and written bytes both count
    CEILING_CHANNEL, // dot products with rows of D floats anywhere in one channel's table, [F,D],
    CEILING_LAYER,   // in a whole layer's, [C,F,D],
    CEILING_MEMORY,  // and in 256 MiB
    CEILINGS
};

struct Machine;

typedef struct {
    char name[96];     // for people
    const char *field; // for JSON
    const char *unit;  // GFLOP/s or GB/s
    double amount;     // FLOPs or bytes of one run
    int rows;          // of the table, 0: none
    struct Machine *machine;
    void (*work)(struct Machine *machine, int rows);
    Bench bench;
} Ceiling;

typedef struct Machine {
    int D;
    size_t floats;
    float *block;   // [floats]: matrices, tables, what is read and copied
    float *x;       // [D]
    float *sums;    // where results go, so that no compiler leaves the work out
    uint32_t *draw; // [GATHERS]: random bits, the share of the table at which a row stands
    Ceiling ceilings[CEILINGS];
} Machine;

// The tables are those of this model, which is of a sparse kind. The ceilings point into *out: it
// must stay in place.
bool machine_new(Machine *out, const Config *config, Error *error);
void machine_free(Machine *machine);

// GFLOP/s or GB/s at that many seconds a run.
double ceiling_rate(const Ceiling *ceiling, double seconds);
#endif
