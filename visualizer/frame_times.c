#include "visualizer/frame_times.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

static const double STEP = 1e-5; // seconds

void frame_times_add(FrameTimes *times, double seconds) {
    int step = (int)fmin(FRAME_STEPS - 1, fmax(0, seconds / STEP));
    times->steps[step]++;
    times->count++;
    times->longest = fmax(times->longest, seconds);
}

void frame_times_moving(FrameTimes *times, double seconds) {
    times->moving_frames++;
    times->moving_seconds += seconds;
}

void frame_times_input(FrameTimes *times, double seconds) {
    times->longest_input = fmax(times->longest_input, seconds);
}

double frame_times_within(const FrameTimes *times, double share) {
    double rank = share * (double)times->count;
    int64_t counted = 0;
    for (int step = 0; step < FRAME_STEPS - 1; step++) {
        counted += times->steps[step];
        if (counted > 0 && (double)counted >= rank) return fmin(times->longest, STEP * (step + 1));
    }
    return times->longest;
}

static double processor_seconds(clockid_t clock) {
    struct timespec used;
    return clock_gettime(clock, &used) == 0 ? (double)used.tv_sec + 1e-9 * (double)used.tv_nsec : 0;
}

void frame_times_print(const FrameTimes *times, double seconds) {
    printf("frames: %" PRId64 " in %.1f s\n", times->count, seconds);
    if (times->moving_seconds > 0)
        printf("frames per second while something moves: %.1f\n",
               (double)times->moving_frames / times->moving_seconds);
    printf("frame time, median: %.2f ms\n", 1e3 * frame_times_within(times, 0.5));
    printf("frame time, 99th percentile: %.2f ms\n", 1e3 * frame_times_within(times, 0.99));
    printf("frame time, longest: %.2f ms\n", 1e3 * times->longest);
    printf("input to frame, longest: %.1f ms\n", 1e3 * times->longest_input);
    printf("processor time of the window: %.2f s\n", processor_seconds(CLOCK_THREAD_CPUTIME_ID));
    printf("processor time of the program: %.2f s\n", processor_seconds(CLOCK_PROCESS_CPUTIME_ID));
}
