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
    int cached;      // tokens in the cache
    int position;    // in the sequence, of the next token
    bool again;      // tokens are read that were read before
    int fresh;       // cached tokens that were read for the first time since the last pass
    int32_t *tokens; // [T]: the tokens in the cache, read again when the window moves
    float *keys;     // [L,blocks,D,block], after norm and rotation; a token's is a column, so
                     // that a query meets its neighbours' in one vector
    float *values;   // [L,T,D]
    float *rope;     // [Dh]: the rope_row of the token being read
    float *residual, *normed, *sublayer_out, *query, *key, *attended; // [D]
    float *weights;                                                   // [H,T]
    float *logits;                                                    // [V]
    float *saved, *scratch; // of the feed-forward layer, for one token
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

static size_t decoder_layout(Decoder *d, float *block) {
    const Config *config = &d->model->config;
    size_t used = 0, D = (size_t)config->D, T = (size_t)config->T;
    d->logits = floats_take(block, &used, (size_t)config->V);
    if (d->window != NULL) return used;
    d->keys = floats_take(block, &used, config->L * key_tokens(config) * D);
    d->values = floats_take(block, &used, config->L * T * D);
    d->rope = floats_take(block, &used, (size_t)config->Dh);
    d->residual = floats_take(block, &used, D);
    d->normed = floats_take(block, &used, D);
    d->sublayer_out = floats_take(block, &used, D);
    d->query = floats_take(block, &used, D);
    d->key = floats_take(block, &used, D);
    d->attended = floats_take(block, &used, D);
    d->weights = floats_take(block, &used, T * config_heads(config));
    d->saved = floats_take(block, &used, ffn_of(config)->saved(config, 1));
    d->scratch = floats_take(block, &used, ffn_of(config)->scratch(config, 1, parallel_threads()));
    return used;
}

Decoder *decoder_new(const Model *model, Error *error) {
    Decoder *d = malloc(sizeof *d);
    if (d == NULL) goto failed;
    *d = (Decoder){ .model = model };
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
    int newest = d->window != NULL ? d->position - 1 : d->position;
    GatingEvent shown = *event;
    shown.position = newest + 1 - event->gating->N;
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

// Query, key and value of the new token, all heads; the latter two go into their places in the
// cache.
static void project(Decoder *d, const Tensor *layer, float *keys, float *values) {
    const Config *config = &d->model->config;
    const float *parameters = d->model->parameters;
    int D = config->D, Dh = config->Dh, block = key_block(config), column = d->cached % block;
    size_t t = (size_t)d->cached;
    linear_forward(d->query, d->normed, parameters + layer[ATTENTION_QUERY].offset, 1, D, D);
    linear_forward(d->key, d->normed, parameters + layer[ATTENTION_KEY].offset, 1, D, D);
    linear_forward(values + t * D, d->normed, parameters + layer[ATTENTION_VALUE].offset, 1, D, D);
    for (int i = 0; i < D; i += Dh) {
        rmsnorm_row(d->query + i, d->query + i, parameters + layer[ATTENTION_QUERY_NORM].offset,
                    Dh);
        rmsnorm_row(d->key + i, d->key + i, parameters + layer[ATTENTION_KEY_NORM].offset, Dh);
        rope_apply(d->query + i, d->rope, Dh);
        rope_apply(d->key + i, d->rope, Dh);
    }
    keys += (t - (size_t)column) * D + column;
    for (int i = 0; i < D; i++) keys[(size_t)i * block] = d->key[i];
}

// weights [count] of one head: the softmax of query · key / √Dh over the cached tokens
static void attention_weights(Decoder *d, float *weights, const float *keys, int head, int count) {
    const Config *config = &d->model->config;
    int Dh = config->Dh, block = key_block(config);
    float log_sum, scale = 1.0f / sqrtf((float)Dh);
    keys += (size_t)head * Dh * block;
    for (int t = 0; t < count; t += block) {
        Matrix some = strided(keys + (size_t)t * config->D, Dh, min_int(block, count - t), block);
        row_product(weights + t, d->query + head * Dh, some, scale, false);
    }
    float sum = exp_row(weights, &log_sum, count);
    for (int t = 0; t < count; t++) weights[t] /= sum;
}

// attended, over the cached tokens 0 .. cached. The sums of all heads grow together: one alone
// would wait for each of its additions.
static void attend(Decoder *d, const float *keys, const float *values) {
    const Config *config = &d->model->config;
    int D = config->D, Dh = config->Dh, H = config_heads(config), count = d->cached + 1, t = 0;
    size_t T = (size_t)config->T;
    for (int h = 0; h < H; h++) attention_weights(d, d->weights + h * T, keys, h, count);
    memset(d->attended, 0, (size_t)D * sizeof *d->attended);
    for (; t + 4 <= count; t += 4) {
        for (int h = 0; h < H; h++) {
            const float *value = values + (size_t)t * D + h * Dh;
            add_row4(d->attended + h * Dh, d->weights + h * T + t, value, value + D, value + 2 * D,
                     value + 3 * D, Dh);
        }
    }
    for (; t < count; t++) {
        for (int h = 0; h < H; h++) {
            add_row(d->attended + h * Dh, d->weights[h * T + t], values + (size_t)t * D + h * Dh,
                    Dh);
        }
    }
}

static void decode_layer(Decoder *d, int l) {
    const Model *model = d->model;
    const Config *config = &model->config;
    const Tensor *layer = model_layer(model, l);
    const float *parameters = model->parameters;
    int D = config->D;
    float *keys = d->keys + (size_t)l * key_tokens(config) * D,
          *values = d->values + (size_t)l * config->T * D;
    rmsnorm_row(d->normed, d->residual, parameters + layer[ATTENTION_NORM].offset, D);
    project(d, layer, keys, values);
    attend(d, keys, values);
    linear_forward(d->sublayer_out, d->attended, parameters + layer[ATTENTION_OUTPUT].offset, 1, D,
                   D);
    add_row(d->residual, 1.0f, d->sublayer_out, D);

    rmsnorm_row(d->normed, d->residual, parameters + layer[FFN_NORM].offset, D);
    ffn_of(config)->forward(&(FfnCall){ .config = config,
                                        .tensors = layer + LAYER_FFN,
                                        .parameters = parameters,
                                        .B = 1,
                                        .T = 1,
                                        .tokens = &d->tokens[d->cached],
                                        .x = d->normed,
                                        .y = d->sublayer_out,
                                        .saved = d->saved,
                                        .scratch = d->scratch,
                                        .layer = l,
                                        .hooks = &d->shown });
    add_row(d->residual, 1.0f, d->sublayer_out, D);
}

// Appends one token to the cache; d->residual is then the residual stream after the last layer.
// With no cache it only records the token.
static void read_token(Decoder *d, int32_t token) {
    const Config *config = &d->model->config;
    const float *embedding = d->model->parameters + d->model->tensors.items[EMBEDDING].offset;
    d->tokens[d->cached] = token;
    if (!d->again) d->fresh++;
    if (d->window == NULL) {
        memcpy(d->residual, embedding + (size_t)token * config->D,
               (size_t)config->D * sizeof *d->residual);
        rope_row(d->rope, d->cached, config->Dh);
        for (int l = 0; l < config->L; l++) decode_layer(d, l);
        d->fresh = 0;
    }
    d->cached++;
    d->position++;
}

// Reads a window from its start: TOKEN_END, unless the tokens fill it, and tokens [count], the
// first of them at `position`.
static void read_window(Decoder *d, const int32_t *tokens, int count, int position) {
    d->cached = 0;
    d->position = -1;
    if (count < d->model->config.T) read_token(d, TOKEN_END);
    d->position = position;
    for (int i = 0; i < count; i++) read_token(d, tokens[i]);
}

// Drops the oldest half of the window, and reads the rest again.
static void move_window(Decoder *d, int64_t *dropped) {
    int T = d->model->config.T, count = T / 2 > 0 ? T / 2 - 1 : 0, first = d->cached - count;
    if (dropped != NULL) *dropped += first;
    d->cached = 0;
    d->again = true;
    // Each token moves to an earlier place, so that none is overwritten before it is read. A window
    // of one token has no space for TOKEN_END.
    if (T > 1) read_window(d, d->tokens + first, count, d->position - count);
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
    rmsnorm_row(d->normed, d->residual, model->parameters + norm->offset, config->D);
    const float *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    matmul(d->logits, config->V, matrix(d->normed, 1, config->D),
           transpose(matrix(embedding, config->V, config->D)), 1.0f, false);
    return d->logits;
}

const float *decoder_step(Decoder *d, int32_t token, int64_t *dropped) {
    if (d->cached == d->model->config.T) move_window(d, dropped);
    read_token(d, token);
    return logits(d);
}

const float *decoder_start(Decoder *d, const int32_t *tokens, int count, int position, bool again) {
    d->again = again;
    read_window(d, tokens, count, position);
    d->again = false;
    return logits(d);
}

void decoder_rewind(Decoder *d, int position) {
    d->cached -= d->position - position;
    d->position = position;
}
