// Three GPUs, as far as the modelled times and the roofs of gpu-bench need them.
#pragma once

namespace lesson {

// What good kernels reach, which is less than the data sheet's peak where a measurement is known.
struct Gpu {
    const char *name;  // short, for tables
    const char *match; // part of the name that the driver gives
    double fp32, bf16; // FLOP/s: of the CUDA cores, and of the tensor cores with sums in float
    double dram, l2;   // bytes/s
    double wavefronts; // of shared memory per second: one per clock and multiprocessor
};

// RTX 4070 Laptop: NVIDIA's specification has 36 multiprocessors of 128 cores, and 128 bits of
// GDDR6 at 16 Gbit/s; 2.0 GHz is between the 1.2 and 2.2 GHz that laptops boost to. Tensor cores:
// twice the CUDA cores' FLOPs, as NVIDIA's Ada white paper has for the RTX 4090 (82.6 and 165.2
// TFLOP/s, sums in float). L2: te42kyfo's gpu-benches for the L40, scaled by multiprocessors.
// H100 SXM and H200: the same chip of 132 multiprocessors with different memory. 790 TFLOP/s of
// bf16, 4.3 of the H200's 4.8 TB/s and 9.8 TB/s from L2 were measured by others (large cuBLAS
// products; gpu-benches); the H100's DRAM is 3.35 TB/s less the same tenth. 1.755 GHz under load.
static const Gpu gpus[] = {
    { "RTX 4070 Laptop", "RTX 4070 Laptop", 36 * 128 * 2 * 2.0e9, 2 * 36 * 128 * 2 * 2.0e9, 256e9,
      1.06e12, 36 * 2.0e9 },
    { "H100", "H100", 132 * 128 * 2 * 1.755e9, 790e12, 3.0e12, 9.8e12, 132 * 1.755e9 },
    { "H200", "H200", 132 * 128 * 2 * 1.755e9, 790e12, 4.3e12, 9.8e12, 132 * 1.755e9 },
};

} // namespace lesson
