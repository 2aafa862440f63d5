#ifndef REFERENCE_NUMBERS_RANDOM_H
#define REFERENCE_NUMBERS_RANDOM_H
#include <stddef.h>
#include <stdint.h>

// Counter-based random numbers: value i of a stream is a pure function of (key, i), so threads may
// draw elements in any order and get the same numbers. A key is made of a seed and a name (of a
// tensor, or what the numbers are for). The function is SplitMix64's output at step i from the
// state `key` (Steele, Lea and Flood 2014).

uint64_t random_key(uint64_t seed, const char *name);
uint64_t random_bits(uint64_t key, uint64_t i);
double random_uniform(uint64_t key, uint64_t i); // [0, 1), 53 bits
// 0 .. limit - 1 (limit > 0), by multiplication: the bias is below limit / 2^64.
uint64_t random_below(uint64_t key, uint64_t i, uint64_t limit);
// Standard normal by Box-Muller.
double random_normal(uint64_t key, uint64_t i);
// Standard normal truncated at ±2 (not rescaled: variance 0.774), by rejection.
double random_truncated_normal(uint64_t key, uint64_t i);

// out [count] = deviation · standard normal, elements 0 .. count-1 of the key's stream.
void random_fill_normal(float *out, size_t count, uint64_t key, double deviation);
#endif
