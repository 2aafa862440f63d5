// The passes of the model, kernel by kernel. Oracle: reference/model/model.c
#include "device.cuh"
#include "gpu/07_language_model/attention_2_tiled.cuh"
#include "gpu/07_language_model/attention_backward.cuh"
#include "gpu/07_language_model/embedding.cuh"
#include "gpu/07_language_model/loss.cuh"
#include "gpu/07_language_model/rmsnorm.cuh"
#include "gpu/07_language_model/rope.cuh"
#include <algorithm>

static float *gradient(const Device *d, int layer, LayerTensor which) {
    return d->memory.gradients + model_layer(&d->model, layer)[which].offset;
}
static const float *embedding_of(const Device *d) {
    return d->memory.parameters + d->model.tensors.items[EMBEDDING].offset;
}

// out = residual + sublayer_out, count each
static __global__ void add_kernel(float *out, const float *residual, const float *sublayer_out,
                                  size_t count) {
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) out[i] = residual[i] + sublayer_out[i];
}

static void add_to_residual(const Device *d, float *out, const float *residual) {
    size_t count = (size_t)d->rows * d->tokens * d->model.config.D;
    LAUNCH(add_kernel, blocks_of(count), BLOCK_THREADS, 0, d->gpu.stream, out, residual,
           d->memory.sublayer_out, count);
    CHECK(launch_error());
}

// Of the micro-batch in the batch.
static size_t first_token(const Device *d) {
    return (size_t)d->first_row * (size_t)d->model.config.T;
}

static AttentionShape shape_of(const Device *d) {
    const Config *config = &d->model.config;
    return { d->rows, d->tokens, config_heads(config), config->Dh };
}

// One of queries and keys: normed and rotated, times factor.
static void prepare(const Device *d, float *out, float *rstd, const float *x, const float *norm,
                    float factor) {
    AttentionShape s = shape_of(d);
    CHECK(rmsnorm_forward(out, rstd, x, norm, s.B * s.T * s.H, s.Dh, d->gpu.stream));
    CHECK(rope_apply(out, d->memory.rope, 1.0f, factor, s.B, s.T, s.H, s.Dh, d->gpu.stream));
}

static float query_factor(const Device *d) { return 1.0f / sqrtf((float)d->model.config.Dh); }

static void prepare_both(const Device *d, int l) {
    const AttentionScratch *a = &d->memory.attention;
    const LayerSaved *saved = &d->memory.layers[l];
    prepare(d, a->q, a->q_rstd, saved->query, weight(d, l, ATTENTION_QUERY_NORM), query_factor(d));
    prepare(d, a->k, a->k_rstd, saved->key, weight(d, l, ATTENTION_KEY_NORM), 1.0f);
}

static LayerCall layer_call(Device *d, int l) {
    LayerCall call = {};
    call.config = &d->model.config;
    call.tensors = model_layer(&d->model, l) + LAYER_FFN;
    call.parameters = d->memory.parameters;
    call.gradients = d->memory.gradients;
    call.B = d->rows;
    call.T = d->tokens;
    call.tokens = d->host_batch.inputs + first_token(d);
    call.x = d->memory.layers[l].ffn_normed;
    call.y = d->memory.sublayer_out;
    call.dy = d->memory.dresidual;
    call.dx = d->memory.dnormed;
    call.saved = d->memory.layers[l].ffn;
    call.scratch = d->memory.ffn_scratch;
    call.layer = l;
    call.hooks = &d->hooks;
    call.gpu = &d->gpu;
    call.device_tokens = d->memory.batch.inputs + first_token(d);
    call.numbers = d->memory.numbers;
    call.host = &d->gatings[l];
    call.is_first = d->first_row == 0;
    call.share = (float)d->rows / (float)d->batch_rows;
    return call;
}

static void count_usage(const Device *d, int l) {
    const Config *config = &d->model.config;
    if (d->ffn->gating == NULL) return;
    Gating gating = d->ffn->gating(config, d->memory.layers[l].ffn, d->rows * config->T);
    device_usage_count(&d->gpu, d->memory.fired + (size_t)l * layer_neurons(config, d->ffn),
                       &gating, ffn_pools(config));
}

// From saved->normed to saved->attended.
typedef void Attention(Device *d, int l);

// [layer
static void attention_forward(Device *d, int l) {
    const Memory *m = &d->memory;
    const LayerSaved *saved = &m->layers[l];
    const Gpu *gpu = &d->gpu;
    int N = d->rows * d->tokens, D = d->model.config.D;
    linear_forward(gpu, saved->query, saved->normed, weight(d, l, ATTENTION_QUERY), N, D, D);
    linear_forward(gpu, saved->key, saved->normed, weight(d, l, ATTENTION_KEY), N, D, D);
    linear_forward(gpu, saved->value, saved->normed, weight(d, l, ATTENTION_VALUE), N, D, D);
    prepare_both(d, l);
    CHECK(attention_tiled(saved->attended, saved->log_sum, m->attention.q, m->attention.k,
                          saved->value, shape_of(d), gpu->stream));
}

static void layer_forward(Device *d, int l, Attention *attention) {
    const Memory *m = &d->memory;
    const LayerSaved *saved = &m->layers[l];
    const Gpu *gpu = &d->gpu;
    int N = d->rows * d->tokens, D = d->model.config.D;
    CHECK(rmsnorm_forward(saved->normed, saved->rstd, saved->residual, weight(d, l, ATTENTION_NORM),
                          N, D, gpu->stream));
    attention(d, l);
    linear_forward(gpu, m->sublayer_out, saved->attended, weight(d, l, ATTENTION_OUTPUT), N, D, D);
    add_to_residual(d, saved->residual_mid, saved->residual);

    CHECK(rmsnorm_forward(saved->ffn_normed, saved->ffn_rstd, saved->residual_mid,
                          weight(d, l, FFN_NORM), N, D, gpu->stream));
    LayerCall call = layer_call(d, l);
    d->ffn->forward(&call);
    add_to_residual(d, m->layers[l + 1].residual, saved->residual_mid);
}
// layer]

void pass_begin(Device *d, int batch_rows) {
    d->batch_rows = batch_rows;
    CHECK(cudaMemsetAsync(d->memory.numbers, 0, sizeof *d->memory.numbers, d->gpu.stream));
}

static void forward(Device *d, Attention *attention) {
    const Memory *m = &d->memory;
    int L = d->model.config.L, D = d->model.config.D, N = d->rows * d->tokens;
    CHECK(embedding_forward(m->layers[0].residual, embedding_of(d),
                            m->batch.inputs + first_token(d), N, D, d->gpu.stream));
    for (int l = 0; l < L; l++) {
        layer_forward(d, l, attention);
        if (d->counts_usage) count_usage(d, l);
    }
    const Tensor *norm = layout_output_norm(&d->model.tensors);
    CHECK(rmsnorm_forward(m->normed + first_token(d) * D, m->rstd, m->layers[L].residual,
                          m->parameters + norm->offset, N, D, d->gpu.stream));
}

void pass_forward(Device *d, int first_row, int rows) {
    d->first_row = first_row;
    d->rows = rows;
    d->tokens = d->model.config.T;
    forward(d, attention_forward);
}

void pass_read(Device *d, int tokens, int cached) {
    pass_begin(d, 1);
    d->first_row = 0;
    d->rows = 1;
    d->tokens = tokens;
    d->cached = cached;
    forward(d, attention_cached);
}

void pass_logits(Device *d, int first, int rows) {
    int D = d->model.config.D, V = d->model.config.V;
    product(&d->gpu, d->memory.logits, V, matrix(d->memory.normed + (size_t)first * D, rows, D),
            transpose(matrix(embedding_of(d), V, D)), 1.0f, false);
}

// [loss
void pass_losses(Device *d, bool gradient) {
    const Memory *m = &d->memory;
    int N = d->rows * d->model.config.T, D = d->model.config.D, V = d->model.config.V;
    const float *scale = &m->batch.numbers->scale;
    Matrix embedding = matrix(embedding_of(d), V, D);
    for (int t0 = 0; t0 < N; t0 += LOGIT_ROWS) {
        int rows = std::min(N - t0, (int)LOGIT_ROWS);
        size_t first = first_token(d) + (size_t)t0;
        pass_logits(d, (int)first, rows);
        CHECK((gradient ? cross_entropy<true> : cross_entropy<false>)(m->losses + first, m->logits,
                                                                      m->batch.targets + first,
                                                                      scale, rows, V, TOKEN_PAD,
                                                                      d->gpu.stream));
        if (!gradient) continue;
        Matrix dlogits = matrix(m->logits, rows, V);
        product(&d->gpu, m->dnormed + (size_t)t0 * D, D, dlogits, embedding, 1.0f, false);
        product(&d->gpu, m->gradients + d->model.tensors.items[EMBEDDING].offset, D,
                transpose(dlogits), matrix(m->normed + first * D, rows, D), 1.0f, t0 > 0);
    }
}
// loss]

void pass_mean_loss(Device *d) {
    const Memory *m = &d->memory;
    int N = d->batch_rows * d->model.config.T;
    CHECK(mean_loss(&m->numbers->loss, m->losses, N, &m->batch.numbers->scored, d->gpu.stream));
}

// Backward of prepare: dx [N,D] and dnorm [Dh] from d, the gradient of its output, which is
// overwritten.
static void prepare_backward(const Device *d, float *dx, float *dnorm, float *dout, const float *x,
                             const float *rstd, const float *norm, float factor) {
    AttentionShape s = shape_of(d);
    CHECK(rope_apply(dout, d->memory.rope, -1.0f, factor, s.B, s.T, s.H, s.Dh, d->gpu.stream));
    CHECK(rmsnorm_backward<false>(dx, dnorm, dout, x, rstd, norm, s.B * s.T * s.H, s.Dh,
                                  d->memory.partial, d->gpu.stream));
}

static void attention_backward(Device *d, int l) {
    const Memory *m = &d->memory;
    const AttentionScratch *a = &m->attention;
    const LayerSaved *saved = &m->layers[l];
    prepare_both(d, l);
    AttentionBackward call = { a->dq,           a->dk, m->dvalue, a->delta,     m->sublayer_out,
                               saved->attended, a->q,  a->k,      saved->value, saved->log_sum };
    CHECK(attention_gradients(&call, shape_of(d), d->gpu.stream));
    prepare_backward(d, m->dquery, gradient(d, l, ATTENTION_QUERY_NORM), a->dq, saved->query,
                     a->q_rstd, weight(d, l, ATTENTION_QUERY_NORM), query_factor(d));
    prepare_backward(d, m->dkey, gradient(d, l, ATTENTION_KEY_NORM), a->dk, saved->key, a->k_rstd,
                     weight(d, l, ATTENTION_KEY_NORM), 1.0f);
}

static void attention_layer_backward(Device *d, int l) {
    const Memory *m = &d->memory;
    const LayerSaved *saved = &m->layers[l];
    const Gpu *gpu = &d->gpu;
    int N = d->rows * d->model.config.T, D = d->model.config.D;
    linear_weight_gradient(gpu, gradient(d, l, ATTENTION_OUTPUT), saved->attended, m->dresidual, N,
                           D, D);
    linear_input_gradient(gpu, m->sublayer_out, m->dresidual, weight(d, l, ATTENTION_OUTPUT), N, D,
                          D, false);
    attention_backward(d, l);
    const float *dprojection[] = { m->dquery, m->dkey, m->dvalue };
    const LayerTensor projection[] = { ATTENTION_QUERY, ATTENTION_KEY, ATTENTION_VALUE };
    for (int i = 0; i < 3; i++) {
        linear_weight_gradient(gpu, gradient(d, l, projection[i]), saved->normed, dprojection[i], N,
                               D, D);
        linear_input_gradient(gpu, m->dnormed, dprojection[i], weight(d, l, projection[i]), N, D, D,
                              i > 0);
    }
    CHECK(rmsnorm_backward<true>(m->dresidual, gradient(d, l, ATTENTION_NORM), m->dnormed,
                                 saved->residual, saved->rstd, weight(d, l, ATTENTION_NORM), N, D,
                                 m->partial, gpu->stream));
}

static void layer_backward(Device *d, int l) {
    const Memory *m = &d->memory;
    const LayerSaved *saved = &m->layers[l];
    LayerCall call = layer_call(d, l);
    d->ffn->backward(&call);
    CHECK(rmsnorm_backward<true>(m->dresidual, gradient(d, l, FFN_NORM), m->dnormed,
                                 saved->residual_mid, saved->ffn_rstd, weight(d, l, FFN_NORM),
                                 d->rows * d->model.config.T, d->model.config.D, m->partial,
                                 d->gpu.stream));
    attention_layer_backward(d, l);
}

// sum = gradients, or += it; one block per chunk of a tensor, since nothing is written between them
static __global__ void add_gradients_kernel(float *sum, const float *gradients, const Chunk *chunks,
                                            bool is_first) {
    Chunk chunk = chunks[blockIdx.x];
    for (int j = (int)threadIdx.x; j < chunk.count; j += OPTIMIZER_THREADS) {
        size_t i = chunk.first + (size_t)j;
        sum[i] = is_first ? gradients[i] : sum[i] + gradients[i];
    }
}

static void add_gradients(const Device *d) {
    const Memory *m = &d->memory;
    if (m->gradient_sum == m->gradients) return;
    LAUNCH(add_gradients_kernel, d->chunks, OPTIMIZER_THREADS, 0, d->gpu.stream, m->gradient_sum,
           m->gradients, m->chunks, d->first_row == 0);
    CHECK(launch_error());
}

void pass_backward(Device *d) {
    const Memory *m = &d->memory;
    int L = d->model.config.L, D = d->model.config.D, V = d->model.config.V,
        N = d->rows * d->model.config.T;
    size_t micro = (size_t)(d->first_row / d->micro_batch);
    const Tensor *norm = layout_output_norm(&d->model.tensors);
    CHECK(cudaMemsetAsync(m->dresidual, 0, (size_t)N * D * sizeof(float), d->gpu.stream));
    CHECK(rmsnorm_backward<true>(m->dresidual, m->gradients + norm->offset, m->dnormed,
                                 m->layers[L].residual, m->rstd, m->parameters + norm->offset, N, D,
                                 m->partial, d->gpu.stream));
    for (int l = L - 1; l >= 0; l--) layer_backward(d, l);
    CHECK(embedding_backward(m->gradients + d->model.tensors.items[EMBEDDING].offset, m->dresidual,
                             m->batch.token_start + micro * ((size_t)V + 1),
                             m->batch.order + first_token(d), V, D, d->gpu.stream));
    add_gradients(d);
}

void pass_after_step(Device *d) {
    for (int l = 0; d->ffn->after_step != NULL && l < d->model.config.L; l++) {
        LayerCall call = layer_call(d, l);
        d->ffn->after_step(&call, d->memory.parameters);
    }
}
