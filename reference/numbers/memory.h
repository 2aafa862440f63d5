#ifndef REFERENCE_NUMBERS_MEMORY_H
#define REFERENCE_NUMBERS_MEMORY_H
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

double machine_memory(void); // bytes; INFINITY if the system does not tell
#endif
