#ifndef VISUALIZER_FRAME_TIMES_H
#define VISUALIZER_FRAME_TIMES_H
#include <stdint.h>

// How long frames took, for --measure: counted in steps of 0.01 ms, so that any number of them
// takes the same memory.

enum { FRAME_STEPS = 20000 }; // up to 0.2 s; the last step has all longer ones

typedef struct {
    uint32_t steps[FRAME_STEPS];
    int64_t count;
    double longest;
    double longest_input;  // from an input to the frame that shows it
    double moving_seconds; // in which something moved, and the frames of that time
    int64_t moving_frames;
} FrameTimes; // begins as {0}

void frame_times_add(FrameTimes *times, double seconds);
// One more frame while something moves, this long after the one before.
void frame_times_moving(FrameTimes *times, double seconds);
void frame_times_input(FrameTimes *times, double seconds);

// The seconds that this share of the frames took at most, rounded up to a step; 0 without frames.
double frame_times_within(const FrameTimes *times, double share);
// Prints all, and the processor time of this thread and of the program, on stdout. `seconds`: for
// how long frames were counted.
void frame_times_print(const FrameTimes *times, double seconds);
#endif
