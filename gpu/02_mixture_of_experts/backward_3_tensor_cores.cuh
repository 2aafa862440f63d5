// The experts' backward pass (see backward.cuh)
// oracle: chapters/01_dense_ffn/dense_ffn.c, glu_backward
// backward_2_grouped.cuh with tiles by the tensor cores.
#pragma once
#include "gpu/02_mixture_of_experts/backward_2_grouped.cuh"
#include "gpu/02_mixture_of_experts/tensor_cores.cuh"

static inline const char *backward_tensor_cores(__nv_bfloat16 *dx_rows, ExpertGradients dw,
                                                __nv_bfloat16 *dgate_up,
                                                ExpertRows<__nv_bfloat16> rows, const int *first,
                                                Experts<__nv_bfloat16> w, ExpertSizes s,
                                                cudaStream_t stream) {
    const char *refusal = refuse_tensor_cores();
    if (refusal) return refusal;
    return launch_backward<TensorCores>(dx_rows, dw, dgate_up, rows, first, w, s, stream);
}
