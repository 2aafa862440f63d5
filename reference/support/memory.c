#define _DEFAULT_SOURCE // MAP_ANONYMOUS, madvise
#include "reference/support/memory.h"
#include <stdint.h>
#include <sys/mman.h>

float *floats_new(size_t count) {
    if (count == 0) count = 1;
    if (count > SIZE_MAX / sizeof(float)) return NULL;
    size_t bytes = count * sizeof(float);
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, bytes, MADV_HUGEPAGE); // a wish: where it is refused, ordinary pages do
#endif
    return block;
}

void floats_free(float *block, size_t count) {
    if (block != NULL) munmap(block, (count ? count : 1) * sizeof(float));
}

float *floats_take(float *block, size_t *used, size_t count) {
    float *at = block == NULL ? NULL : block + *used;
    *used += (count + 15) / 16 * 16;
    return at;
}
