#ifndef REFERENCE_CLI_BENCH_TABLE_H
#define REFERENCE_CLI_BENCH_TABLE_H
#include "reference/bench/machine.h"
#include "reference/bench/subjects.h"

// What one call of `sgatlin bench` measures, and its output.

typedef enum {
    BENCH_EVERYTHING,
    BENCH_MACHINE,
    BENCH_LAYER,
    BENCH_STEP,
    BENCH_GENERATE,
    BENCH_CIRCUITS // bench_circuits.h
} BenchSubject;
enum { BENCH_KINDS = 16 };
extern const char *const bench_subject_names[]; // as on the command line

typedef struct {
    Config config;
    int64_t B;
} BenchSizes;

typedef struct {
    BenchSizes sizes;
    CountedWork counted;
    FfnLayer layer; // one of the three, as the table's subject says
    StepSubject step;
    GenerateSubject generate;
    Bench bench;
} BenchRow;

typedef struct {
    BenchSubject subject;
    BenchRow rows[BENCH_KINDS]; // one per kind of layer; none for BENCH_MACHINE
    int count;
    Machine machine;
    bool ceilings; // whether the machine is measured too
    int repetitions;
} BenchTable;

void bench_print_table(const BenchTable *table);
// One object per row, or one for the machine, each on a line of its own.
bool bench_print_json(const BenchTable *table, Error *error);
#endif
