#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
#include <stddef.h>
#include <stdint.h>

// What each fuzz_NAME.c defines, by libFuzzer's name: takes any bytes, and returns 0 or crashes.
// Linked with
// -fsanitize=fuzzer that library drives it; linked with replay.c a plain main() does, with any compiler.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
#endif
