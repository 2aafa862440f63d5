// The backend of a GPU, or of the emulator (reference/train/backend.h), with the kernels of the
// lessons: opening and closing, and what a device is asked for between steps.
#include "backend.h"
#include "device.cuh"
#include "gating.cuh"
#include <algorithm>
#include <cmath>
extern "C" {
#include "reference/io/progress.h"
}

// The host's copies: parameters, moments and tokens.
static double gpu_bytes(const Config *config, int B) {
    Tensors tensors = {};
    std::vector<int> layers((size_t)config->L);
    bool declared = layout_declare(&tensors, layers.data(), config);
    double floats = declared ? 3.0 * (double)tensors.floats : INFINITY;
    tensors_free(&tensors);
    return 4.0 * (floats + 5.0 * B * config->T);
}

// ---- open and close

static void gpu_close(Device *d) {
    if (d == NULL) return;
    size_t floats = d->model.tensors.floats;
    if (d->graph != NULL) cudaGraphExecDestroy(d->graph);
    products_close(&d->gpu);
    for (cudaEvent_t event : d->events) cudaEventDestroy(event);
    if (d->gpu.stream != NULL) cudaStreamDestroy(d->gpu.stream);
    cudaFree(d->block);
    cudaFreeHost(d->host_block);
    cudaFreeHost(d->host_numbers);
    for (int l = 0; d->gatings != NULL && l < d->model.config.L; l++)
        gating_host_free(&d->gatings[l]);
    free(d->gatings);
    floats_free(d->moments, 2 * floats);
    floats_free(d->host_gradients, floats);
    if (d->owns_model) model_free(&d->model);
    delete d;
}

static bool find_gpu(Error *error) {
    int count = 0, driver = 0, runtime = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess && count > 0) return true;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    return fail(error,
                "no GPU: %s (driver for CUDA %d.%d, program built with CUDA %d.%d); --device cpu "
                "needs none",
                status == cudaSuccess ? "there is no device" : cudaGetErrorString(status),
                driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
}

static bool fail_memory(const Device *d, double available, double total, Error *error) {
    const Config *config = &d->model.config;
    MemoryPlan plan = memory_plan(d);
    int fits = rows_that_fit(plan, d->micro_batch, available);
    char advice[120] = "a smaller model needs less, or a smaller T";
    if (mixes_batch_rows(ffn_causality(config))) {
        snprintf(advice, sizeof advice, "this routing needs all rows at once: reduce B");
    } else if (device_bytes(plan, fits) <= available) {
        snprintf(advice, sizeof advice, "%d at a time fit (micro_batch=%d)", fits, fits);
    }
    return fail(error,
                "out of GPU memory: B=%d, %d rows at a time take %s, and %s of %s are free; "
                "%s",
                d->B, d->micro_batch,
                short_bytes((uint64_t)device_bytes(plan, d->micro_batch)).text,
                short_bytes((uint64_t)available).text, short_bytes((uint64_t)total).text, advice);
}

// What is not taken of the free memory: cuBLAS and kernels that are loaded later need some.
static const double RESERVED = 256.0 * 1024 * 1024;

// How many rows at a time; 0: as many as fit.
static bool divide_batch(Device *d, int micro_batch, double available, Error *error) {
    bool whole = mixes_batch_rows(ffn_causality(&d->model.config));
    if (whole && micro_batch > 0 && micro_batch < d->B)
        return fail(error,
                    "micro_batch=%d: this routing selects among all B=%d rows of a batch, "
                    "which cannot be divided",
                    micro_batch, d->B);
    d->micro_batch = micro_batch > 0 ? std::min(micro_batch, d->B) : d->B;
    if (!whole && micro_batch == 0)
        d->micro_batch = rows_that_fit(memory_plan(d), d->B, available - RESERVED);
    return true;
}

static bool take_block(Device *d, int micro_batch, Error *error) {
    size_t available = 0, total = 0;
    CHECK(cudaMemGetInfo(&available, &total));
    if (!divide_batch(d, micro_batch, (double)available, error)) return false;
    MemoryPlan plan = memory_plan(d);
    d->block_bytes = memory_layout(&d->memory, NULL, plan) * sizeof(float);
    if (cudaMalloc(&d->block, d->block_bytes) == cudaSuccess) {
        memory_layout(&d->memory, d->block, plan);
        d->gpu.bf16 = d->memory.bf16;
        return true;
    }
    cudaGetLastError();
    return fail_memory(d, (double)available, (double)total, error);
}

static void gpu_describe(const Device *d, char out[DEVICE_TEXT]) {
    int count = micro_batches(memory_plan(d));
    snprintf(out, DEVICE_TEXT, "memory %s for %d rows at a time, %d micro-batch%s per step",
             short_bytes(d->block_bytes).text, d->micro_batch, count, count > 1 ? "es" : "");
}

static bool take_host_memory(Device *d, Error *error) {
    const Config *config = &d->model.config;
    MemoryPlan plan = memory_plan(d);
    size_t floats = d->model.tensors.floats;
    size_t inputs = inputs_layout(&d->host_batch, NULL, plan);
    bool trains = d->use == DEVICE_TRAINS;
    if (trains && d->moments == NULL) d->moments = floats_new(2 * floats);
    bool taken = (!trains || d->moments != NULL) &&
                 cudaMallocHost(&d->host_block, inputs * sizeof(float)) == cudaSuccess &&
                 cudaMallocHost(&d->host_numbers, numbers_bytes(d)) == cudaSuccess;
    if (taken) inputs_layout(&d->host_batch, d->host_block, plan);
    d->gatings = (Gating *)calloc((size_t)config->L, sizeof *d->gatings);
    taken = taken && d->gatings != NULL;
    for (int l = 0; taken && d->ffn->gating != NULL && l < config->L; l++) {
        Gating shape = d->ffn->gating(config, NULL, d->micro_batch * config->T);
        taken = gating_host_new(&d->gatings[l], &shape);
    }
    return taken || fail(error, "out of memory for the copies of parameters, moments and tokens");
}

static void upload(Device *d) {
    const Memory *m = &d->memory;
    const Config *config = &d->model.config;
    size_t floats = d->model.tensors.floats, angles = (size_t)config->T * (size_t)config->Dh;
    std::vector<float> rope(angles);
    for (int t = 0; t < config->T; t++)
        rope_row(rope.data() + (size_t)t * config->Dh, t, config->Dh);
    CHECK(cudaMemcpy(m->rope, rope.data(), angles * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(m->parameters, d->model.parameters, floats * sizeof(float),
                     cudaMemcpyHostToDevice));
    products_round_weights(&d->gpu);
    if (d->use != DEVICE_TRAINS) return;
    ChunkTable table = chunk_table(&d->model.tensors);
    d->chunks = (int)table.chunks.size();
    CHECK(cudaMemcpy(m->moments, d->moments, 2 * floats * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(m->chunks, table.chunks.data(), table.chunks.size() * sizeof(Chunk),
                     cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(m->first_chunk, table.first.data(), table.first.size() * sizeof(int),
                     cudaMemcpyHostToDevice));
    size_t neurons = (size_t)config->L * layer_neurons(config, d->ffn);
    CHECK(cudaMemset(m->fired, 0, neurons * sizeof(FiredCount)));
}

static bool valid(const Config *config, int B, Error *error) {
    if (!model_countable(config, B, config->T, error)) return false;
    enum { MAX_DH = 128 }; // of the kernels of attention
    if (config->Dh <= MAX_DH) return true;
    return fail(error, "Dh=%d: heads on this device have at most %d; use --set Dh=%d", config->Dh,
                (int)MAX_DH, (int)MAX_DH);
}

static bool has_precision(Precision precision, Error *error) {
    return precision == PRECISION_FP32 || has_bf16_tensor_cores() ||
           fail(error, "--precision bf16 needs tensor cores for bf16, which GPUs have since Ampere "
                       "(compute capability 8.0); use --precision fp32");
}

Device *device_open(const Model *model, bool owns_model, float *moments, int B, int micro_batch,
                    DeviceUse use, Precision precision, Error *error) {
    Device *d = new Device();
    d->model = *model;
    d->owns_model = owns_model;
    d->moments = moments;
    d->B = B;
    d->use = use;
    d->precision = precision;
    d->ffn = device_ffn(&d->model.config, error);
    bool ok = d->ffn != NULL && valid(&d->model.config, B, error) && find_gpu(error) &&
              has_precision(precision, error);
    if (ok) {
        CHECK(cudaStreamCreate(&d->gpu.stream));
        products_open(&d->gpu);
        ok = take_block(d, micro_batch, error) && take_host_memory(d, error);
    }
    if (!ok) {
        gpu_close(d);
        return NULL;
    }
    d->events.resize(2 * (size_t)micro_batches(memory_plan(d)) + 2);
    products_workspace(&d->gpu, d->memory.workspace, WORKSPACE_BYTES);
    for (cudaEvent_t &event : d->events) CHECK(cudaEventCreate(&event));
    upload(d);
    return d;
}

template <Precision PRECISION>
static Device *gpu_open(Model *model, float *moments, int B, int micro_batch, DeviceUse use,
                        Error *error) {
    Model taken = *model;
    *model = Model{};
    return device_open(&taken, true, moments, B, micro_batch, use, PRECISION, error);
}

template <Precision PRECISION>
static bool gpu_reader(Reader *out, const Model *model, int T, ReaderUse, Error *error) {
    return device_reader(out, model, T, PRECISION, error); // each pass can do either use
}

// ---- what a device is asked for

static void gpu_logits(Device *d, float *out, int first, int rows) {
    size_t V = (size_t)d->model.config.V;
    for (int done = 0; done < rows; done += LOGIT_ROWS) {
        int count = std::min(rows - done, (int)LOGIT_ROWS);
        pass_logits(d, first + done, count);
        CHECK(cudaMemcpyAsync(out + (size_t)done * V, d->memory.logits,
                              (size_t)count * V * sizeof(float), cudaMemcpyDeviceToHost,
                              d->gpu.stream));
        CHECK(cudaStreamSynchronize(d->gpu.stream));
    }
}

static void gpu_usage(Device *d, uint64_t *fired) {
    size_t count = (size_t)d->model.config.L * layer_neurons(&d->model.config, d->ffn);
    std::vector<FiredCount> counted(count);
    if (count == 0) return;
    CHECK(cudaMemcpy(counted.data(), d->memory.fired, count * sizeof(FiredCount),
                     cudaMemcpyDeviceToHost));
    for (size_t i = 0; i < count; i++) fired[i] += counted[i];
    CHECK(cudaMemset(d->memory.fired, 0, count * sizeof(FiredCount)));
}

static const float *gpu_gradients(Device *d, Error *error) {
    size_t floats = d->model.tensors.floats;
    if (d->host_gradients == NULL) d->host_gradients = floats_new(floats);
    if (d->host_gradients == NULL) {
        fail(error, "out of memory for a copy of the gradients");
        return NULL;
    }
    CHECK(cudaMemcpy(d->host_gradients, d->memory.gradient_sum, floats * sizeof(float),
                     cudaMemcpyDeviceToHost));
    return d->host_gradients;
}

static void gpu_hooks(Device *d, const HookList *hooks) {
    d->hooks = hooks != NULL ? *hooks : HookList{};
}

static const Model *gpu_read(Device *d, const float **moments, Error *error) {
    (void)error;
    size_t bytes = d->model.tensors.floats * sizeof(float);
    CHECK(cudaMemcpy(d->model.parameters, d->memory.parameters, bytes, cudaMemcpyDeviceToHost));
    if (moments != NULL) {
        CHECK(cudaMemcpy(d->moments, d->memory.moments, 2 * bytes, cudaMemcpyDeviceToHost));
        *moments = d->moments;
    }
    return &d->model;
}

template <Precision PRECISION> static constexpr Backend backend_in(const Backend *bf16) {
    return { gpu_device_name,       gpu_bytes,  gpu_open<PRECISION>,
             gpu_describe,          gpu_close,  device_step,
             device_loss,           gpu_logits, gpu_usage,
             gpu_gradients,         gpu_hooks,  gpu_read,
             gpu_reader<PRECISION>, PRECISION,  bf16 };
}
static const Backend bf16_backend = backend_in<PRECISION_BF16>(NULL);
const Backend gpu_backend = backend_in<PRECISION_FP32>(&bf16_backend);
