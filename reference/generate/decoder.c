#include "reference/generate/decoder.h"
#include "reference/data/tokenizer.h"
#include "reference/model/layout.h"
#include "reference/model/rmsnorm.h"
#include "reference/model/rope.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/row_product.h"
#include "reference/numbers/vector.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Keys are stored in blocks of so many tokens, so that memory is only used for what was read.
enum { KEY_BLOCK = 256 };

struct Decoder {
    const Model *model;
    int threads;     // of the memory below
    int cached;      // tokens in the cache
    int position;    // in the sequence, of the next token, or the first one of the pass
    bool again;      // tokens are read that were read before
    int fresh;       // cached tokens that were read for the first time since the last pass
    int32_t *tokens; // [T]: the tokens in the cache, read again when the window moves
    float *keys;     // [L,blocks,D,block], after norm and rotation; a token's is a column, so
                     // that a query meets its neighbours' in one vector
    float *values;   // [L,T,D]
    // of the n tokens of a pass
    float *rope;                                                      // [n,Dh]: their rope_rows
    float *residual, *normed, *sublayer_out, *query, *key, *attended; // [n,D]
    const float *newest;                                              // [D], of `residual`
    float *weights;                                                   // [n,H,cached + n]
    float *saved, *scratch;                                           // of the feed-forward layer
    float *logits;                                                    // [V]
    float *block;
    size_t floats;
    Activations *window; // of a model that is not causal, which caches nothing; else NULL
    HookList hooks;      // the caller's
    HookList shown;      // one hook, which calls them; empty when they are
};

static int key_block(const Config *config) { return min_int(config->T, KEY_BLOCK); }

// Tokens of all blocks together.
static size_t key_tokens(const Config *config) {
    size_t T = (size_t)config->T, block = (size_t)key_block(config);
    return (T + block - 1) / block * block;
}

static int pass_tokens(const Config *config) { return min_int(config->T, DECODER_PASS); }

static size_t decoder_layout(Decoder *d, float *block) {
    const Config *config = &d->model->config;
    size_t used = 0, D = (size_t)config->D, T = (size_t)config->T;
    int pass = pass_tokens(config);
    size_t rows = (size_t)pass * D;
    d->logits = floats_take(block, &used, (size_t)config->V);
    if (d->window != NULL) return used;
    d->keys = floats_take(block, &used, config->L * key_tokens(config) * D);
    d->values = floats_take(block, &used, config->L * T * D);
    d->rope = floats_take(block, &used, (size_t)pass * config->Dh);
    d->residual = floats_take(block, &used, rows);
    d->normed = floats_take(block, &used, rows);
    d->sublayer_out = floats_take(block, &used, rows);
    d->query = floats_take(block, &used, rows);
    d->key = floats_take(block, &used, rows);
    d->attended = floats_take(block, &used, rows);
    d->weights = floats_take(block, &used, (size_t)pass * config_heads(config) * T);
    d->saved = floats_take(block, &used, ffn_of(config)->saved(config, pass));
    d->scratch = floats_take(block, &used, ffn_of(config)->scratch(config, pass, d->threads));
    return used;
}

Decoder *decoder_new(const Model *model, Error *error) {
    Decoder *d = malloc(sizeof *d);
    if (d == NULL) goto failed;
    *d = (Decoder){ .model = model, .threads = parallel_threads() };
    if (!is_causal(ffn_causality(&model->config))) {
        d->window = model_activations_new(&model->config, 1, model->config.T, false, error);
        if (d->window == NULL) {
            decoder_free(d);
            return NULL;
        }
    }
    d->floats = decoder_layout(d, NULL);
    d->tokens = calloc((size_t)model->config.T, sizeof *d->tokens);
    d->block = floats_new(d->floats);
    if (d->tokens == NULL || d->block == NULL) goto failed;
    decoder_layout(d, d->block);
    return d;
failed:
    memory_refused("the keys and values of T tokens", 4.0 * (double)(d != NULL ? d->floats : 0),
                   "use a model with a smaller T", error);
    decoder_free(d);
    return NULL;
}

void decoder_free(Decoder *d) {
    if (d == NULL) return;
    model_activations_free(d->window);
    floats_free(d->block, d->floats);
    free(d->tokens);
    free(d);
}

// A hook that calls the caller's, with the position of the pass and how much of it is new.
static void show(void *context, const GatingEvent *event) {
    const Decoder *d = context;
    GatingEvent shown = *event;
    shown.position = d->window != NULL ? d->position - event->gating->N : d->position;
    shown.fresh = d->fresh;
    hooks_call(&d->hooks, &shown);
}

void decoder_hooks(Decoder *d, const HookList *hooks) {
    d->hooks = hooks != NULL ? *hooks : (HookList){ .count = 0 };
    d->shown = (HookList){ .key_scores = d->hooks.key_scores };
    if (d->hooks.count > 0) hooks_add(&d->shown, show, d);
}

int decoder_position(const Decoder *d) { return d->position; }
int decoder_cached(const Decoder *d) { return d->cached; }

// ---- a pass over n tokens

// The key of the token in this row of the pass goes into its column of the cache.
static void cache_key(Decoder *d, float *keys, int row) {
    const Config *config = &d->model->config;
    int D = config->D, block = key_block(config), t = d->cached + row, column = t % block;
    const float *key = d->key + (size_t)row * D;
    keys += (size_t)(t - column) * D + column;
    for (int i = 0; i < D; i++) keys[(size_t)i * block] = key[i];
}

// Queries, keys and values, all heads; the latter two go into their places in the cache.
static void project(Decoder *d, const Tensor *layer, float *keys, float *values, int n) {
    const Config *config = &d->model->config;
    const float *parameters = d->model->parameters;
    int D = config->D, Dh = config->Dh;
    linear_forward(d->query, d->normed, parameters + layer[ATTENTION_QUERY].offset, n, D, D);
    linear_forward(d->key, d->normed, parameters + layer[ATTENTION_KEY].offset, n, D, D);
    linear_forward(values + (size_t)d->cached * D, d->normed,
                   parameters + layer[ATTENTION_VALUE].offset, n, D, D);
    for (int row = 0; row < n; row++) {
        float *query = d->query + (size_t)row * D, *key = d->key + (size_t)row * D;
        const float *rope = d->rope + (size_t)row * Dh;
        for (int i = 0; i < D; i += Dh) {
            rmsnorm_row(query + i, query + i, parameters + layer[ATTENTION_QUERY_NORM].offset, Dh);
            rmsnorm_row(key + i, key + i, parameters + layer[ATTENTION_KEY_NORM].offset, Dh);
            rope_apply(query + i, rope, Dh);
            rope_apply(key + i, rope, Dh);
        }
        cache_key(d, keys, row);
    }
}

// weights [count] of one head: the softmax of query · key / √Dh over the first `count` tokens
static void attention_weights(const Decoder *d, float *weights, const float *query,
                              const float *keys, int head, int count) {
    const Config *config = &d->model->config;
    int Dh = config->Dh, block = key_block(config);
    float log_sum, scale = 1.0f / sqrtf((float)Dh);
    keys += (size_t)head * Dh * block;
    for (int t = 0; t < count; t += block) {
        Matrix some = strided(keys + (size_t)t * config->D, Dh, min_int(block, count - t), block);
        row_product(weights + t, query + head * Dh, some, scale, false);
    }
    float sum = exp_row(weights, &log_sum, count);
    for (int t = 0; t < count; t++) weights[t] /= sum;
}

// attended [D] of one row: over the cached tokens and those of the pass up to this one. weights
// [H,stride]. The sums of all heads grow together: one alone would wait for each of its additions.
static void attend_row(const Decoder *d, const float *keys, const float *values, float *weights,
                       size_t stride, int row) {
    const Config *config = &d->model->config;
    int D = config->D, Dh = config->Dh, H = config_heads(config), count = d->cached + row + 1,
        t = 0;
    const float *query = d->query + (size_t)row * D;
    float *attended = d->attended + (size_t)row * D;
    for (int h = 0; h < H; h++)
        attention_weights(d, weights + (size_t)h * stride, query, keys, h, count);
    memset(attended, 0, (size_t)D * sizeof *attended);
    for (; t + 4 <= count; t += 4) {
        for (int h = 0; h < H; h++) {
            const float *value = values + (size_t)t * D + h * Dh;
            add_row4(attended + h * Dh, weights + h * stride + t, value, value + D, value + 2 * D,
                     value + 3 * D, Dh);
        }
    }
    for (; t < count; t++) {
        for (int h = 0; h < H; h++) {
            add_row(attended + h * Dh, weights[h * stride + t], values + (size_t)t * D + h * Dh,
                    Dh);
        }
    }
}

static void attend(Decoder *d, const float *keys, const float *values, int n) {
    size_t stride = (size_t)d->cached + (size_t)n;
    size_t each = stride * (size_t)config_heads(&d->model->config); // of the weights
    if (n == 1) {
        attend_row(d, keys, values, d->weights, stride, 0);
        return;
    }
#pragma omp parallel for schedule(dynamic)
    for (int row = 0; row < n; row++)
        attend_row(d, keys, values, d->weights + (size_t)row * each, stride, row);
}

static void norm_rows(Decoder *d, const Tensor *scale, int n) {
    int D = d->model->config.D;
    for (int row = 0; row < n; row++) {
        rmsnorm_row(d->normed + (size_t)row * D, d->residual + (size_t)row * D,
                    d->model->parameters + scale->offset, D);
    }
}

static void decode_layer(Decoder *d, int l, int n) {
    const Model *model = d->model;
    const Config *config = &model->config;
    const Tensor *layer = model_layer(model, l);
    const float *parameters = model->parameters;
    int D = config->D;
    float *keys = d->keys + (size_t)l * key_tokens(config) * D,
          *values = d->values + (size_t)l * config->T * D;
    norm_rows(d, &layer[ATTENTION_NORM], n);
    project(d, layer, keys, values, n);
    attend(d, keys, values, n);
    linear_forward(d->sublayer_out, d->attended, parameters + layer[ATTENTION_OUTPUT].offset, n, D,
                   D);
    add_row(d->residual, 1.0f, d->sublayer_out, n * D);

    norm_rows(d, &layer[FFN_NORM], n);
    ffn_of(config)->forward(&(FfnCall){ .config = config,
                                        .tensors = layer + LAYER_FFN,
                                        .parameters = parameters,
                                        .B = 1,
                                        .T = n,
                                        .tokens = &d->tokens[d->cached],
                                        .x = d->normed,
                                        .y = d->sublayer_out,
                                        .saved = d->saved,
                                        .scratch = d->scratch,
                                        .layer = l,
                                        .hooks = &d->shown });
    add_row(d->residual, 1.0f, d->sublayer_out, n * D);
}

// Appends n tokens to the cache, at most DECODER_PASS; d->residual [n,D] is then the residual
// stream after the last layer. With no cache it only records the tokens.
static void read_pass(Decoder *d, const int32_t *tokens, int n) {
    const Config *config = &d->model->config;
    const float *embedding = d->model->parameters + d->model->tensors.items[EMBEDDING].offset;
    size_t D = (size_t)config->D;
    // tokens may be a later part of d->tokens
    memmove(d->tokens + d->cached, tokens, (size_t)n * sizeof *tokens);
    if (!d->again) d->fresh += n;
    if (d->window == NULL) {
        for (int row = 0; row < n; row++) {
            memcpy(d->residual + (size_t)row * D,
                   embedding + (size_t)d->tokens[d->cached + row] * D, D * sizeof *d->residual);
            rope_row(d->rope + (size_t)row * config->Dh, d->cached + row, config->Dh);
        }
        for (int l = 0; l < config->L; l++) decode_layer(d, l, n);
        d->newest = d->residual + (size_t)(n - 1) * D;
        d->fresh = 0;
    }
    d->cached += n;
    d->position += n;
}

// The memory of a pass is divided among the threads that there were when the decoder was made.
static void limit_threads(const Decoder *d) {
    if (parallel_threads() > d->threads) parallel_set_threads(d->threads);
}

static void read_together(Decoder *d, const int32_t *tokens, int count) {
    for (int i = 0; i < count; i += DECODER_PASS)
        read_pass(d, tokens + i, min_int(count - i, DECODER_PASS));
}

// Starts a window: TOKEN_END, unless `count` tokens will fill it, and the first `together` of them,
// of which the first is at `position`.
static void start_window(Decoder *d, const int32_t *tokens, int together, int count, int position) {
    static const int32_t end = TOKEN_END;
    d->cached = 0;
    d->position = -1;
    if (count < d->model->config.T) read_pass(d, &end, 1);
    d->position = position;
    read_together(d, tokens, together);
}

// Drops the oldest half of the window, and reads the rest again.
static void move_window(Decoder *d, int64_t *dropped) {
    int T = d->model->config.T, count = T / 2 > 0 ? T / 2 - 1 : 0, first = d->cached - count;
    if (dropped != NULL) *dropped += first;
    d->cached = 0;
    d->again = true;
    // Each token moves to an earlier place, so that none is overwritten before it is read. A window
    // of one token has no space for TOKEN_END.
    if (T > 1) start_window(d, d->tokens + first, count, count, d->position - count);
    d->again = false;
}

// Of the newest token. A model that is not causal recomputes the whole window.
static const float *logits(Decoder *d) {
    const Model *model = d->model;
    const Config *config = &model->config;
    if (d->window != NULL) {
        model_hooks(d->window, &d->shown);
        model_forward(model, d->window, d->tokens, 1, d->cached);
        d->fresh = 0;
        model_logits(model, d->window, d->cached - 1, 1, d->logits);
        return d->logits;
    }
    const Tensor *norm = layout_output_norm(&model->tensors);
    rmsnorm_row(d->normed, d->newest, model->parameters + norm->offset, config->D);
    const float *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    matmul(d->logits, config->V, matrix(d->normed, 1, config->D),
           transpose(matrix(embedding, config->V, config->D)), 1.0f, false);
    return d->logits;
}

const float *decoder_step(Decoder *d, int32_t token, int64_t *dropped) {
    limit_threads(d);
    if (d->cached == d->model->config.T) move_window(d, dropped);
    read_pass(d, &token, 1);
    return logits(d);
}

const float *decoder_start(Decoder *d, const int32_t *tokens, int together, int count, int position,
                           bool again) {
    limit_threads(d);
    d->again = again;
    start_window(d, tokens, together, count, position);
    for (int i = together; i < count; i++) read_pass(d, &tokens[i], 1);
    d->again = false;
    return logits(d);
}

void decoder_rewind(Decoder *d, int position) {
    d->cached -= d->position - position;
    d->position = position;
}
