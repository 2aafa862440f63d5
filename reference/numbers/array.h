#ifndef REFERENCE_NUMBERS_ARRAY_H
#define REFERENCE_NUMBERS_ARRAY_H
#include <stddef.h>

// Grows an array to hold at least `count` elements of `size` bytes; the capacity doubles, so that
// appending one by one is linear. Start from NULL and capacity 0; free with free(). Returns the
// array, which may have moved, or NULL when out of memory: then the old one is unchanged.
void *array_grow(void *array, size_t *capacity, size_t count, size_t size);
#endif
