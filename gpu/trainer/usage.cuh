// How often the layers chose each expert, counted on the device. Oracle: reference/circuits/usage.c
#pragma once
#include "ffn.cuh"

typedef unsigned long long FiredCount; // what atomicAdd takes

// Adds a layer's gating (on the device) to its counts [pools,F].
void device_usage_count(const Gpu *gpu, FiredCount *fired, const Gating *gating, int pools);
