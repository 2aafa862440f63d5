#include "gpu.cuh"
#include <stdio.h>
#include <stdlib.h>

static void end_program(const char *call, const char *why, const char *file, int line) {
    fprintf(stderr,
            "sgatlin: %s:%d: %.200s: %s; the last checkpoint is whole: continue with train "
            "--resume\n",
            file, line, call, why);
    exit(1);
}

void gpu_check(cudaError_t error, const char *call, const char *file, int line) {
    if (error != cudaSuccess) end_program(call, cudaGetErrorString(error), file, line);
}

void gpu_check(const char *error, const char *call, const char *file, int line) {
    if (error != nullptr) end_program(call, error, file, line);
}
