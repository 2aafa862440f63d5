// The experts (see experts.cuh)     oracle: chapters/01_dense_ffn/dense_ffn.c, glu_forward
// experts_3_fused.cuh with tiles by the tensor cores.
#pragma once
#include "gpu/02_mixture_of_experts/experts_3_fused.cuh"
#include "gpu/02_mixture_of_experts/tensor_cores.cuh"

static inline const char *experts_tensor_cores(__nv_bfloat16 *gate_up, __nv_bfloat16 *hidden,
                                               __nv_bfloat16 *out, const __nv_bfloat16 *x_rows,
                                               const int *first, Experts<__nv_bfloat16> w,
                                               ExpertSizes s, cudaStream_t stream) {
    const char *refusal = refuse_tensor_cores();
    if (refusal) return refusal;
    return launch_experts_fused<TensorCores>(gate_up, hidden, out, x_rows, first, w, s, stream);
}
