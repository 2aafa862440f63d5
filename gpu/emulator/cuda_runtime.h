// CUDA C++ on the CPU: what kernels and host code use of it, with the names and the meaning of
// NVIDIA's header. This folder comes first on the include path, so that the same sources are
// compiled for a GPU by nvcc and, with every memory access checked, for the emulator by g++.
#pragma once
#include "cuda/qualifiers.h"
// in this order
#include "cuda/arithmetic.h"
#include "cuda/atomics.h"
#include "cuda/graphs.h"
#include "cuda/launch.h"
#include "cuda/memory.h"
#include "cuda/runtime.h"
#include "cuda/threads.h"
#include "cuda/vectors.h"
#include "cuda/warp.h"
