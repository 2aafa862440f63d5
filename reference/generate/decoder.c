#include "reference/generate/decoder.h"
#include "reference/data/tokenizer.h"
#include "reference/model/attention.h"
#include "reference/model/layout.h"
#include "reference/model/rmsnorm.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/vector.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct Decoder {
    const Model *model;
    int position;         // tokens in the cache
    int32_t *tokens;      // [T]: the tokens in the cache, read again when the window moves
    float *keys, *values; // [L,T,D] each, the keys after norm and rotation
    float *rotary;        // [T,Dh]
    float *residual, *normed, *sublayer_out, *query, *attended; // [D]
    float *weights;                                             // [T]
    float *logits;                                              // [V]
    float *saved, *scratch; // of the feed-forward layer, for one token
    float *block;
    size_t floats;
    Activations *window; // of a model that is not causal, which caches nothing; else NULL
    HookList hooks;
};

static size_t decoder_layout(Decoder *d, float *block) {
    const Config *config = &d->model->config;
    size_t used = 0, D = (size_t)config->D, T = (size_t)config->T;
    d->logits = floats_take(block, &used, (size_t)config->V);
    if (d->window != NULL) return used;
    d->keys = floats_take(block, &used, config->L * T * D);
    d->values = floats_take(block, &used, config->L * T * D);
    d->rotary = floats_take(block, &used, T * config->Dh);
    d->residual = floats_take(block, &used, D);
    d->normed = floats_take(block, &used, D);
    d->sublayer_out = floats_take(block, &used, D);
    d->query = floats_take(block, &used, D);
    d->attended = floats_take(block, &used, D);
    d->weights = floats_take(block, &used, T);
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
    if (d->window == NULL) rotary_table(d->rotary, model->config.T, model->config.Dh);
    return d;
failed:
    fail(error, "not enough memory for the keys and values of T=%d tokens", model->config.T);
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

void decoder_hooks(Decoder *d, const HookList *hooks) {
    d->hooks = hooks != NULL ? *hooks : (HookList){ .count = 0 };
}

void decoder_rewind(Decoder *d, int position) { d->position = position; }
int decoder_position(const Decoder *d) { return d->position; }

// Query, key and value of the new token, all heads; key and value are its places in the cache.
static void project(Decoder *d, const Tensor *layer, float *key, float *value) {
    const Config *config = &d->model->config;
    const float *parameters = d->model->parameters,
                *row = d->rotary + (size_t)d->position * config->Dh;
    int D = config->D, Dh = config->Dh;
    linear_forward(d->query, d->normed, parameters + layer[ATTENTION_QUERY].offset, 1, D, D);
    linear_forward(key, d->normed, parameters + layer[ATTENTION_KEY].offset, 1, D, D);
    linear_forward(value, d->normed, parameters + layer[ATTENTION_VALUE].offset, 1, D, D);
    for (int i = 0; i < D; i += Dh) {
        norm_row(d->query + i, d->query + i, parameters + layer[ATTENTION_QUERY_NORM].offset, Dh);
        norm_row(key + i, key + i, parameters + layer[ATTENTION_KEY_NORM].offset, Dh);
        rotary_turn(d->query + i, row, Dh);
        rotary_turn(key + i, row, Dh);
    }
}

// attended of one head, over the cached tokens 0 .. position
static void attend(Decoder *d, const float *keys, const float *values, int head) {
    const Config *config = &d->model->config;
    int D = config->D, Dh = config->Dh, offset = head * Dh;
    float scale = 1.0f / sqrtf((float)Dh);
    for (int t = 0; t <= d->position; t++)
        d->weights[t] = scale * dot(d->query + offset, keys + (size_t)t * D + offset, Dh);
    softmax_row(d->weights, d->position + 1);
    memset(d->attended + offset, 0, (size_t)Dh * sizeof *d->attended);
    for (int t = 0; t <= d->position; t++) {
        add_row(d->attended + offset, d->weights[t], values + (size_t)t * D + offset, Dh);
    }
}

static void decode_layer(Decoder *d, int l) {
    const Model *model = d->model;
    const Config *config = &model->config;
    const Tensor *layer = model_layer(model, l);
    const float *parameters = model->parameters;
    int D = config->D;
    float rstd, *keys = d->keys + (size_t)l * config->T * D,
                *values = d->values + (size_t)l * config->T * D;
    norm_forward(d->normed, &rstd, d->residual, parameters + layer[ATTENTION_NORM].offset, 1, D);
    project(d, layer, keys + (size_t)d->position * D, values + (size_t)d->position * D);
    for (int h = 0; h < config_heads(config); h++) attend(d, keys, values, h);
    linear_forward(d->sublayer_out, d->attended, parameters + layer[ATTENTION_OUTPUT].offset, 1, D,
                   D);
    add_row(d->residual, 1.0f, d->sublayer_out, D);

    norm_forward(d->normed, &rstd, d->residual, parameters + layer[FFN_NORM].offset, 1, D);
    ffn_of(config)->forward(&(FfnCall){ .config = config,
                                        .tensors = layer + LAYER_FFN,
                                        .parameters = parameters,
                                        .B = 1,
                                        .T = 1,
                                        .tokens = &d->tokens[d->position],
                                        .x = d->normed,
                                        .y = d->sublayer_out,
                                        .saved = d->saved,
                                        .scratch = d->scratch,
                                        .layer = l,
                                        .hooks = &d->hooks });
    add_row(d->residual, 1.0f, d->sublayer_out, D);
}

// Appends one token to the cache; d->residual is then the residual stream after the last layer. With
// no cache it only records the token.
static void read_token(Decoder *d, int32_t token) {
    const Config *config = &d->model->config;
    const float *embedding = d->model->parameters + d->model->tensors.items[EMBEDDING].offset;
    d->tokens[d->position] = token;
    if (d->window != NULL) {
        d->position++;
        return;
    }
    memcpy(d->residual, embedding + (size_t)token * config->D,
           (size_t)config->D * sizeof *d->residual);
    for (int l = 0; l < config->L; l++) decode_layer(d, l);
    d->position++;
}

// Reads the newest half of the window again, after TOKEN_END, without calling the hooks again.
static void move_window(Decoder *d, int64_t *dropped) {
    int T = d->model->config.T, count = T / 2 > 0 ? T / 2 - 1 : 0, first = d->position - count;
    HookList hooks = d->hooks;
    if (dropped != NULL) *dropped += first;
    d->hooks.count = 0;
    d->position = 0;
    if (T > 1) { // a window of one token has no space for TOKEN_END
        memmove(d->tokens + 1, d->tokens + first, (size_t)count * sizeof *d->tokens);
        d->tokens[0] = TOKEN_END;
        for (int i = 0; i <= count; i++) read_token(d, d->tokens[i]);
    }
    d->hooks = hooks;
}

// Logits of the newest token, recomputing the whole window.
static const float *read_window(Decoder *d) {
    model_hooks(d->window, &d->hooks);
    model_forward(d->model, d->window, d->tokens, 1, d->position);
    model_logits(d->model, d->window, d->position - 1, 1, d->logits);
    return d->logits;
}

const float *decoder_step(Decoder *d, int32_t token, int64_t *dropped) {
    const Model *model = d->model;
    const Config *config = &model->config;
    if (d->position == config->T) move_window(d, dropped);
    read_token(d, token);
    if (d->window != NULL) return read_window(d);
    float rstd;
    const Tensor *norm = layout_output_norm(&model->tensors);
    norm_forward(d->normed, &rstd, d->residual, model->parameters + norm->offset, 1, config->D);
    const float *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    matmul(d->logits, config->V, PLAIN, d->normed, config->D, TRANSPOSED, embedding, config->D, 1,
           config->V, config->D, 1.0f, false);
    return d->logits;
}
