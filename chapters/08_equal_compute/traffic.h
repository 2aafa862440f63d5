#ifndef CHAPTERS_08_EQUAL_COMPUTE_TRAFFIC_H
#define CHAPTERS_08_EQUAL_COMPUTE_TRAFFIC_H
#include "chapters/07_language_model/feed_forward.h"

// The memory traffic of one feed-forward layer for N tokens, forward, compared with its FLOPs.
// Numbers have 4 bytes. Inputs and outputs, 2·D per token, are always moved, and the router once;
// for the experts there are two ways to count.
typedef struct {
    double flops;
    double bytes_once;    // every expert that is used is read once: the minimum (experts_touched)
    double bytes_per_use; // an expert is read at every use, as when tokens are processed one by one
} Traffic;
Traffic layer_traffic(const ModelSizes *sizes, double N); // N >= 1
#endif
