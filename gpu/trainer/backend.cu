// The backend of a GPU, or of the emulator: reference/train/backend.h with the kernels of the
// lessons. A step makes no allocation, and the host waits for it once, at its end.
#include "backend.h"
#include "device.cuh"
#include "gating.cuh"
#include <algorithm>
#include <cmath>

static size_t numbers_bytes(const Tensors *tensors) {
    return sizeof(StepNumbers) + (size_t)tensors->count * sizeof(double);
}

static double gpu_bytes(const Config *config, int B) {
    const DeviceFfn *ffn = device_ffn(config, NULL);
    if (ffn == NULL) return 0.0; // open refuses it
    Tensors tensors = {};
    Memory unused;
    std::vector<int> layers((size_t)config->L);
    bool declared = layout_declare(&tensors, layers.data(), config);
    size_t floats = memory_layout(&unused, NULL, config, ffn, &tensors, B, DEVICE_TRAINS);
    tensors_free(&tensors);
    return declared ? 4.0 * (double)floats : INFINITY;
}

// ---- open and close

static void gpu_close(Device *d) {
    if (d == NULL) return;
    size_t floats = d->model.tensors.floats;
    products_close(&d->gpu);
    for (cudaEvent_t event : d->events) {
        if (event != NULL) cudaEventDestroy(event);
    }
    if (d->gpu.stream != NULL) cudaStreamDestroy(d->gpu.stream);
    cudaFree(d->block);
    cudaFreeHost(d->host_inputs);
    cudaFreeHost(d->host_numbers);
    for (int l = 0; d->gatings != NULL && l < d->model.config.L; l++)
        gating_host_free(&d->gatings[l]);
    free(d->gatings);
    floats_free(d->moments, 2 * floats);
    floats_free(d->host_gradients, floats);
    model_free(&d->model);
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

// The largest number of rows that training needs no more memory for; 0: none.
static int rows_that_fit(const Config *config, int B, size_t bytes) {
    while (B > 0 && gpu_bytes(config, B) > (double)bytes) B--;
    return B;
}

static bool take_block(Device *d, Error *error) {
    const Config *config = &d->model.config;
    size_t available = 0, total = 0,
           floats =
               memory_layout(&d->memory, NULL, config, d->ffn, &d->model.tensors, d->B, d->use);
    if (cudaMalloc(&d->block, floats * sizeof(float)) == cudaSuccess) {
        memory_layout(&d->memory, d->block, config, d->ffn, &d->model.tensors, d->B, d->use);
        return true;
    }
    cudaGetLastError();
    cudaMemGetInfo(&available, &total);
    return fail(error,
                "out of GPU memory: B=%d rows take %.0f MB, and %.0f of %.0f MB are available; "
                "B=%d fits",
                d->B, 4e-6 * (double)floats, 1e-6 * (double)available, 1e-6 * (double)total,
                rows_that_fit(config, d->B, available));
}

static bool take_host_memory(Device *d, Error *error) {
    const Config *config = &d->model.config;
    size_t N = (size_t)d->B * (size_t)config->T, floats = d->model.tensors.floats;
    size_t tokens = 3 * N + (size_t)config->V + 1;
    bool trains = d->use == DEVICE_TRAINS;
    if (trains && d->moments == NULL) d->moments = floats_new(2 * floats);
    bool taken = (!trains || d->moments != NULL) &&
                 cudaMallocHost(&d->host_inputs, tokens * sizeof(int32_t)) == cudaSuccess &&
                 cudaMallocHost(&d->host_numbers, numbers_bytes(&d->model.tensors)) == cudaSuccess;
    d->gatings = (Gating *)calloc((size_t)config->L, sizeof *d->gatings);
    taken = taken && d->gatings != NULL;
    for (int l = 0; taken && d->ffn->gating != NULL && l < config->L; l++) {
        Gating shape = d->ffn->gating(config, NULL, (int)N);
        taken = gating_host_new(&d->gatings[l], &shape);
    }
    return taken || fail(error, "out of memory for the copies of parameters, moments and tokens");
}

static void upload(const Device *d) {
    const Memory *m = &d->memory;
    const Config *config = &d->model.config;
    size_t floats = d->model.tensors.floats, angles = (size_t)config->T * (size_t)config->Dh;
    std::vector<float> rope(angles);
    for (int t = 0; t < config->T; t++)
        rope_row(rope.data() + (size_t)t * config->Dh, t, config->Dh);
    CHECK(cudaMemcpy(m->rope, rope.data(), angles * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(m->parameters, d->model.parameters, floats * sizeof(float),
                     cudaMemcpyHostToDevice));
    if (d->use != DEVICE_TRAINS) return;
    ChunkTable table = chunk_table(&d->model.tensors);
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

static Device *gpu_open(Model *model, float *moments, int B, DeviceUse use, Error *error) {
    Device *d = new Device();
    d->model = *model;
    d->moments = moments;
    d->B = B;
    d->use = use;
    d->ffn = device_ffn(&d->model.config, error);
    *model = Model{};
    if (d->ffn == NULL || !valid(&d->model.config, B, error) || !find_gpu(error) ||
        !take_block(d, error) || !take_host_memory(d, error)) {
        gpu_close(d);
        return NULL;
    }
    CHECK(cudaStreamCreate(&d->gpu.stream));
    products_open(&d->gpu);
    for (cudaEvent_t &event : d->events) CHECK(cudaEventCreate(&event));
    upload(d);
    return d;
}

// ---- passes

// Copies the tokens of a pass to the device, with the order for embedding_backward when training.
static void upload_tokens(Device *d, const int32_t *inputs, const int32_t *targets, int rows,
                          bool sorted) {
    const Memory *m = &d->memory;
    size_t V = (size_t)d->model.config.V, N = (size_t)rows * (size_t)d->model.config.T,
           bytes = N * sizeof(int32_t);
    int32_t *host_targets = d->host_inputs + N, *start = host_targets + N, *order = start + V + 1;
    cudaStream_t stream = d->gpu.stream;
    memcpy(d->host_inputs, inputs, bytes);
    memcpy(host_targets, targets, bytes);
    CHECK(cudaMemcpyAsync(m->inputs, d->host_inputs, bytes, cudaMemcpyHostToDevice, stream));
    CHECK(cudaMemcpyAsync(m->targets, host_targets, bytes, cudaMemcpyHostToDevice, stream));
    if (!sorted) return;
    ExpertEntries entries = { inputs, (int)N, 1, 0, 1, (int)V };
    sort_by_expert(start, order, NULL, &entries);
    CHECK(cudaMemcpyAsync(m->token_start, start, (V + 1) * sizeof(int32_t), cudaMemcpyHostToDevice,
                          stream));
    CHECK(cudaMemcpyAsync(m->order, order, bytes, cudaMemcpyHostToDevice, stream));
}

// Waits for the stream.
static void read_numbers(Device *d, size_t bytes) {
    CHECK(cudaMemcpyAsync(d->host_numbers, d->memory.numbers, bytes, cudaMemcpyDeviceToHost,
                          d->gpu.stream));
    CHECK(cudaStreamSynchronize(d->gpu.stream));
}

static AdamwFactors factors_of(const AdamwSettings *settings, int64_t step) {
    double t = (double)(step + 1);
    AdamwFactors f = { settings->clip, (float)(settings->rate / (1.0 - pow(0.9, t))),
                       (float)(1.0 / (1.0 - pow(0.999, t))), 0.0f };
    if (settings->peak > 0.0)
        f.decay = (float)(settings->rate / settings->peak * settings->weight_decay);
    return f;
}

static void update(Device *d, const AdamwSettings *settings, int64_t step) {
    const Memory *m = &d->memory;
    const Tensors *tensors = &d->model.tensors;
    int chunks = (int)chunk_table(tensors).chunks.size();
    CHECK(gradient_norm(m->numbers, m->tensor_squares, m->squares, m->gradients, m->chunks, chunks,
                        m->first_chunk, tensors->count, d->gpu.stream));
    CHECK(adamw(m->parameters, m->moments, m->moments + tensors->floats, m->gradients, m->numbers,
                m->chunks, chunks, factors_of(settings, step), d->gpu.stream));
    pass_after_step(d);
}

static const Tensor *first_not_finite(const Device *d) {
    const double *squares = reinterpret_cast<const double *>(d->host_numbers + 1);
    for (int i = 0; i < d->model.tensors.count; i++) {
        if (!std::isfinite(squares[i])) return &d->model.tensors.items[i];
    }
    return NULL;
}

static bool gpu_step(Device *d, StepResult *out, const int32_t *inputs, const int32_t *targets,
                     const AdamwSettings *settings, int64_t step) {
    int64_t scored = count_scored(targets, d->B * d->model.config.T);
    upload_tokens(d, inputs, targets, d->B, true);
    CHECK(cudaEventRecord(d->events[STEP_FORWARD], d->gpu.stream));
    d->counts_usage = true;
    pass_forward(d, d->B);
    d->counts_usage = false;
    CHECK(cudaEventRecord(d->events[STEP_BACKWARD], d->gpu.stream));
    pass_loss(d, scored, true);
    pass_backward(d);
    CHECK(cudaEventRecord(d->events[STEP_UPDATE], d->gpu.stream));
    update(d, settings, step);
    CHECK(cudaEventRecord(d->events[STEP_PHASES], d->gpu.stream));
    read_numbers(d, numbers_bytes(&d->model.tensors));

    *out = StepResult{};
    out->loss = d->host_numbers->loss;
    out->balance_loss = d->host_numbers->balance_loss;
    out->gradient_norm = d->host_numbers->gradient_norm;
    out->tokens = scored;
    out->not_finite = first_not_finite(d);
    for (int i = 0; i < STEP_PHASES; i++) {
        float ms = 0.0f;
        CHECK(cudaEventElapsedTime(&ms, d->events[i], d->events[i + 1]));
        out->seconds[i] = 1e-3 * ms;
    }
    return d->host_numbers->finite != 0;
}

static double gpu_loss(Device *d, int64_t *scored, const int32_t *inputs, const int32_t *targets,
                       int rows) {
    *scored = count_scored(targets, rows * d->model.config.T);
    upload_tokens(d, inputs, targets, rows, false);
    pass_forward(d, rows);
    pass_loss(d, *scored, false);
    read_numbers(d, sizeof *d->host_numbers);
    return d->host_numbers->loss;
}

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
    CHECK(cudaMemcpy(d->host_gradients, d->memory.gradients, floats * sizeof(float),
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

const Backend gpu_backend = { gpu_device_name, gpu_bytes, gpu_open,   gpu_close,
                              gpu_step,        gpu_loss,  gpu_logits, gpu_usage,
                              gpu_gradients,   gpu_hooks, gpu_read };
