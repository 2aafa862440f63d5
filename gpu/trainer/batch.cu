// A batch on the device: its tokens go up, its micro-batches run one after the other, its numbers
// come down. A step makes no allocation, and the host waits for it once, at its end. All between is
// one graph, unless a hook is to see it.
#include "device.cuh"
#include <algorithm>
#include <cmath>

// Sorts the tokens of each micro-batch, for embedding_backward.
static void sort_tokens(Device *d) {
    const BatchInputs *batch = &d->host_batch;
    int T = d->model.config.T, V = d->model.config.V;
    int32_t *start = batch->token_start;
    for (int row = 0; row < d->B; row += d->micro_batch, start += V + 1) {
        size_t first = (size_t)row * (size_t)T;
        int N = std::min(d->micro_batch, d->B - row) * T;
        ExpertEntries entries = { batch->inputs + first, N, 1, 0, 1, V };
        sort_by_expert(start, batch->order + first, NULL, &entries);
    }
}

static AdamwFactors factors_of(const AdamwSettings *settings, int64_t step) {
    double t = (double)(step + 1);
    AdamwFactors f = { (float)settings->clip, (float)(settings->rate / (1.0 - pow(0.9, t))),
                       (float)(1.0 / (1.0 - pow(0.999, t))), 0.0f };
    if (settings->peak > 0.0)
        f.decay = (float)(settings->rate / settings->peak * settings->weight_decay);
    return f;
}

// Copies a batch to the device, to train with `factors`. Returns how many targets are scored.
static int64_t upload_batch(Device *d, const int32_t *inputs, const int32_t *targets, int rows,
                            const AdamwFactors *factors) {
    BatchInputs *batch = &d->host_batch, unused;
    int N = rows * d->model.config.T;
    int64_t scored = count_scored(targets, N);
    memcpy(batch->inputs, inputs, (size_t)N * sizeof *inputs);
    memcpy(batch->targets, targets, (size_t)N * sizeof *targets);
    *batch->numbers = { (double)scored, scored > 0 ? 1.0f / (float)scored : 0.0f,
                        factors != NULL ? *factors : AdamwFactors{} };
    if (factors != NULL) sort_tokens(d);
    size_t bytes = inputs_layout(&unused, NULL, memory_plan(d)) * sizeof(float);
    CHECK(cudaMemcpyAsync(d->memory.batch.numbers, batch->numbers, bytes, cudaMemcpyHostToDevice,
                          d->gpu.stream));
    return scored;
}

// Waits for the stream.
static void read_numbers(Device *d, size_t bytes) {
    CHECK(cudaMemcpyAsync(d->host_numbers, d->memory.numbers, bytes, cudaMemcpyDeviceToHost,
                          d->gpu.stream));
    CHECK(cudaStreamSynchronize(d->gpu.stream));
}

static void update(Device *d) {
    const Memory *m = &d->memory;
    const Tensors *tensors = &d->model.tensors;
    CHECK(gradient_norm(m->numbers, m->tensor_squares, m->squares, m->gradient_sum, m->chunks,
                        d->chunks, m->first_chunk, tensors->count, d->gpu.stream));
    CHECK(adamw(m->parameters, m->moments, m->moments + tensors->floats, m->gradient_sum,
                m->numbers, m->chunks, d->chunks, &m->batch.numbers->factors, d->gpu.stream));
    pass_after_step(d);
    products_round_weights(&d->gpu);
}

static const Tensor *first_not_finite(const Device *d) {
    const double *squares = reinterpret_cast<const double *>(d->host_numbers + 1);
    for (int i = 0; i < d->model.tensors.count; i++) {
        if (!std::isfinite(squares[i])) return &d->model.tensors.items[i];
    }
    return NULL;
}

// The time of each phase, summed over the micro-batches. Events: the begin of each forward and
// backward pass, of the update, and its end.
static void read_seconds(const Device *d, double seconds[STEP_PHASES]) {
    int last = (int)d->events.size() - 1;
    for (int i = 0; i < last; i++) {
        float ms = 0.0f;
        CHECK(cudaEventElapsedTime(&ms, d->events[i], d->events[i + 1]));
        int phase = i + 1 == last ? STEP_UPDATE : i % 2 == 0 ? STEP_FORWARD : STEP_BACKWARD;
        seconds[phase] += 1e-3 * ms;
    }
}

static void record(const Device *d, int event, unsigned flags) {
    CHECK(cudaEventRecordWithFlags(d->events[event], d->gpu.stream, flags));
}

// flags: how events are recorded.
static void launch_step(Device *d, unsigned flags) {
    int event = 0;
    pass_begin(d, d->B);
    d->counts_usage = true;
    for (int row = 0; row < d->B; row += d->micro_batch) {
        record(d, event++, flags);
        pass_forward(d, row, std::min(d->micro_batch, d->B - row));
        record(d, event++, flags);
        pass_losses(d, true);
        pass_backward(d);
    }
    d->counts_usage = false;
    record(d, event++, flags);
    pass_mean_loss(d);
    update(d);
    record(d, event, flags);
}

// [graph
static void capture_step(Device *d) {
    cudaStream_t stream = d->gpu.stream;
    cudaGraph_t graph;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    launch_step(d, cudaEventRecordExternal);
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&d->graph, graph, 0));
    CHECK(cudaGraphDestroy(graph));
}

// The first step is launched kernel by kernel, so that all of them are loaded before a capture.
static void run_step(Device *d) {
    bool observed = d->hooks.count > 0 || d->hooks.key_scores != NULL;
    if (observed || d->steps == 0) {
        launch_step(d, cudaEventRecordDefault);
    } else {
        if (d->graph == NULL) capture_step(d);
        CHECK(cudaGraphLaunch(d->graph, d->gpu.stream));
    }
    d->steps++;
}
// graph]

bool device_step(Device *d, StepResult *out, const int32_t *inputs, const int32_t *targets,
                 const AdamwSettings *settings, int64_t step) {
    AdamwFactors factors = factors_of(settings, step);
    int64_t scored = upload_batch(d, inputs, targets, d->B, &factors);
    run_step(d);
    read_numbers(d, numbers_bytes(d));

    *out = StepResult{};
    out->loss = d->host_numbers->loss;
    out->balance_loss = d->host_numbers->balance_loss;
    out->gradient_norm = d->host_numbers->gradient_norm;
    out->tokens = scored;
    out->not_finite = first_not_finite(d);
    read_seconds(d, out->seconds);
    return d->host_numbers->finite != 0;
}

double device_loss(Device *d, int64_t *scored, const int32_t *inputs, const int32_t *targets,
                   int rows) {
    *scored = upload_batch(d, inputs, targets, rows, NULL);
    pass_begin(d, rows);
    for (int row = 0; row < rows; row += d->micro_batch) {
        pass_forward(d, row, std::min(d->micro_batch, rows - row));
        pass_losses(d, false);
    }
    pass_mean_loss(d);
    read_numbers(d, sizeof *d->host_numbers);
    return d->host_numbers->loss;
}
