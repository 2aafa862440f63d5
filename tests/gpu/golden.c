// golden FILE...: whole models and ten steps of the trainer, in the emulator, against files of
// tests/golden/model. For test_trainer.sh. Exit status 0: every number is within its bound.
#include "gpu/trainer/backend.h"
#include "reference/numbers/sgemm.h"
#include "tests/golden/golden_check.h"
#include "tests/golden/golden_model.h"
#include <stdlib.h>

static bool knows(const Config *config, bool model) { return model && config->ffn != NULL; }
static void check_model(GoldenFile *golden) { golden_check_device(golden, &gpu_backend); }

int main(int count, char **arguments) {
    const GoldenImplementation emulator = {
        "emulator", knows, NULL, false, 0.0, check_model, NULL
    };
    int failed = count < 2;
    sgemm_setup();
    for (int i = 1; i < count; i++) {
        Error error;
        failed += !golden_check(arguments[i], &emulator, stdout, &error);
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
