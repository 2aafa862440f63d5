#ifndef CHAPTER_08_TRAFFIC_H
#define CHAPTER_08_TRAFFIC_H
#include "chapters/07_language_model/feed_forward.h"

// What one feed-forward layer moves between memory and processor for N tokens, forward, beside what
// it computes. Numbers are of 4 bytes. Inputs and outputs, 2·D a token, always move; weights in one
// of two ways.
typedef struct {
    double flops;
    // bytes, if each weight that some token touches is fetched once: the least (experts_touched)
    double once;
    // bytes, if an expert is fetched at every use, as one token after the other does; the router
    // once
    double every;
} Traffic;
Traffic layer_traffic(const ModelSizes *sizes, double N); // N >= 1
#endif
