#include "chapters/08_equal_compute/traffic.h"
#include <math.h>

double roofline_seconds(const Traffic *t, double flops, double bytes) {
    return fmax(t->flops / flops, t->bytes_once / bytes);
}

static bool is_busy(const ModelSizes *sizes, double flops, double bytes, long N) {
    Traffic t = layer_traffic(sizes, (double)N);
    return t.flops / flops >= t.bytes_once / bytes;
}

long busy_tokens(const ModelSizes *sizes, double flops, double bytes, long max_tokens) {
    if (max_tokens < 1 || !is_busy(sizes, flops, bytes, max_tokens)) return 0;
    long idle = 0, busy = max_tokens; // the answer is above idle and at most busy
    while (busy - idle > 1) {
        long mid = idle + (busy - idle) / 2;
        if (is_busy(sizes, flops, bytes, mid))
            busy = mid;
        else
            idle = mid;
    }
    return busy;
}
