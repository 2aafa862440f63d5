#ifndef REFERENCE_NUMBERS_ROW_PRODUCT_H
#define REFERENCE_NUMBERS_ROW_PRODUCT_H
#include "reference/numbers/matmul.h"

// Weights that one row must be multiplied by to repay a parallel region: on two cores the region
// costs 1 to 15 µs, as its threads wait spinning or asleep, and half a million weights take one of
// them 50 µs. Loops over the tokens of a layer that are less work than that do not enter a region
// for a single token: even with one thread, gcc's library makes a system call at its end.
enum { MIN_ROW_WORK = 1 << 19 };

// y [b.columns] = scale · x [b.rows] b (+ y when add), on the calling thread. BLAS first copies b
// into the order that its kernels like, which only many rows repay. These loops read each weight
// once, so they take as long as the memory or cache that b is in: summing an array on one core of
// an idle Xeon reads 54 GB/s from the second-level cache and 31 from the third.
void row_product(float *y, const float *x, Matrix b, float scale, bool add);
#endif
