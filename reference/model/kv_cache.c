#include "reference/model/kv_cache.h"
#include "reference/model/layout.h"
#include "reference/model/reader.h"
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

struct KvCache {
    const Model *model;
    int T, threads; // there is memory for
    int cached;     // tokens in the cache before the pass
    const int32_t *tokens;
    float *keys;   // [L,blocks,D,block], after norm and rotation; a token's is a column, so that a
                   // query meets its neighbours' in one vector
    float *values; // [L,T,D]
    // of the n tokens of a pass
    float *rope;                                                      // [n,Dh]: their rope_rows
    float *residual, *normed, *sublayer_out, *query, *key, *attended; // [n,D]
    float *weights;                                                   // [n,H,cached + n]
    float *saved, *scratch;                                           // of the feed-forward layer
    float *block;
    size_t floats;
    HookList hooks;
};

static int key_block(const KvCache *c) { return min_int(c->T, KEY_BLOCK); }

// Tokens of all blocks together.
static size_t key_tokens(const KvCache *c) {
    size_t T = (size_t)c->T, block = (size_t)key_block(c);
    return (T + block - 1) / block * block;
}

static size_t cache_layout(KvCache *c, float *block) {
    const Config *config = &c->model->config;
    size_t used = 0, D = (size_t)config->D, T = (size_t)c->T;
    int pass = min_int(c->T, READER_PASS);
    size_t rows = (size_t)pass * D;
    c->keys = floats_take(block, &used, config->L * key_tokens(c) * D);
    c->values = floats_take(block, &used, config->L * T * D);
    c->rope = floats_take(block, &used, (size_t)pass * config->Dh);
    c->residual = floats_take(block, &used, rows);
    c->normed = floats_take(block, &used, rows);
    c->sublayer_out = floats_take(block, &used, rows);
    c->query = floats_take(block, &used, rows);
    c->key = floats_take(block, &used, rows);
    c->attended = floats_take(block, &used, rows);
    c->weights = floats_take(block, &used, (size_t)pass * config_heads(config) * T);
    c->saved = floats_take(block, &used, ffn_of(config)->saved(config, pass));
    c->scratch = floats_take(block, &used, ffn_of(config)->scratch(config, pass, c->threads));
    return used;
}

KvCache *kv_cache_new(const Model *model, int T, Error *error) {
    KvCache *c = malloc(sizeof *c);
    if (c == NULL) goto failed;
    *c = (KvCache){ .model = model, .T = T, .threads = parallel_threads() };
    c->floats = cache_layout(c, NULL);
    c->block = floats_new(c->floats);
    if (c->block == NULL) goto failed;
    cache_layout(c, c->block);
    return c;
failed:
    memory_refused("the keys and values of T tokens", 4.0 * (double)(c != NULL ? c->floats : 0),
                   "use a model with a smaller T", error);
    kv_cache_free(c);
    return NULL;
}

void kv_cache_free(KvCache *c) {
    if (c == NULL) return;
    floats_free(c->block, c->floats);
    free(c);
}

void kv_cache_hooks(KvCache *c, const HookList *hooks) {
    c->hooks = hooks != NULL ? *hooks : (HookList){ .count = 0 };
}

// ---- a pass over n tokens

// The key of the token in this row of the pass goes into its column of the cache.
static void cache_key(KvCache *c, float *keys, int row) {
    const Config *config = &c->model->config;
    int D = config->D, block = key_block(c), t = c->cached + row, column = t % block;
    const float *key = c->key + (size_t)row * D;
    keys += (size_t)(t - column) * D + column;
    for (int i = 0; i < D; i++) keys[(size_t)i * block] = key[i];
}

// Queries, keys and values, all heads; the latter two go into their places in the cache.
static void project(KvCache *c, const Tensor *layer, float *keys, float *values, int n) {
    const Config *config = &c->model->config;
    const float *parameters = c->model->parameters;
    int D = config->D, Dh = config->Dh;
    linear_forward(c->query, c->normed, parameters + layer[ATTENTION_QUERY].offset, n, D, D);
    linear_forward(c->key, c->normed, parameters + layer[ATTENTION_KEY].offset, n, D, D);
    linear_forward(values + (size_t)c->cached * D, c->normed,
                   parameters + layer[ATTENTION_VALUE].offset, n, D, D);
    for (int row = 0; row < n; row++) {
        float *query = c->query + (size_t)row * D, *key = c->key + (size_t)row * D;
        const float *rope = c->rope + (size_t)row * Dh;
        for (int i = 0; i < D; i += Dh) {
            rmsnorm_row(query + i, query + i, parameters + layer[ATTENTION_QUERY_NORM].offset, Dh);
            rmsnorm_row(key + i, key + i, parameters + layer[ATTENTION_KEY_NORM].offset, Dh);
            rope_apply(query + i, rope, Dh);
            rope_apply(key + i, rope, Dh);
        }
        cache_key(c, keys, row);
    }
}

// weights [count] of one head: the softmax of query · key / √Dh over the first `count` tokens
static void attention_weights(const KvCache *c, float *weights, const float *query,
                              const float *keys, int head, int count) {
    const Config *config = &c->model->config;
    int Dh = config->Dh, block = key_block(c);
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
static void attend_row(const KvCache *c, const float *keys, const float *values, float *weights,
                       size_t stride, int row) {
    const Config *config = &c->model->config;
    int D = config->D, Dh = config->Dh, H = config_heads(config), count = c->cached + row + 1,
        t = 0;
    const float *query = c->query + (size_t)row * D;
    float *attended = c->attended + (size_t)row * D;
    for (int h = 0; h < H; h++)
        attention_weights(c, weights + (size_t)h * stride, query, keys, h, count);
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

static void attend(KvCache *c, const float *keys, const float *values, int n) {
    size_t stride = (size_t)c->cached + (size_t)n;
    size_t each = stride * (size_t)config_heads(&c->model->config); // of the weights
    if (n == 1) {
        attend_row(c, keys, values, c->weights, stride, 0);
        return;
    }
#pragma omp parallel for schedule(dynamic)
    for (int row = 0; row < n; row++)
        attend_row(c, keys, values, c->weights + (size_t)row * each, stride, row);
}

static void norm_rows(KvCache *c, const Tensor *scale, int n) {
    int D = c->model->config.D;
    for (int row = 0; row < n; row++) {
        rmsnorm_row(c->normed + (size_t)row * D, c->residual + (size_t)row * D,
                    c->model->parameters + scale->offset, D);
    }
}

static void read_layer(KvCache *c, int l, int n) {
    const Model *model = c->model;
    const Config *config = &model->config;
    const Tensor *layer = model_layer(model, l);
    const float *parameters = model->parameters;
    int D = config->D;
    float *keys = c->keys + (size_t)l * key_tokens(c) * D,
          *values = c->values + (size_t)l * c->T * D;
    norm_rows(c, &layer[ATTENTION_NORM], n);
    project(c, layer, keys, values, n);
    attend(c, keys, values, n);
    linear_forward(c->sublayer_out, c->attended, parameters + layer[ATTENTION_OUTPUT].offset, n, D,
                   D);
    add_row(c->residual, 1.0f, c->sublayer_out, n * D);

    norm_rows(c, &layer[FFN_NORM], n);
    ffn_of(config)->forward(&(FfnCall){ .config = config,
                                        .tensors = layer + LAYER_FFN,
                                        .parameters = parameters,
                                        .B = 1,
                                        .T = n,
                                        .tokens = c->tokens,
                                        .x = c->normed,
                                        .y = c->sublayer_out,
                                        .saved = c->saved,
                                        .scratch = c->scratch,
                                        .layer = l,
                                        .hooks = &c->hooks });
    add_row(c->residual, 1.0f, c->sublayer_out, n * D);
}

void kv_cache_read(KvCache *c, const int32_t *tokens, int n, int cached) {
    const Config *config = &c->model->config;
    const float *embedding = c->model->parameters + c->model->tensors.items[EMBEDDING].offset;
    size_t D = (size_t)config->D;
    c->cached = cached;
    c->tokens = tokens;
    for (int row = 0; row < n; row++) {
        memcpy(c->residual + (size_t)row * D, embedding + (size_t)tokens[row] * D,
               D * sizeof *c->residual);
        rope_row(c->rope + (size_t)row * config->Dh, cached + row, config->Dh);
    }
    for (int l = 0; l < config->L; l++) read_layer(c, l, n);
}

void kv_cache_logits(KvCache *c, float *out, int first, int rows) {
    const Model *model = c->model;
    int D = model->config.D, V = model->config.V;
    const float *scale = model->parameters + layout_output_norm(&model->tensors)->offset,
                *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    for (int row = 0; row < rows; row++) {
        rmsnorm_row(c->normed + (size_t)row * D, c->residual + (size_t)(first + row) * D, scale, D);
    }
    matmul(out, V, matrix(c->normed, rows, D), transpose(matrix(embedding, V, D)), 1.0f, false);
}
