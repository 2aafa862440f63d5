// y = Σ over a token's entries of score · GLU_index(x). The rows of the experts' matrices are the
// entries, sorted by expert. Oracle: reference/ffn/moe.c
#include "expert_order.cuh"
#include "gating.cuh"
#include "glu.cuh"
#include "gpu/07_language_model/reduce.cuh"
#include "grouped_products.cuh"
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
    Gating gating;
    float *logits, *p, *log_sum; // [N,E], [N,E], [N]
    float *gate_up, *hidden;     // [R,2F], [R,F]
    float *out;                  // [R,D]: outputs of the experts
};
static size_t saved_layout(MoeSaved *out, float *block, const Config *config, int N) {
    size_t used = 0, R = moe_routing_entries(config, N), F = (size_t)config->F,
           table = (size_t)N * config->E;
    *out = MoeSaved{};
    out->gating.N = N;
    out->gating.C = 1;
    out->gating.K = config->routing == ROUTING_EXPERT ? (int)config->capacity : config->K;
    out->gating.F = out->gating.keys = config->E;
    out->gating.capacity = R;
    out->gating.start = (int32_t *)floats_take(block, &used, (size_t)N + 1);
    out->gating.index = (int32_t *)floats_take(block, &used, R);
    out->gating.score = floats_take(block, &used, R);
    out->logits = floats_take(block, &used, table);
    out->p = floats_take(block, &used, table);
    out->log_sum = floats_take(block, &used, (size_t)N);
    out->gate_up = floats_take(block, &used, 2 * R * F);
    out->hidden = floats_take(block, &used, R * F);
    out->out = floats_take(block, &used, R * config->D);
    return used;
}

struct MoeScratch {
    DeviceOrder order; // order: the entry of each row; start: where an expert's rows begin
    int *token, *expert, *place; // [R]: of each row; the row of each entry
    int32_t *count;              // [E]: tokens of an expert
    float *x, *dy, *dx;          // [R,D]
    float *dgate_up, *dhidden;   // [R,2F], [R,F]
    float *table;                // [N,E]: scores, or their gradients
    uint32_t *keys;              // [N,E]
};
static DeviceEntries entries_of(const Gating *gating) {
    return { gating->index, gating->capacity, 1, gating->F, 1, 1 };
}
static size_t scratch_layout(MoeScratch *out, float *block, const Config *config, int N) {
    MoeSaved saved;
    saved_layout(&saved, NULL, config, N);
    size_t used = 0, R = saved.gating.capacity, D = (size_t)config->D, F = (size_t)config->F;
    DeviceEntries entries = entries_of(&saved.gating);
    floats_take(NULL, &used, device_order_layout(&out->order, block, &entries));
    out->token = (int *)floats_take(block, &used, R);
    out->expert = (int *)floats_take(block, &used, R);
    out->place = (int *)floats_take(block, &used, R);
    out->count = (int32_t *)floats_take(block, &used, (size_t)config->E);
    out->x = floats_take(block, &used, R * D);
    out->dy = floats_take(block, &used, R * D);
    out->dx = floats_take(block, &used, R * D);
    out->dgate_up = floats_take(block, &used, 2 * R * F);
    out->dhidden = floats_take(block, &used, R * F);
    out->table = floats_take(block, &used, (size_t)N * config->E);
    out->keys = (uint32_t *)floats_take(block, &used, (size_t)N * config->E);
    return used;
}

static size_t moe_saved(const Config *config, int N) {
    MoeSaved unused;
    return saved_layout(&unused, NULL, config, N);
}
static size_t moe_scratch(const Config *config, int N) {
    MoeScratch unused;
    return scratch_layout(&unused, NULL, config, N);
}
static Gating moe_gating(const Config *config, float *block, int N) {
    MoeSaved saved;
    saved_layout(&saved, block, config, N);
    return saved.gating;
}

// ---- the experts' rows

// token, expert and place, one thread per token
static __global__ void entry_tokens_kernel(int *token_of_entry, const int *start, int N) {
    int t = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (t >= N) return;
    for (int i = start[t]; i < start[t + 1]; i++) token_of_entry[i] = t;
}
static __global__ void rows_kernel(int *token, int *expert, int *place, const int *token_of_entry,
                                   const int *index, const int *order, const int *rows,
                                   size_t capacity) {
    size_t row = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= capacity || row >= (size_t)*rows) return;
    int entry = order[row];
    token[row] = token_of_entry[entry];
    expert[row] = index[entry];
    place[entry] = (int)row;
}

// x (rows,D) = the row of each row's token
static __global__ void gather_kernel(float *x, const float *from, const int *token, GluRows rows,
                                     int D) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x, row = i / D;
    if (rows.has(row)) x[i] = from[(size_t)token[row] * D + i % D];
}

// y (N,D) = Σ over the entries of a token of score (or 1 where that is NULL) · its row; one block
// per token.
static __global__ void combine_kernel(float *y, const float *out, const float *score,
                                      const int *place, const int *start, int D) {
    int t = (int)blockIdx.x;
    for (int d = (int)threadIdx.x; d < D; d += (int)blockDim.x) {
        float sum = 0.0f;
        for (int i = start[t]; i < start[t + 1]; i++)
            sum += (score != NULL ? score[i] : 1.0f) * out[(size_t)place[i] * D + d];
        y[(size_t)t * D + d] = sum;
    }
}

// dy of every row, weighted, and in the table (N,E) the gradient of each score, dy · out. One warp
// per token.
static __global__ void gather_gradients_kernel(float *row_dy, float *table, const float *dy,
                                               const float *out, const float *score,
                                               const int *index, const int *place, const int *start,
                                               int N, int E, int D) {
    int t = (int)(blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32), lane = (int)threadIdx.x % 32;
    if (t >= N) return;
    const float *own = dy + (size_t)t * D;
    for (int e = lane; e < E; e += 32) table[(size_t)t * E + e] = 0.0f;
    __syncwarp();
    for (int i = start[t]; i < start[t + 1]; i++) {
        size_t row = (size_t)place[i] * D;
        float sum = 0.0f;
        for (int d = lane; d < D; d += 32) {
            sum += own[d] * out[row + d];
            row_dy[row + d] = score[i] * own[d];
        }
        sum = warp_sum(sum);
        if (lane == 0) table[(size_t)t * E + index[i]] += sum;
    }
}

static GluRows rows_of(const MoeScratch *scratch, const Gating *gating) {
    return { gating->capacity, scratch->order.start + gating->F, scratch->expert };
}

// Sorts the entries and gathers the rows of x.
static void make_rows(const LayerCall *call, const MoeScratch *scratch, const Gating *gating) {
    const Gpu *gpu = call->gpu;
    int D = call->config->D;
    DeviceEntries entries = entries_of(gating);
    GluRows rows = rows_of(scratch, gating);
    int *token_of_entry = (int *)scratch->dhidden; // not used before the experts
    device_order_sort(gpu, &scratch->order, &entries);
    LAUNCH(entry_tokens_kernel, blocks_of((size_t)gating->N), BLOCK_THREADS, 0, gpu->stream,
           token_of_entry, gating->start, gating->N);
    LAUNCH(rows_kernel, blocks_of(gating->capacity), BLOCK_THREADS, 0, gpu->stream, scratch->token,
           scratch->expert, scratch->place, token_of_entry, gating->index, scratch->order.order,
           rows.count, gating->capacity);
    LAUNCH(gather_kernel, blocks_of(gating->capacity * D), BLOCK_THREADS, 0, gpu->stream,
           scratch->x, call->x, scratch->token, rows, D);
    CHECK(launch_error());
}

static void combine(const LayerCall *call, float *y, const float *out, const float *score,
                    const MoeScratch *scratch, const Gating *gating) {
    LAUNCH(combine_kernel, gating->N, 128, 0, call->gpu->stream, y, out, score, scratch->place,
           gating->start, call->config->D);
    CHECK(launch_error());
}

// ---- forward

static DeviceRouting routing_of(const LayerCall *call, const MoeSaved *saved) {
    return { call->config,  call->B,
             call->T,       call->device_tokens,
             saved->logits, has_bias(call->config) ? ffn_parameter(call, ROUTER_BIAS) : NULL,
             saved->p,      saved->log_sum };
}

// Tokens of the pass that are not padding; `tokens` are the host's.
static int count_tokens(const LayerCall *call) {
    int count = 0;
    for (int t = 0; t < call->B * call->T; t++) count += call->tokens[t] != TOKEN_PAD;
    return count;
}

static void route(const LayerCall *call, MoeSaved *saved, const MoeScratch *scratch) {
    const Gpu *gpu = call->gpu;
    const Config *config = call->config;
    int N = call->B * call->T, E = config->E;
    DeviceRouting routing = routing_of(call, saved);
    linear_forward(gpu, saved->logits, call->x, ffn_parameter(call, ROUTER), N, config->D, E);
    float *key_scores = hooks_key_scores(call->hooks);
    if (key_scores != NULL)
        CHECK(cudaMemcpyAsync(key_scores, saved->logits, (size_t)N * E * sizeof(float),
                              cudaMemcpyDeviceToHost, gpu->stream));
    device_routing_select(gpu, &saved->gating, &routing, scratch->table, scratch->keys);
    gating_call_hooks(call, &saved->gating);
    if (!has_losses(config)) return;
    device_balance_count(gpu, scratch->count, &saved->gating, &routing);
    device_balance_loss(gpu, &call->numbers->balance_loss, scratch->count, count_tokens(call),
                        &routing);
}

static void moe_forward(const LayerCall *call) {
    const Config *config = call->config;
    const Gpu *gpu = call->gpu;
    int N = call->B * call->T, D = config->D, E = config->E, F = config->F;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, N);
    scratch_layout(&scratch, call->scratch, config, N);
    route(call, &saved, &scratch);
    make_rows(call, &scratch, &saved.gating);
    size_t R = saved.gating.capacity;
    const int *first = scratch.order.start;
    GluRows rows = rows_of(&scratch, &saved.gating);
    grouped_product(gpu, saved.gate_up, scratch.x, ffn_parameter(call, UP), first, E, R, D, 2 * F,
                    false);
    LAUNCH(gate_kernel, blocks_of(R * F), BLOCK_THREADS, 0, gpu->stream, saved.hidden,
           saved.gate_up, ffn_parameter(call, UP_BIAS), rows, F);
    grouped_product(gpu, saved.out, saved.hidden, ffn_parameter(call, DOWN), first, E, R, F, D,
                    false);
    LAUNCH(add_bias_kernel, blocks_of(R * D), BLOCK_THREADS, 0, gpu->stream, saved.out,
           ffn_parameter(call, DOWN_BIAS), rows, D);
    CHECK(launch_error());
    combine(call, call->y, saved.out, saved.gating.score, &scratch, &saved.gating);
}

// ---- backward

// dx and the gradients of the experts from dy of their rows.
static void experts_backward(const LayerCall *call, const MoeSaved *saved,
                             const MoeScratch *scratch) {
    const Gpu *gpu = call->gpu;
    int D = call->config->D, E = call->config->E, F = call->config->F;
    size_t R = saved->gating.capacity;
    const int *first = scratch->order.start;
    GluRows rows = rows_of(scratch, &saved->gating);
    grouped_product(gpu, scratch->dhidden, scratch->dy, ffn_parameter(call, DOWN), first, E, R, D,
                    F, true);
    LAUNCH(gate_backward_kernel, blocks_of(R * F), BLOCK_THREADS, 0, gpu->stream, scratch->dgate_up,
           scratch->dhidden, saved->gate_up, ffn_parameter(call, UP_BIAS), rows, F);
    CHECK(launch_error());
    grouped_product(gpu, scratch->dx, scratch->dgate_up, ffn_parameter(call, UP), first, E, R,
                    2 * F, D, true);
    grouped_weight_gradient(gpu, ffn_gradient(call, UP), scratch->x, scratch->dgate_up, first, E, D,
                            2 * F);
    grouped_weight_gradient(gpu, ffn_gradient(call, DOWN), saved->hidden, scratch->dy, first, E, F,
                            D);
    grouped_column_sums(gpu, ffn_gradient(call, UP_BIAS), scratch->dgate_up, first, E, 2 * F);
    grouped_column_sums(gpu, ffn_gradient(call, DOWN_BIAS), scratch->dy, first, E, D);
}

static void router_backward(const LayerCall *call, const MoeSaved *saved,
                            const MoeScratch *scratch) {
    const Gpu *gpu = call->gpu;
    const Config *config = call->config;
    int N = call->B * call->T, D = config->D, E = config->E;
    DeviceRouting routing = routing_of(call, saved);
    device_routing_backward(gpu, &routing, scratch->table);
    if (has_losses(config)) {
        device_balance_count(gpu, scratch->count, &saved->gating, &routing);
        device_balance_backward(gpu, scratch->table, scratch->count, count_tokens(call), &routing);
    }
    if (has_bias(config))
        CHECK(cudaMemsetAsync(ffn_gradient(call, ROUTER_BIAS), 0, (size_t)E * sizeof(float),
                              gpu->stream));
    linear_weight_gradient(gpu, ffn_gradient(call, ROUTER), call->x, scratch->table, N, D, E);
    linear_input_gradient(gpu, call->dx, scratch->table, ffn_parameter(call, ROUTER), N, D, E,
                          true);
}

static void moe_backward(const LayerCall *call) {
    const Config *config = call->config;
    int N = call->B * call->T, D = config->D, E = config->E;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, N);
    scratch_layout(&scratch, call->scratch, config, N);
    const Gating *gating = &saved.gating;
    make_rows(call, &scratch, gating);
    LAUNCH(gather_gradients_kernel, ceil_div(N, 4), 128, 0, call->gpu->stream, scratch.dy,
           scratch.table, call->dy, saved.out, gating->score, gating->index, scratch.place,
           gating->start, N, E, D);
    CHECK(launch_error());
    experts_backward(call, &saved, &scratch);
    combine(call, call->dx, scratch.dx, NULL, &scratch, gating);
    router_backward(call, &saved, &scratch);
}

static void moe_after_step(const LayerCall *call, float *parameters) {
    const Config *config = call->config;
    if (!has_bias(config)) return;
    MoeSaved saved;
    MoeScratch scratch;
    saved_layout(&saved, call->saved, config, call->B * call->T);
    scratch_layout(&scratch, call->scratch, config, call->B * call->T);
    DeviceRouting routing = routing_of(call, &saved);
    device_balance_count(call->gpu, scratch.count, &saved.gating, &routing);
    device_balance_bias(call->gpu, parameters + call->tensors[ROUTER_BIAS].offset, scratch.count,
                        config->bias_step, call->numbers, config->E);
}

const DeviceFfn moe_device_ffn = { "moe",       NULL,         moe_saved,  moe_scratch,
                                   moe_forward, moe_backward, moe_gating, moe_after_step };
