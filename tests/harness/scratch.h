#ifndef TESTS_HARNESS_SCRATCH_H
#define TESTS_HARNESS_SCRATCH_H

// A fresh folder for one test's files: NAME-XXXXXX in $TMPDIR, or else in build/tmp below the
// working folder; scratch_remove ends it. Both end the program on failure: without them a test says
// nothing.
typedef struct {
    char path[256];
    char paths[8][512];
    int next;
} Scratch;

Scratch scratch_new(const char *name);
void scratch_remove(const Scratch *scratch); // and the files and folders in it
// The path of a file in it, in a buffer that lives until the next call but seven.
const char *scratch_path(Scratch *scratch, const char *name);
#endif
