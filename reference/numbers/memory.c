#define _DEFAULT_SOURCE // MAP_ANONYMOUS, madvise
#include "reference/numbers/memory.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER
#endif

// 0: the size overflows.
static size_t block_bytes(size_t count) {
    if (count > (SIZE_MAX - 63) / sizeof(float)) return 0;
    return ((count ? count : 1) * sizeof(float) + 63) / 64 * 64;
}

// AddressSanitizer guards blocks of malloc, but not of mmap.
#ifdef HAS_ADDRESS_SANITIZER
float *floats_new(size_t count) {
    size_t bytes = block_bytes(count);
    float *block = bytes ? aligned_alloc(64, bytes) : NULL;
    return block ? memset(block, 0, bytes) : NULL;
}

void floats_free(float *block, size_t count) {
    (void)count;
    free(block);
}
#else
float *floats_new(size_t count) {
    size_t bytes = block_bytes(count);
    void *block =
        bytes ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
              : MAP_FAILED;
    if (block == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, bytes, MADV_HUGEPAGE); // may be refused: then ordinary pages are used
#endif
    return block;
}

void floats_free(float *block, size_t count) {
    if (block != NULL) munmap(block, block_bytes(count));
}
#endif

float *floats_take(float *block, size_t *used, size_t count) {
    float *taken = block == NULL ? NULL : block + *used;
    *used += (count + 15) / 16 * 16;
    return taken;
}

double machine_memory(void) {
#ifdef _SC_PHYS_PAGES
    return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
#else
    return INFINITY;
#endif
}
