#ifndef REFERENCE_IO_ERROR_H
#define REFERENCE_IO_ERROR_H
#include <stdbool.h>

// An error message of one line: where it happened (file, field), what was found, what was expected,
// and how to fix it. Libraries fill it in and return false; the command line prints it and chooses
// the exit status.
typedef struct {
    char text[1024];
} Error;

// Writes the message, truncated to fit, and returns false, so a caller can `return fail(error, …)`.
// error may be NULL; then nothing is written.
bool fail(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif
