#ifndef REFERENCE_NUMBERS_MEMORY_H
#define REFERENCE_NUMBERS_MEMORY_H
#include "reference/io/error.h"
#include <stddef.h>

// A large block of floats: zeroed, aligned to 64 bytes, on huge pages where the system has them
// (20% faster on tables larger than the cache). NULL: out of memory. floats_free takes the same
// count.
float *floats_new(size_t count);
void floats_free(float *block, size_t count);

// Takes the next `count` floats of a block, aligned to 64 bytes: *used grows by count rounded up to
// 16. With block NULL only *used grows, so the same sequence of calls computes the size of a block
// and later divides it.
float *floats_take(float *block, size_t *used, size_t count);

// Bytes that this program can have: what the machine has, or less by the limit of a container or of
// ulimit -v. INFINITY if the system does not tell.
double machine_memory(void);
// Whether that is as much as `bytes`. The error says how much is needed for what, how much there
// is, and what to change; memory_refused says it where an allocation fails, and returns false.
bool memory_check(const char *what, double bytes, const char *advice, Error *error);
bool memory_refused(const char *what, double bytes, const char *advice, Error *error);
#endif
