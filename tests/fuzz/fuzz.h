#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// What each fuzz_NAME.c defines, by libFuzzer's name, and -fsanitize=fuzzer calls: takes any bytes,
// and returns 0 or crashes. Its seeds are the files of tests/fuzz/fuzz_NAME/.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static inline void require(bool condition) {
    if (!condition) abort();
}
#endif
