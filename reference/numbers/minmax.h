#ifndef REFERENCE_NUMBERS_MINMAX_H
#define REFERENCE_NUMBERS_MINMAX_H
#include <stddef.h>

static inline int min_int(int a, int b) { return a < b ? a : b; }
static inline int max_int(int a, int b) { return a > b ? a : b; }
static inline size_t min_size(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

// Elements of an array (not of a pointer), as an int.
#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))
#endif
