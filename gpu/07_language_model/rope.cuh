// Rotary positions (Su 2021), in the form that rotates the two halves of a head. Oracle:
// reference/model/rope.c, which also makes the table.
#pragma once
#include "gpu/launch.h"
#include <stddef.h>

// x (B,T,H,Dh) is rotated in place, in direction 1 or back with -1, and multiplied by factor. table
// (T,Dh) has the Dh/2 cosines of a position, then the sines. One thread turns one pair.
// [rope
static __global__ void rope_kernel(float *x, const float *table, float direction, float factor,
                                   size_t pairs, int T, int H, int Dh) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= pairs) return;
    int half_head = Dh / 2, j = (int)(i % half_head);
    size_t head = i / half_head, t = head / H % T;
    float *pair = x + head * Dh + j;
    float cosine = table[t * Dh + j], sine = direction * table[t * Dh + half_head + j];
    float a = pair[0], b = pair[half_head];
    pair[0] = factor * (a * cosine - b * sine);
    pair[half_head] = factor * (b * cosine + a * sine);
}
// rope]

static inline const char *rope_apply(float *x, const float *table, float direction, float factor,
                                     int B, int T, int H, int Dh, cudaStream_t stream) {
    size_t pairs = (size_t)B * T * H * (Dh / 2);
    LAUNCH(rope_kernel, (unsigned)((pairs + 255) / 256), 256, 0, stream, x, table, direction,
           factor, pairs, T, H, Dh);
    return launch_error();
}
