#define _DEFAULT_SOURCE // MAP_ANONYMOUS, madvise
#include "reference/numbers/memory.h"
#include "reference/io/progress.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

// The number in a file of the system; INFINITY if there is none.
static double limit_in(const char *path) {
    double limit;
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%lf", &limit) != 1) limit = INFINITY;
    if (file != NULL) fclose(file);
    return limit;
}

double machine_memory(void) {
    double bytes = INFINITY;
    struct rlimit limit;
#ifdef _SC_PHYS_PAGES
    bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
#endif
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        bytes = fmin(bytes, (double)limit.rlim_cur);
    bytes = fmin(bytes, limit_in("/sys/fs/cgroup/memory.max"));                  // version 2
    return fmin(bytes, limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")); // version 1
}

static Short memory_text(double bytes) { return short_bytes((uint64_t)fmin(bytes, 1e19)); }

bool memory_refused(const char *what, double bytes, const char *advice, Error *error) {
    return fail(error, "not enough memory for %s: %s needed, at most %s available; %s", what,
                memory_text(bytes).text, memory_text(machine_memory()).text, advice);
}

bool memory_check(const char *what, double bytes, const char *advice, Error *error) {
    return bytes <= machine_memory() || memory_refused(what, bytes, advice, error);
}
