#ifndef TESTS_HARNESS_RANDOM_CIRCUITS_H
#define TESTS_HARNESS_RANDOM_CIRCUITS_H
#include "reference/circuits/circuits.h"

// Circuits of up to K of F neurons with whole scores from -3 to 3, of which 0 is one, so that sums
// are exact and equal distances equal to the bit. Some are copies of an earlier one with its
// entries in another order, some have fewer entries or none. Free with circuits_free.
Circuits random_circuits(int N, int K, int F, uint64_t seed);

// out [N]: circuit n as a dense vector [F].
void dense_circuits(double *out, const Circuits *circuits);
#endif
