#ifndef VISUALIZER_FRAME_TIMES_H
#define VISUALIZER_FRAME_TIMES_H
#include <stdint.h>

// How long frames took, for --measure: counted in steps of 0.01 ms, so that any number of them takes
// the same memory.

enum { FRAME_STEPS = 20000 }; // up to 0.2 s; the last step has all longer ones

typedef struct {
    uint32_t steps[FRAME_STEPS];
    int64_t count;
    double longest;
} FrameTimes; // begins as {0}

void frame_times_add(FrameTimes *times, double seconds);
// The seconds that this share of the frames took at most, rounded up to a step; 0 without frames.
double frame_times_within(const FrameTimes *times, double share);
#endif
