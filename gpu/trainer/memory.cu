#include "device.cuh"
#include "gpu/07_language_model/column_sums.cuh"
#include <algorithm>

// Takes the parts of a block one after the other.
struct Taker {
    float *block;
    size_t used;
    template <class T = float> T *take(size_t count) {
        size_t floats = (count * sizeof(T) + sizeof(float) - 1) / sizeof(float);
        return reinterpret_cast<T *>(floats_take(block, &used, floats));
    }
};

ChunkTable chunk_table(const Tensors *tensors) {
    ChunkTable table;
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        table.first.push_back((int)table.chunks.size());
        for (size_t first = 0; first < tensor->count; first += CHUNK_FLOATS) {
            size_t count = std::min(tensor->count - first, (size_t)CHUNK_FLOATS);
            table.chunks.push_back({ tensor->offset + first, (int)count, tensor->decay });
        }
    }
    table.first.push_back((int)table.chunks.size());
    return table;
}

size_t layer_neurons(const Config *config, const DeviceFfn *ffn) {
    if (ffn->gating == NULL) return 0;
    return (size_t)ffn_pools(config) * (size_t)ffn->gating(config, NULL, 1).F;
}

static void take_layer(LayerSaved *layer, Taker *taker, const Config *config, const DeviceFfn *ffn,
                       size_t N) {
    size_t rows = N * (size_t)config->D;
    layer->residual = taker->take(rows);
    layer->residual_mid = taker->take(rows);
    layer->normed = taker->take(rows);
    layer->ffn_normed = taker->take(rows);
    layer->rstd = taker->take(N);
    layer->ffn_rstd = taker->take(N);
    layer->query = taker->take(rows);
    layer->key = taker->take(rows);
    layer->value = taker->take(rows);
    layer->attended = taker->take(rows);
    layer->log_sum = taker->take(N * (size_t)config_heads(config));
    layer->ffn = taker->take(ffn->saved(config, (int)N));
}

static void take_attention(AttentionScratch *out, Taker *taker, const Config *config, size_t N) {
    size_t rows = N * (size_t)config->D, heads = N * (size_t)config_heads(config);
    out->q = taker->take(rows);
    out->k = taker->take(rows);
    out->dq = taker->take(rows);
    out->dk = taker->take(rows);
    out->q_rstd = taker->take(heads);
    out->k_rstd = taker->take(heads);
    out->delta = taker->take(heads);
}

// Attention and feed-forward layer use the same memory, one after the other.
static void take_scratch(Memory *out, Taker *taker, const Config *config, const DeviceFfn *ffn,
                         size_t N) {
    Taker other = *taker;
    take_attention(&out->attention, taker, config, N);
    out->ffn_scratch = other.take(ffn->scratch(config, (int)N));
    taker->used = std::max(taker->used, other.used);
}

static void take_training(Memory *out, Taker *taker, const MemoryPlan &plan, size_t N) {
    const Config *config = plan.config;
    const Tensors *tensors = plan.tensors;
    size_t rows = N * (size_t)config->D;
    ChunkTable table = chunk_table(tensors);
    out->moments = taker->take(2 * tensors->floats);
    out->gradients = taker->take(tensors->floats);
    out->gradient_sum = out->gradients;
    if (micro_batches(plan) > 1) out->gradient_sum = taker->take(tensors->floats);
    out->dresidual = taker->take(rows);
    out->dnormed = taker->take(rows);
    out->dquery = taker->take(rows);
    out->dkey = taker->take(rows);
    out->dvalue = taker->take(rows);
    out->partial = taker->take(column_sums_scratch(std::max(config->D, config->Dh)));
    out->chunks = taker->take<Chunk>(table.chunks.size());
    out->first_chunk = taker->take<int>(table.first.size());
    out->squares = taker->take<double>(table.chunks.size());
    out->fired = taker->take<FiredCount>((size_t)config->L * layer_neurons(config, plan.ffn));
}

// The largest product has operands of N tokens by the layer's width and N by D, or of the rows of
// logits by V and as many by D. Weights have a copy.
static void take_bf16(Bf16Operands *out, Taker *taker, const MemoryPlan &plan, size_t N,
                      size_t logit_rows) {
    const Config *config = plan.config;
    size_t D = (size_t)config->D, V = (size_t)config->V,
           width = plan.ffn->width != NULL ? (size_t)plan.ffn->width(config) : D;
    out->floats = plan.tensors->floats;
    out->capacity = std::max(bf16_operand(N * width) + bf16_operand(N * D),
                             bf16_operand(logit_rows * V) + bf16_operand(logit_rows * D));
    out->weights = taker->take<__nv_bfloat16>(out->floats);
    out->operands = taker->take<__nv_bfloat16>(out->capacity);
}

size_t inputs_layout(BatchInputs *out, float *block, const MemoryPlan &plan) {
    Taker taker = { block, 0 };
    size_t N = (size_t)plan.B * (size_t)plan.config->T;
    out->numbers = taker.take<BatchNumbers>(1);
    out->inputs = taker.take<int32_t>(N);
    out->targets = taker.take<int32_t>(N);
    out->order = taker.take<int32_t>(N);
    out->token_start =
        taker.take<int32_t>((size_t)micro_batches(plan) * ((size_t)plan.config->V + 1));
    return taker.used;
}

size_t memory_layout(Memory *out, float *block, const MemoryPlan &plan) {
    const Config *config = plan.config;
    Taker taker = { block, 0 };
    size_t N = (size_t)plan.micro_batch * (size_t)config->T, rows = N * (size_t)config->D,
           all = (size_t)plan.B * (size_t)config->T, logit_rows = std::min(all, (size_t)LOGIT_ROWS);
    *out = Memory{};
    out->workspace = taker.take<char>(WORKSPACE_BYTES); // first, since it is aligned to 256 bytes
    out->parameters = taker.take(plan.tensors->floats);
    out->layers.resize((size_t)config->L + 1);
    for (int l = 0; l < config->L; l++) take_layer(&out->layers[l], &taker, config, plan.ffn, N);
    out->layers[config->L].residual = taker.take(rows);
    out->normed = taker.take(all * (size_t)config->D);
    out->rstd = taker.take(N);
    out->rope = taker.take((size_t)config->T * (size_t)config->Dh);
    out->sublayer_out = taker.take(rows);
    out->logits = taker.take(logit_rows * (size_t)config->V);
    out->losses = taker.take(all);
    float *inputs = taker.take(inputs_layout(&out->batch, NULL, plan));
    inputs_layout(&out->batch, inputs, plan);
    take_scratch(out, &taker, config, plan.ffn, N);
    if (plan.use == DEVICE_TRAINS) take_training(out, &taker, plan, N);
    if (plan.precision == PRECISION_BF16) {
        take_bf16(&out->bf16, &taker, plan, N, logit_rows);
        out->bf16.parameters = out->parameters;
    }
    size_t numbers = sizeof(StepNumbers) + (size_t)plan.tensors->count * sizeof(double);
    out->numbers = reinterpret_cast<StepNumbers *>(taker.take<char>(numbers));
    out->tensor_squares = reinterpret_cast<double *>(out->numbers + 1);
    return taker.used;
}

double device_bytes(MemoryPlan plan, int micro_batch) {
    Memory unused;
    plan.micro_batch = micro_batch;
    return 4.0 * (double)memory_layout(&unused, NULL, plan);
}

int rows_that_fit(const MemoryPlan &plan, int rows, double bytes) {
    while (rows > 1 && device_bytes(plan, rows) > bytes) rows = (rows + 1) / 2;
    return rows;
}
