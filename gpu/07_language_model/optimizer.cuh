// The norm of all gradients, clipping and AdamW (Loshchilov and Hutter 2017). Oracle:
// reference/train/optimizer.c. Nothing comes to the host between: the update reads the norm where
// the kernel before it wrote it.
#pragma once
#include "reduce.cuh"
#include <stddef.h>

// The block of parameters is cut into chunks, none of which spans two tensors.
enum { CHUNK_FLOATS = 16384, OPTIMIZER_THREADS = 256 };
struct Chunk {
    size_t first; // in the block
    int count, decay;
};

typedef struct {
    double loss, balance_loss, gradient_norm;
    int finite; // whether the loss and every gradient are
} StepNumbers;

// squares[chunk] = Σ gradient²: NaN or infinite when any of the gradients is, since a double holds
// the square of any float.
static __global__ void squares_kernel(double *squares, const float *gradients,
                                      const Chunk *chunks) {
    Chunk chunk = chunks[blockIdx.x];
    const float *values = gradients + chunk.first;
    double sum = 0.0;
    for (int i = (int)threadIdx.x; i < chunk.count; i += OPTIMIZER_THREADS)
        sum += (double)values[i] * values[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) squares[blockIdx.x] = sum;
}

// tensor_squares (tensors), and the norm. The chunks of a tensor are first[i] .. first[i+1]-1. One
// block; sums run in order.
// [norm
static __global__ void norm_kernel(StepNumbers *out, double *tensor_squares, const double *squares,
                                   const int *first, int tensors) {
    for (int i = (int)threadIdx.x; i < tensors; i += OPTIMIZER_THREADS) {
        double sum = 0.0;
        for (int chunk = first[i]; chunk < first[i + 1]; chunk++) sum += squares[chunk];
        tensor_squares[i] = sum;
    }
    __syncthreads();
    if (threadIdx.x != 0) return;
    double total = 0.0;
    for (int i = 0; i < tensors; i++) total += tensor_squares[i];
    out->gradient_norm = sqrt(total);
    out->finite = isfinite(out->loss) && isfinite(total);
}
// norm]

static inline const char *gradient_norm(StepNumbers *out, double *tensor_squares, double *squares,
                                        const float *gradients, const Chunk *chunks, int count,
                                        const int *first, int tensors, cudaStream_t stream) {
    LAUNCH(squares_kernel, count, OPTIMIZER_THREADS, 0, stream, squares, gradients, chunks);
    LAUNCH(norm_kernel, 1, OPTIMIZER_THREADS, 0, stream, out, tensor_squares, squares, first,
           tensors);
    return launch_error();
}

// What one step multiplies by. It is in device memory, so that a graph which is launched again
// finds other values there.
typedef struct {
    float max_norm; // of the gradients, else they are scaled down to it; 0: any
    float rate;     // learning rate / (1 - beta1^t): corrects the bias of m
    float v_scale;  // 1 / (1 - beta2^t): corrects the bias of v
    float decay;    // of the tensors that decay
} AdamwFactors;

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g²,
// p -= rate · m̂ / (sqrt(v̂) + eps) + decay · p; nothing where the step is not finite.
// [adamw
static __global__ void adamw_kernel(float *parameters, float *m, float *v, const float *gradients,
                                    const StepNumbers *step, const Chunk *chunks,
                                    const AdamwFactors *factors) {
    const float BETA1 = 0.9f, BETA2 = 0.999f, EPSILON = 1e-8f;
    if (!step->finite) return;
    Chunk chunk = chunks[blockIdx.x];
    double norm = step->gradient_norm;
    bool clips = factors->max_norm > 0.0f && norm > factors->max_norm;
    float clip = clips ? (float)(factors->max_norm / norm) : 1.0f;
    float decay = chunk.decay ? factors->decay : 0.0f;
    float rate = factors->rate, v_scale = factors->v_scale;
    for (int j = (int)threadIdx.x; j < chunk.count; j += OPTIMIZER_THREADS) {
        size_t i = chunk.first + (size_t)j;
        float g = gradients[i] * clip, p = parameters[i];
        float first = BETA1 * m[i] + (float)(1.0 - 0.9) * g;
        float second = BETA2 * v[i] + (float)(1.0 - 0.999) * g * g;
        m[i] = first;
        v[i] = second;
        float scaled = rate * first / (sqrtf(second * v_scale) + EPSILON);
        parameters[i] = p - (scaled + decay * p);
    }
}
// adamw]

static inline const char *adamw(float *parameters, float *m, float *v, const float *gradients,
                                const StepNumbers *step, const Chunk *chunks, int count,
                                const AdamwFactors *factors, cudaStream_t stream) {
    LAUNCH(adamw_kernel, count, OPTIMIZER_THREADS, 0, stream, parameters, m, v, gradients, step,
           chunks, factors);
    return launch_error();
}
