#include "reference/numbers/random.h"
#include <math.h>

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t random_key(uint64_t seed, const char *name) {
    uint64_t hash = 0xcbf29ce484222325u; // FNV-1a of the name
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return mix(hash ^ mix(seed));
}

uint64_t random_bits(uint64_t key, uint64_t i) { return mix(key + (i + 1) * 0x9e3779b97f4a7c15u); }

double random_uniform(uint64_t key, uint64_t i) {
    return (double)(random_bits(key, i) >> 11) * 0x1p-53;
}

uint64_t random_below(uint64_t key, uint64_t i, uint64_t limit) {
    return (uint64_t)(((unsigned __int128)random_bits(key, i) * limit) >> 64);
}

double random_normal(uint64_t key, uint64_t i) {
    double u = 1.0 - random_uniform(key, 2 * i); // (0, 1]: the logarithm is finite
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * random_uniform(key, 2 * i + 1));
}

double random_truncated_normal(uint64_t key, uint64_t i) {
    for (uint64_t attempt = 0;; attempt++) { // rejects 4.6%
        double x = random_normal(key, i + (attempt << 48));
        if (fabs(x) <= 2.0) return x;
    }
}

void random_fill_normal(float *out, size_t count, uint64_t key, double deviation) {
#pragma omp parallel for
    for (size_t i = 0; i < count; i++) out[i] = (float)(deviation * random_normal(key, i));
}
