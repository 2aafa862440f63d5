// A Device of the GPU backend (reference/train/backend.h): the model and everything that its passes
// need, in one block of device memory.
#pragma once
#include "usage.cuh"
#include <vector>

// What a layer saves for backward; N = B·T.
struct LayerSaved {
    float *residual, *residual_mid; // [N,D]: before attention, before the feed-forward layer
    float *normed, *ffn_normed;     // [N,D]
    float *rstd, *ffn_rstd;         // [N]
    float *query, *key, *value;     // [N,D]
    float *attended, *log_sum;      // [N,D], [B,H,T]
    float *ffn;                     // DeviceFfn.saved
};

// Queries and keys that are normed and rotated, and their gradients.
struct AttentionScratch {
    float *q, *k, *dq, *dk; // [N,D]
    float *q_rstd, *k_rstd; // [N,H]
    float *delta;           // [B,H,T]
};

// What a batch of N = B·T tokens brings to the device, in one copy; the host has the same block,
// pinned. Whatever changes from step to step is in it, since the arguments of the kernels in a
// graph stay as they were.
struct BatchNumbers {
    double scored; // targets
    float scale;   // 1 / scored
    AdamwFactors factors;
};
struct BatchInputs {
    BatchNumbers *numbers;
    int32_t *inputs, *targets; // [N]
    // Of each micro-batch the tokens sorted, for embedding_backward:
    int32_t *order;       // [N]: micro-batch by micro-batch, counted from its first
    int32_t *token_start; // [micro-batches,V+1]
};

// The block, divided. N counts the tokens of a micro-batch unless something else is said.
// Gradients, moments and what only backward needs are NULL in a device that evaluates.
struct Memory {
    char *workspace;             // [WORKSPACE_BYTES]: of cuBLAS, which in a graph cannot allocate
    float *parameters, *moments; // [floats], [2,floats]: m, then v
    float *gradients;            // [floats]: of a micro-batch
    float *gradient_sum;         // [floats]: of the step; of a single micro-batch the same memory
    std::vector<LayerSaved> layers; // [L+1]; of the last only residual, the output of the model
    float *normed, *rstd;           // [B·T,D], [N]: of the output norm
    float *rope;                    // [T,Dh]
    float *sublayer_out;            // [N,D]
    float *dresidual, *dnormed, *dquery, *dkey, *dvalue; // [N,D]
    float *partial;                                      // of column sums of D columns
    float *logits, *losses;                              // [LOGIT_ROWS,V], [B·T]
    AttentionScratch attention;                          // in the same place as ffn_scratch
    float *ffn_scratch;
    BatchInputs batch;
    Chunk *chunks;          // of the optimizer
    int *first_chunk;       // [tensors+1]
    double *squares;        // [chunks]
    StepNumbers *numbers;   // followed in the block by tensor_squares
    double *tensor_squares; // [tensors]
    FiredCount *fired;      // [L,pools,F]: usage of the steps; dense kinds have none
    Bf16Operands bf16;      // empty in fp32
};

// What NVIDIA recommends for its largest GPUs.
constexpr size_t WORKSPACE_BYTES = 32ul << 20;

// Logits are computed some rows at a time.
enum { LOGIT_ROWS = 2048 };

// Where in the parameters the optimizer's chunks begin.
struct ChunkTable {
    std::vector<Chunk> chunks;
    std::vector<int> first; // [tensors+1]
};
ChunkTable chunk_table(const Tensors *tensors);

// Counts of a layer's usage: pools · F; 0 for dense kinds.
size_t layer_neurons(const Config *config, const DeviceFfn *ffn);

// What the memory of a device is for.
struct MemoryPlan {
    const Config *config;
    const DeviceFfn *ffn;
    const Tensors *tensors;
    int B, micro_batch; // rows
    DeviceUse use;
    Precision precision;
};
static inline int micro_batches(const MemoryPlan &plan) {
    return ceil_div(plan.B, plan.micro_batch);
}

// Divides the block; with block NULL only the size is computed. Returns it, in floats: so what is
// predicted is what is taken.
size_t memory_layout(Memory *out, float *block, const MemoryPlan &plan);
// The same for what a batch brings.
size_t inputs_layout(BatchInputs *out, float *block, const MemoryPlan &plan);
// The bytes of the block, with another micro_batch than the plan's.
double device_bytes(MemoryPlan plan, int micro_batch);
// `rows`, halved until the device needs at most `bytes`, or to 1: so that other programs which take
// a little more of the memory seldom change it, as the bits of a run depend on it.
int rows_that_fit(const MemoryPlan &plan, int rows, double bytes);

struct Device {
    Model model;           // parameters on the host: as of the last read
    bool owns_model;       // or it is a reader's caller's
    float *moments;        // likewise; NULL: not for training
    float *host_gradients; // NULL until they are asked for
    int B, micro_batch;    // rows
    DeviceUse use;
    Precision precision;
    const DeviceFfn *ffn;
    Gpu gpu;
    std::vector<cudaEvent_t> events; // see batch.cu
    cudaGraphExec_t graph;           // of a step; NULL: not captured yet
    int64_t steps;                   // done since it was opened
    int chunks;                      // of the optimizer
    float *block;
    size_t block_bytes;
    Memory memory;
    int batch_rows;            // of the batch that is computed
    int first_row, rows;       // of its micro-batch that is computed
    int tokens;                // of each row
    int cached;                // in a reader's pass: the tokens before them
    bool counts_usage;         // in this pass
    float *host_block;         // pinned
    BatchInputs host_batch;    // in host_block
    StepNumbers *host_numbers; // pinned, tensor squares behind it
    Gating *gatings;           // [L]: host copies
    HookList hooks;
};

static inline MemoryPlan memory_plan(const Device *d) {
    return {
        &d->model.config, d->ffn, &d->model.tensors, d->B, d->micro_batch, d->use, d->precision
    };
}

// What comes to the host at the end of a step: the numbers and the tensors' squares.
static inline size_t numbers_bytes(const Device *d) {
    return sizeof(StepNumbers) + (size_t)d->model.tensors.count * sizeof(double);
}

// A device of up to B rows of model->config.T tokens. With owns_model the model is freed with it,
// also when this fails; else it must outlive the device. The others as in Backend.open.
Device *device_open(const Model *model, bool owns_model, float *moments, int B, int micro_batch,
                    DeviceUse use, Precision precision, Error *error);
// As Backend.reader.
bool device_reader(Reader *out, const Model *model, int T, Precision precision, Error *error);

static inline const float *weight(const Device *d, int layer, LayerTensor which) {
    return d->memory.parameters + model_layer(&d->model, layer)[which].offset;
}

// Backend.step and Backend.loss.
bool device_step(Device *device, StepResult *out, const int32_t *inputs, const int32_t *targets,
                 const AdamwSettings *settings, int64_t step);
double device_loss(Device *device, int64_t *scored, const int32_t *inputs, const int32_t *targets,
                   int rows);

// The passes, on the device's stream; nothing waits for them. The tokens of the batch are in
// memory. pass_begin, then for each micro-batch pass_forward, pass_losses and, to train,
// pass_backward; at last pass_mean_loss.
void pass_begin(Device *device, int batch_rows);
void pass_forward(Device *device, int first_row, int rows);
// A pass like those two over `tokens` tokens of one sequence, which follow `cached` ones. Each
// layer's key and value [T,D] are the cache: keys are normed and rotated in it, unlike those of
// pass_forward.
void pass_read(Device *device, int tokens, int cached);
void attention_cached(Device *device, int layer); // of pass_read
// memory.logits of at most LOGIT_ROWS tokens of the batch
void pass_logits(Device *device, int first, int rows);
// Losses; with `gradient` also the gradients of logits' inputs.
void pass_losses(Device *device, bool gradient);
void pass_backward(Device *device);  // after pass_losses with gradient; adds to gradient_sum
void pass_mean_loss(Device *device); // numbers->loss
void pass_after_step(Device *device);
