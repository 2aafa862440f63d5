// A batch on the device: its tokens go up, its micro-batches run one after the other, its numbers
// come down. A step makes no allocation, and the host waits for it once, at its end.
#include "device.cuh"
#include <algorithm>
#include <cmath>

// Sorts the tokens of each micro-batch, for embedding_backward.
static void sort_tokens(Device *d) {
    const BatchTokens *tokens = &d->host_tokens;
    int T = d->model.config.T, V = d->model.config.V;
    int32_t *start = tokens->token_start;
    for (int row = 0; row < d->B; row += d->micro_batch, start += V + 1) {
        size_t first = (size_t)row * (size_t)T;
        int N = std::min(d->micro_batch, d->B - row) * T;
        ExpertEntries entries = { tokens->inputs + first, N, 1, 0, 1, V };
        sort_by_expert(start, tokens->order + first, NULL, &entries);
    }
}

// Copies the tokens of a batch to the device, to train sorted too.
static void upload_tokens(Device *d, const int32_t *inputs, const int32_t *targets, int rows,
                          bool sorted) {
    BatchTokens unused;
    size_t bytes = (size_t)rows * (size_t)d->model.config.T * sizeof(int32_t);
    memcpy(d->host_tokens.inputs, inputs, bytes);
    memcpy(d->host_tokens.targets, targets, bytes);
    if (sorted) sort_tokens(d);
    size_t all = tokens_layout(&unused, NULL, memory_plan(d)) * sizeof(int32_t);
    CHECK(cudaMemcpyAsync(d->memory.tokens.inputs, d->host_block, all, cudaMemcpyHostToDevice,
                          d->gpu.stream));
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
    CHECK(gradient_norm(m->numbers, m->tensor_squares, m->squares, m->gradient_sum, m->chunks,
                        chunks, m->first_chunk, tensors->count, d->gpu.stream));
    CHECK(adamw(m->parameters, m->moments, m->moments + tensors->floats, m->gradient_sum,
                m->numbers, m->chunks, chunks, factors_of(settings, step), d->gpu.stream));
    pass_after_step(d);
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

static void record(const Device *d, int event) {
    CHECK(cudaEventRecord(d->events[event], d->gpu.stream));
}

static void run_step(Device *d, int64_t scored, const AdamwSettings *settings, int64_t step) {
    int event = 0;
    pass_begin(d, d->B);
    d->counts_usage = true;
    for (int row = 0; row < d->B; row += d->micro_batch) {
        record(d, event++);
        pass_forward(d, row, std::min(d->micro_batch, d->B - row));
        record(d, event++);
        pass_losses(d, scored, true);
        pass_backward(d);
    }
    d->counts_usage = false;
    record(d, event++);
    pass_mean_loss(d, scored);
    update(d, settings, step);
    record(d, event);
}

bool device_step(Device *d, StepResult *out, const int32_t *inputs, const int32_t *targets,
                 const AdamwSettings *settings, int64_t step) {
    int64_t scored = count_scored(targets, d->B * d->model.config.T);
    upload_tokens(d, inputs, targets, d->B, true);
    run_step(d, scored, settings, step);
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
    *scored = count_scored(targets, rows * d->model.config.T);
    upload_tokens(d, inputs, targets, rows, false);
    pass_begin(d, rows);
    for (int row = 0; row < rows; row += d->micro_batch) {
        pass_forward(d, row, std::min(d->micro_batch, rows - row));
        pass_losses(d, *scored, false);
    }
    pass_mean_loss(d, *scored);
    read_numbers(d, sizeof *d->host_numbers);
    return d->host_numbers->loss;
}
