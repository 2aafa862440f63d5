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

// The block, divided. Gradients, moments and what only backward needs are NULL in a device that
// evaluates.
struct Memory {
    float *parameters, *gradients, *moments; // [floats], [floats], [2,floats]: m, then v
    std::vector<LayerSaved> layers; // [L+1]; of the last only residual, the output of the model
    float *normed, *rstd;           // [N,D], [N]: of the output norm
    float *rope;                    // [T,Dh]
    float *sublayer_out;            // [N,D]
    float *dresidual, *dnormed, *dquery, *dkey, *dvalue; // [N,D]
    float *partial;                                      // of column sums of D columns
    float *logits, *losses;                              // [LOGIT_ROWS,V], [N]
    AttentionScratch attention;                          // in the same place as ffn_scratch
    float *ffn_scratch;
    int32_t *inputs, *targets;    // [N]
    int32_t *token_start, *order; // [V+1], [N]: the tokens sorted, for embedding_backward
    Chunk *chunks;                // of the optimizer
    int *first_chunk;             // [tensors+1]
    double *squares;              // [chunks]
    StepNumbers *numbers;         // followed in the block by tensor_squares
    double *tensor_squares;       // [tensors]
    FiredCount *fired;            // [L,pools,F]: usage of the steps; dense kinds have none
};

// Logits are computed some rows at a time.
enum { LOGIT_ROWS = 2048 };

// Where in the parameters the optimizer's chunks begin.
struct ChunkTable {
    std::vector<Chunk> chunks;
    std::vector<int> first; // [tensors+1]
};
ChunkTable chunk_table(const Tensors *tensors);

// Divides the block; with block NULL only the size is computed. Returns it, in floats.
// Counts of a layer's usage: pools · F; 0 for dense kinds.
size_t layer_neurons(const Config *config, const DeviceFfn *ffn);
size_t memory_layout(Memory *out, float *block, const Config *config, const DeviceFfn *ffn,
                     const Tensors *tensors, int B, DeviceUse use);

struct Device {
    Model model;           // parameters on the host: as of the last read
    float *moments;        // likewise; NULL: not for training
    float *host_gradients; // NULL until they are asked for
    int B;
    DeviceUse use;
    const DeviceFfn *ffn;
    Gpu gpu;
    cudaEvent_t events[STEP_PHASES + 1];
    float *block;
    Memory memory;
    int rows;                  // of the last pass
    bool counts_usage;         // in this pass
    int32_t *host_inputs;      // pinned: inputs [N], targets [N], token_start [V+1], order [N]
    StepNumbers *host_numbers; // pinned, tensor squares behind it
    Gating *gatings;           // [L]: host copies
    HookList hooks;
};

// The passes, on the device's stream; nothing waits for them. Inputs and targets are in memory.
void pass_forward(Device *device, int rows);
void pass_logits(Device *device, int first, int rows); // memory.logits of at most LOGIT_ROWS tokens
// Losses, and their mean in numbers->loss; with `gradient` also the gradients of logits' inputs.
void pass_loss(Device *device, int64_t scored, bool gradient);
void pass_backward(Device *device); // after pass_loss with gradient
void pass_after_step(Device *device);
