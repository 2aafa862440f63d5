#ifndef TESTS_HARNESS_TINY_RUN_H
#define TESTS_HARNESS_TINY_RUN_H
#include "reference/config/kind.h"
#include "tests/harness/scratch.h"

// A checkpoint on disk of a model of random weights, and the data it says it was trained on: the
// validation stories and the classes of some words.
typedef struct {
    Scratch scratch;
    char run[512], data[512];
} TinyRun;

// Fails the running test when it cannot be written. T: the context window.
void tiny_run_new(TinyRun *out, const char *kind, int T);
void tiny_run_remove(TinyRun *run);
// Writes another checkpoint, of a later step and with other weights.
void tiny_run_step(const TinyRun *run, const char *kind, int T, int step);
#endif
