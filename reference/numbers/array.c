#include "reference/numbers/array.h"
#include <stdint.h>
#include <stdlib.h>

void *array_grow(void *array, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity) return array;
    size_t larger = *capacity < SIZE_MAX / 2 && *capacity * 2 > count ? *capacity * 2 : count;
    if (larger > PTRDIFF_MAX / size) return NULL; // no object is larger
    void *moved = realloc(array, larger * size);
    if (moved != NULL) *capacity = larger;
    return moved;
}
