#ifndef REFERENCE_IO_ERROR_H
#define REFERENCE_IO_ERROR_H
#include <stdbool.h>

// What went wrong, in one line: where (file, field), what was found, what was wanted, and the way
// out. Libraries fill it and return false; the command line prints it and picks the exit status.
typedef struct {
    char text[1024];
} Error;

// Writes the message (cut to fit) and returns false, so that `return fail(error, …)` reads as one
// thought. error may be NULL: then only the false remains.
bool fail(Error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif
