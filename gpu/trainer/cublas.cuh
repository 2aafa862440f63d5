// The functions of cuBLAS that products.cu calls. It may be missing where a program runs.
#pragma once
#include <cublas_v2.h>

struct Cublas {
    decltype(&cublasCreate) create;
    decltype(&cublasDestroy) destroy;
    decltype(&cublasSetStream) set_stream;
    decltype(&cublasSgemm) sgemm;
    decltype(&cublasGetStatusString) status_string;
};

// NULL: it is not there. (gpu_cublas.cu, and for the emulator emulator_cublas.cu.)
const Cublas *cublas_find();
