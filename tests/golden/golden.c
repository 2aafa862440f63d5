// build/golden FILE…: checks the code against golden files of ffn/ and model/. Exit 0: every file
// passed; 1: some number differs, or could not be checked; 2: wrong usage.
#include "reference/io/files.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/golden/golden_check.h"
#include <stdlib.h>
#include <string.h>

static const GoldenImplementation *const implementations[] = { &golden_reference,
                                                               &golden_chapters };

static bool check_file(const char *path) {
    bool ok = true;
    for (size_t i = 0; i < sizeof implementations / sizeof implementations[0]; i++) {
        // Every file must pass the reference; another implementation is asked for the kinds it has.
        if (implementations[i] != &golden_reference && !golden_applies(path, implementations[i]))
            continue;
        Error error = { "" };
        if (golden_check(path, implementations[i], stdout, &error)) continue;
        fflush(stdout);
        fprintf(stderr, "golden: %s\n", error.text);
        ok = false;
    }
    return ok;
}

int main(int count, char **arguments) {
    const char *usage = "Usage: golden FILE...\nChecks the code against golden files (safetensors) "
                        "of ffn/ and model/.\n";
    if (count == 2 && strcmp(arguments[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (count < 2 || arguments[1][0] == '-') {
        fputs(usage, stderr);
        return 2;
    }
    files_open_standard();
    sgemm_setup();
    fprintf(stderr, "golden: matrix products by %s, threads=%d\n", sgemm_library(),
            parallel_threads());
    int failed = 0;
    for (int i = 1; i < count; i++) failed += !check_file(arguments[i]);
    printf("%d of %d files passed\n", count - 1 - failed, count - 1);
    if (ferror(stdout) || fflush(stdout) != 0) {
        fputs("golden: the report could not be written\n", stderr);
        return EXIT_FAILURE;
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
