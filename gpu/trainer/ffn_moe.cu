// y = Σ over a token's entries of score · GLU_index(x). The rows of the experts' matrices are the
// entries, sorted by expert; how many each expert has stays on the device. Oracle:
// reference/ffn/moe.c
#include "gating.cuh"
#include "gpu/02_mixture_of_experts/backward_2_grouped.cuh"
#include "gpu/02_mixture_of_experts/balance.cuh"
#include "gpu/02_mixture_of_experts/combine_2_owner.cuh"
#include "gpu/02_mixture_of_experts/dispatch_3_match.cuh"
#include "gpu/02_mixture_of_experts/experts_3_fused.cuh"
#include "gpu/02_mixture_of_experts/gather.cuh"
#include "moe_routing.cuh"
extern "C" {
#include "reference/ffn/moe_routing.h"
}

enum { ROUTER, UP, UP_BIAS, DOWN, DOWN_BIAS, ROUTER_BIAS };

static bool has_bias(const Config *config) {
    return config->routing == ROUTING_TOKEN && config->bias_step > 0.0;
}
static bool has_losses(const Config *config) {
    return config->routing == ROUTING_TOKEN && (config->switch_loss > 0.0 || config->z_loss > 0.0);
}

// ---- memory. R: the capacity of the gating, and as many rows

struct MoeSaved {
    int *step_count; // [E+1]: entries of each expert in the step so far; first in the block, whose
                     // other parts move with N
    Gating gating;
    float *logits, *p, *log_sum;   // [N,E], [N,E], [N]
    float *gate_up, *hidden, *out; // [R,2F], [R,F], [R,D]: of the experts
};
static size_t saved_layout(MoeSaved *saved, float *block, const Config *config, int N) {
    size_t used = 0, R = moe_routing_entries(config, N), F = (size_t)config->F,
           table = (size_t)N * config->E;
    *saved = MoeSaved{};
    saved->step_count = (int *)floats_take(block, &used, (size_t)config->E + 1);
    saved->gating.N = N;
    saved->gating.C = 1;
    saved->gating.K = config->routing == ROUTING_EXPERT ? (int)config->capacity : config->K;
    saved->gating.F = saved->gating.keys = config->E;
    saved->gating.capacity = R;
    saved->gating.start = (int32_t *)floats_take(block, &used, (size_t)N + 1);
    saved->gating.index = (int32_t *)floats_take(block, &used, R);
    saved->gating.score = floats_take(block, &used, R);
    saved->logits = floats_take(block, &used, table);
    saved->p = floats_take(block, &used, table);
    saved->log_sum = floats_take(block, &used, (size_t)N);
    saved->gate_up = floats_take(block, &used, 2 * R * F);
    saved->hidden = floats_take(block, &used, R * F);
    saved->out = floats_take(block, &used, R * config->D);
    return used;
}

struct MoeScratch {
    int *first, *row, *dispatch; // [E+1]: where an expert's rows begin; [R]: the row of each entry
    int *count;                  // [E+1], see balance.cuh
    double *partial;             // of the balancing loss
    float *x, *dout, *dx;        // [R,D]
    float *dgate_up, *dweight;   // [R,2F], [R]
    float *dlogits;              // [N,E]
    float *routing;              // see moe_routing.cuh
};
static size_t scratch_layout(MoeScratch *scratch, float *block, const Config *config, int N) {
    size_t used = 0, R = moe_routing_entries(config, N), D = (size_t)config->D,
           E = (size_t)config->E;
    scratch->first = (int *)floats_take(block, &used, E + 1);
    scratch->row = (int *)floats_take(block, &used, R);
    scratch->dispatch = (int *)floats_take(block, &used, dispatch_scratch(config->E, (int)R));
    scratch->count = (int *)floats_take(block, &used, E + 1);
    scratch->partial = (double *)floats_take(block, &used, 2 * (size_t)balance_scratch(N));
    scratch->x = floats_take(block, &used, R * D);
    scratch->dout = floats_take(block, &used, R * D);
    scratch->dx = floats_take(block, &used, R * D);
    scratch->dgate_up = floats_take(block, &used, 2 * R * config->F);
    scratch->dweight = floats_take(block, &used, R);
    scratch->dlogits = floats_take(block, &used, (size_t)N * E);
    scratch->routing = floats_take(block, &used, device_routing_scratch(config, N));
    return used;
}

static size_t saved_floats(const Config *config, int N) {
    MoeSaved unused;
    return saved_layout(&unused, NULL, config, N);
}
static size_t scratch_floats(const Config *config, int N) {
    MoeScratch unused;
    return scratch_layout(&unused, NULL, config, N);
}
static Gating gating_in(const Config *config, float *block, int N) {
    MoeSaved saved;
    saved_layout(&saved, block, config, N);
    return saved.gating;
}

static ExpertSizes expert_sizes(const Config *config, const Gating *gating) {
    return { config->D, config->F, config->E, (int)gating->capacity };
}

static bool valid(const Config *config, Error *error) {
    int R = (int)moe_routing_entries(config, config->T);
    const char *refusal = refuse_dispatch(config->E, R);
    if (refusal == NULL) refusal = refuse_experts({ config->D, config->F, config->E, R });
    if (refusal != NULL) return fail(error, "this device cannot do that: %s", refusal);
    return device_routing_valid(config, error);
}

// ---- balancing

static DeviceRouting routing_of(const LayerCall *call, const MoeSaved *saved) {
    return { call->config,  call->B,
             call->T,       call->device_tokens,
             saved->logits, has_bias(call->config) ? ffn_parameter(call, ROUTER_BIAS) : NULL,
             saved->p,      saved->log_sum };
}

// Counts the entries of each expert. The losses are those of the micro-batch, and count by its
// share of the batch's rows: the mean over the micro-batches, as in PyTorch. (The Switch loss is a
// product of two means, so it is not the batch's; nor is the z-loss, where rows have padding.)
static Balance balance_of(const LayerCall *call, const MoeSaved *saved, const MoeScratch *scratch) {
    const Config *config = call->config;
    const Gating *gating = &saved->gating;
    CHECK(balance_count(scratch->count, gating->start, gating->index, call->device_tokens,
                        gating->N, config->E, call->gpu->stream));
    return { saved->p,
             saved->log_sum,
             call->device_tokens,
             scratch->count,
             (float)config->switch_loss * call->share,
             (float)config->z_loss * call->share,
             gating->N,
             config->E };
}

// total = count, or += it
static __global__ void add_counts_kernel(int *total, const int *count, bool is_first, int E) {
    int e = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (e <= E) total[e] = is_first ? count[e] : total[e] + count[e];
}

static void add_counts(const LayerCall *call, const MoeSaved *saved, const MoeScratch *scratch) {
    int E = call->config->E;
    LAUNCH(add_counts_kernel, ceil_div(E + 1, 128), 128, 0, call->gpu->stream, saved->step_count,
           scratch->count, call->is_first, E);
    CHECK(launch_error());
}

// ---- forward

static void route(const LayerCall *call, MoeSaved *saved, const MoeScratch *scratch) {
    const Gpu *gpu = call->gpu, fp32 = products_in_fp32(gpu);
    const Config *config = call->config;
    int N = call->B * call->T, E = config->E;
    DeviceRouting routing = routing_of(call, saved);
    linear_forward(&fp32, saved->logits, call->x, ffn_parameter(call, ROUTER), N, config->D, E);
    float *key_scores = hooks_key_scores(call->hooks);
    if (key_scores != NULL)
        CHECK(cudaMemcpyAsync(key_scores, saved->logits, (size_t)N * E * sizeof(float),
                              cudaMemcpyDeviceToHost, gpu->stream));
    device_routing_select(gpu, &saved->gating, &routing, scratch->routing);
    gating_call_hooks(call, &saved->gating);
    if (!has_losses(config) && !has_bias(config)) return;
    Balance balance = balance_of(call, saved, scratch);
    if (has_bias(config)) add_counts(call, saved, scratch);
    if (has_losses(config))
        CHECK(balance_loss(&call->numbers->balance_loss, balance, scratch->partial, gpu->stream));
}

static Experts<float> experts_of(const LayerCall *call) {
    return { ffn_parameter(call, UP), ffn_parameter(call, UP_BIAS), ffn_parameter(call, DOWN),
             ffn_parameter(call, DOWN_BIAS) };
}

// Sorts the entries by expert and gathers the rows of x.
static void make_rows(const LayerCall *call, const MoeScratch *scratch, const Gating *gating) {
    cudaStream_t stream = call->gpu->stream;
    CHECK(dispatch_match(scratch->first, scratch->row, gating->start, gating->index, gating->N,
                         gating->F, (int)gating->capacity, scratch->dispatch, stream));
    CHECK(gather(scratch->x, call->x, gating->start, scratch->row, gating->N, call->config->D,
                 stream));
}

static void forward(const LayerCall *call) {
    const Config *config = call->config;
    cudaStream_t stream = call->gpu->stream;
    int N = call->B * call->T;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, N);
    scratch_layout(&scratch, call->scratch, config, N);
    const Gating *gating = &saved.gating;
    route(call, &saved, &scratch);
    make_rows(call, &scratch, gating);
    CHECK(experts_fused(saved.gate_up, saved.hidden, saved.out, (const float *)scratch.x,
                        scratch.first, experts_of(call), expert_sizes(config, gating), stream));
    CHECK(combine_owner(call->y, (const float *)saved.out, gating->start, scratch.row,
                        gating->score, N, config->D, (int)gating->capacity, stream));
}

// ---- backward

static void router_gradients(const LayerCall *call, const MoeSaved *saved,
                             const MoeScratch *scratch) {
    const Gpu *gpu = call->gpu, fp32 = products_in_fp32(gpu);
    const Config *config = call->config;
    int N = call->B * call->T, D = config->D, E = config->E;
    DeviceRouting routing = routing_of(call, saved);
    device_routing_backward(gpu, scratch->dlogits, scratch->dweight, &saved->gating, &routing);
    if (has_losses(config))
        CHECK(balance_backward(scratch->dlogits, balance_of(call, saved, scratch), gpu->stream));
    if (has_bias(config))
        CHECK(cudaMemsetAsync(ffn_gradient(call, ROUTER_BIAS), 0, (size_t)E * sizeof(float),
                              gpu->stream));
    linear_weight_gradient(&fp32, ffn_gradient(call, ROUTER), call->x, scratch->dlogits, N, D, E);
    linear_input_gradient(&fp32, call->dx, scratch->dlogits, ffn_parameter(call, ROUTER), N, D, E,
                          true);
}

static void backward(const LayerCall *call) {
    const Config *config = call->config;
    cudaStream_t stream = call->gpu->stream;
    int N = call->B * call->T, D = config->D;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, N);
    scratch_layout(&scratch, call->scratch, config, N);
    const Gating *gating = &saved.gating;
    make_rows(call, &scratch, gating);
    CHECK(combine_backward(scratch.dout, scratch.dweight, call->dy, (const float *)saved.out,
                           gating->start, scratch.row, gating->score, N, D, stream));
    ExpertGradients gradients = { ffn_gradient(call, UP), ffn_gradient(call, UP_BIAS),
                                  ffn_gradient(call, DOWN), ffn_gradient(call, DOWN_BIAS) };
    ExpertRows<float> rows = { scratch.x, saved.gate_up, saved.hidden, scratch.dout };
    CHECK(backward_grouped(scratch.dx, gradients, scratch.dgate_up, rows, scratch.first,
                           experts_of(call), expert_sizes(config, gating), stream));
    CHECK(combine_owner(call->dx, (const float *)scratch.dx, gating->start, scratch.row,
                        (const float *)NULL, N, D, (int)gating->capacity, stream));
    router_gradients(call, &saved, &scratch);
}

// Counts of 0 leave the bias as it is.
static __global__ void forget_counts_kernel(int *count, const StepNumbers *numbers, int E) {
    int e = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (e <= E && !numbers->finite) count[e] = 0;
}

static void after_step(const LayerCall *call, float *parameters) {
    const Config *config = call->config;
    cudaStream_t stream = call->gpu->stream;
    int E = config->E;
    if (!has_bias(config)) return;
    MoeSaved saved;
    saved_layout(&saved, call->saved, config, call->B * call->T);
    LAUNCH(forget_counts_kernel, ceil_div(E + 1, 128), 128, 0, stream, saved.step_count,
           call->numbers, E);
    CHECK(launch_error());
    CHECK(balance_bias(parameters + call->tensors[ROUTER_BIAS].offset, saved.step_count,
                       (float)config->bias_step, E, stream));
}

const DeviceFfn moe_device_ffn = { "moe",          valid,      saved_floats,
                                   scratch_floats, forward,    backward,
                                   gating_in,      after_step, NULL };
