#ifndef TESTS_HARNESS_RUN_FIXTURE_H
#define TESTS_HARNESS_RUN_FIXTURE_H
#include "reference/config/config.h"
#include "reference/train/settings.h"
#include "tests/harness/scratch.h"

enum { FIXTURE_VOCABULARY = 259, FIXTURE_STEPS = 6 };

// A corpus of random tokens and a tiny model to train on it.
typedef struct {
    Scratch scratch;
    char data[300], run[300]; // the second is not there yet
    Config config;
    TrainSettings settings;
} RunFixture;

// Fails the running test when it cannot be written.
void run_fixture_new(RunFixture *f);
void run_fixture_free(RunFixture *f);
#endif
