#ifndef TESTS_GOLDEN_GOLDEN_FILE_H
#define TESTS_GOLDEN_GOLDEN_FILE_H
#include "reference/check/compare.h"
#include "reference/config/config.h"
#include <stdio.h>

// An open golden file and the results so far. Every tensor must be used by some check.
enum { GOLDEN_GROUPS = 24, GOLDEN_GROUP_NAME = 32 };

typedef struct {
    char name[GOLDEN_GROUP_NAME];
    const char *tensor;       // the one closest to its bound
    double worst, bound, rms; // of that tensor
    int tensors;
} GoldenGroup;

typedef struct {
    Safetensors file;
    // the file is moe_balance: its tensors are of [N,D], and N is not a size of a config
    bool balance;
    Config config;
    int B;
    double **values; // [file.count] a tensor's elements, read at the first use
    bool *used;      // [file.count]
    GoldenGroup groups[GOLDEN_GROUPS];
    int group_count, problems;
    FILE *report;
    Error *error; // the first problem
} GoldenFile;

// A shape of the golden files: at most five sizes, 0 ends it.
typedef struct {
    int size[5];
} Shape;

// Opens the file and reads config and B from its metadata. false: error says why, nothing to close.
bool golden_open(GoldenFile *out, const char *path, FILE *report, Error *error);
// Prints the table, and as problems the tensors that no check used. true: no problem.
bool golden_close(GoldenFile *golden);

// One line; the first also becomes the error. Returns false.
bool golden_problem(GoldenFile *golden, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A number of the metadata above `low` and at most `high`; 0 and a problem where it is not.
double golden_number(GoldenFile *golden, const char *key, double low, double high);

// An input of the check, of exactly this shape; counts as used. NULL and a problem where it is
// missing or has another shape.
const double *golden_input(GoldenFile *golden, const char *name, Shape shape);
bool golden_input_ints(GoldenFile *golden, const char *name, Shape shape, int32_t *out); // I32 only

// Compares with a tensor of the file, which counts as used, in the group's line of the table.
void golden_compare(GoldenFile *golden, const char *group, const char *name, Shape shape,
                    const double *actual, Tolerance tolerance);
void golden_compare_floats(GoldenFile *golden, const char *group, const char *name, Shape shape,
                           const float *actual, Tolerance tolerance);
void golden_compare_ints(GoldenFile *golden, const char *group, const char *name, Shape shape,
                         const int32_t *actual);
#endif
