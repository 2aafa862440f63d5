#ifndef TESTS_GOLDEN_GOLDEN_CHECK_H
#define TESTS_GOLDEN_GOLDEN_CHECK_H
#include "reference/check/layer_numbers.h"
#include "tests/golden/golden_file.h"
#include <stdio.h>

// Checks the code against one golden file: `ffn/` (one layer, or a mixture's balancing) or `model/`
// (a whole model and ten steps), recognized and configured by the file's metadata. It fails closed:
// on a kind or setting that is not built in, a tensor that is missing, has another shape, or is
// used by no check, a value that is not finite, a stated float32 error that no float32 program has,
// and of course any error over its bound.

// An implementation of the chain. As a feed-forward layer it writes the outputs of LayerNumbers.
typedef struct {
    const char *name;
    bool (*knows)(const Config *config, bool model); // the kind, as a layer or in a model
    bool (*run)(LayerNumbers *numbers, Error *error);
    bool shows_scores; // writes `scores`
    double relative;   // the bound, of each tensor's rms; 0: multiples of the file's float32 error
    void (*check_model)(GoldenFile *golden);
    void (*check_balance)(GoldenFile *golden); // NULL: its own tests check that file
} GoldenImplementation;

extern const GoldenImplementation golden_reference; // the reference, in float
extern const GoldenImplementation golden_chapters;  // the chapters, in double, at 1e-10

// Checks every number of the file against the implementation.
// The report (a table of worst errors and bounds, one line per problem) goes to `report`; error is
// the first problem.
bool golden_check(const char *path, const GoldenImplementation *implementation, FILE *report,
                  Error *error);
void golden_check_balance(GoldenFile *golden); // of the reference
// Whether the implementation has the file's kind; false too for a file that cannot be opened.
bool golden_applies(const char *path, const GoldenImplementation *implementation);
#endif
