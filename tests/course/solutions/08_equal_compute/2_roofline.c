#include "chapters/08_equal_compute/traffic.h"
#include <math.h>

double least_seconds(const Traffic *t, double flops, double bytes) {
    return fmax(t->flops / flops, t->once / bytes);
}

static bool is_busy(const ModelSizes *sizes, double flops, double bytes, long N) {
    Traffic t = layer_traffic(sizes, (double)N);
    return t.flops / flops >= t.once / bytes;
}

long busy_tokens(const ModelSizes *sizes, double flops, double bytes, long most) {
    if (most < 1 || !is_busy(sizes, flops, bytes, most)) return 0;
    long idle = 0, busy = most; // the answer lies above idle, and is at most busy
    while (busy - idle > 1) {
        long middle = idle + (busy - idle) / 2;
        if (is_busy(sizes, flops, bytes, middle))
            busy = middle;
        else
            idle = middle;
    }
    return busy;
}
