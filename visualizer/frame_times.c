#include "visualizer/frame_times.h"
#include <math.h>

static const double STEP = 1e-5; // seconds

void frame_times_add(FrameTimes *times, double seconds) {
    int step = (int)fmin(FRAME_STEPS - 1, fmax(0, seconds / STEP));
    times->steps[step]++;
    times->count++;
    times->longest = fmax(times->longest, seconds);
}

double frame_times_within(const FrameTimes *times, double share) {
    double wanted = share * (double)times->count;
    int64_t counted = 0;
    for (int step = 0; step < FRAME_STEPS - 1; step++) {
        counted += times->steps[step];
        if (counted > 0 && (double)counted >= wanted)
            return fmin(times->longest, STEP * (step + 1));
    }
    return times->longest;
}
