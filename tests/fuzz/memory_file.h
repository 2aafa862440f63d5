#ifndef TESTS_FUZZ_MEMORY_FILE_H
#define TESTS_FUZZ_MEMORY_FILE_H
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// For readers that map a file: makes the bytes a file in memory. The caller closes the descriptor.
// Include it after #define _GNU_SOURCE, for memfd_create.
enum { MEMORY_PATH = 64 };
static inline int memory_file(char path[MEMORY_PATH], const uint8_t *bytes, size_t size) {
    int descriptor = memfd_create("fuzz", 0);
    require(descriptor >= 0 && write(descriptor, bytes, size) == (ssize_t)size);
    snprintf(path, MEMORY_PATH, "/proc/self/fd/%d", descriptor);
    return descriptor;
}
#endif
