#ifndef REFERENCE_NUMBERS_MEMORY_H
#define REFERENCE_NUMBERS_MEMORY_H
#include <stddef.h>

// Large blocks of floats: zeroed, aligned to 64 bytes, on huge pages where the system has them (20%
// on tables that do not fit the cache). NULL when there is not enough memory. Paired with
// floats_free.
float *floats_new(size_t count);
void floats_free(float *block, size_t count);

// The next `count` floats of a block, 64-byte aligned; *used grows by count rounded up to 16. With
// block NULL only *used grows: the same list of takes first says how much room it wants, then hands
// it out.
float *floats_take(float *block, size_t *used, size_t count);

double machine_memory(void); // bytes; INFINITY where the system does not say
#endif
