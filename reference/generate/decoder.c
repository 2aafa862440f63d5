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
    int32_t *tokens;      // [T]: what stands there, to be read again when the window moves
    float *keys, *values; // [L,T,D] each, the keys after norm and rotation
    float *rotary;        // [T,Dh]
    float *stream, *normed, *branch, *query, *attended; // [D]
    float *weights;                                     // [T]
    float *logits;                                      // [V]
    float *saved, *scratch;                             // of the feed-forward layer, for one token
    float *block;
    size_t floats;
    Activations *whole; // of a model that looks ahead, else NULL: it keeps no keys and values
    GatingHook *hook;
    void *hook_context;
};

static size_t decoder_layout(Decoder *d, float *block) {
    const Config *config = &d->model->config;
    size_t used = 0, D = (size_t)config->D, T = (size_t)config->T;
    d->logits = floats_take(block, &used, (size_t)config->V);
    if (d->whole != NULL) return used;
    d->keys = floats_take(block, &used, config->L * T * D);
    d->values = floats_take(block, &used, config->L * T * D);
    d->rotary = floats_take(block, &used, T * config->Dh);
    d->stream = floats_take(block, &used, D);
    d->normed = floats_take(block, &used, D);
    d->branch = floats_take(block, &used, D);
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
        d->whole = model_activations_new(&model->config, 1, model->config.T, false, error);
        if (d->whole == NULL) {
            decoder_free(d);
            return NULL;
        }
    }
    d->floats = decoder_layout(d, NULL);
    d->tokens = calloc((size_t)model->config.T, sizeof *d->tokens);
    d->block = floats_new(d->floats);
    if (d->tokens == NULL || d->block == NULL) goto failed;
    decoder_layout(d, d->block);
    if (d->whole == NULL) rotary_table(d->rotary, model->config.T, model->config.Dh);
    return d;
failed:
    fail(error, "not enough memory for the keys and values of T=%d tokens", model->config.T);
    decoder_free(d);
    return NULL;
}

void decoder_free(Decoder *d) {
    if (d == NULL) return;
    model_activations_free(d->whole);
    floats_free(d->block, d->floats);
    free(d->tokens);
    free(d);
}

void decoder_hook(Decoder *d, GatingHook *hook, void *context) {
    d->hook = hook;
    d->hook_context = context;
}

void decoder_reset(Decoder *d) { d->position = 0; }
int decoder_position(const Decoder *d) { return d->position; }

// The new token's query, key and value of every head; the key and the value go into the cache.
static void project(Decoder *d, const Tensor *layer, float *key, float *value) {
    const Config *config = &d->model->config;
    const float *parameters = d->model->parameters,
                *row = d->rotary + (size_t)d->position * config->Dh;
    int D = config->D, Dh = config->Dh;
    linear_forward(d->query, d->normed, parameters + layer[ATTENTION_QUERY].offset, 1, D, D);
    linear_forward(key, d->normed, parameters + layer[ATTENTION_KEY].offset, 1, D, D);
    linear_forward(value, d->normed, parameters + layer[ATTENTION_VALUE].offset, 1, D, D);
    for (int at = 0; at < D; at += Dh) {
        norm_row(d->query + at, d->query + at, parameters + layer[ATTENTION_QUERY_NORM].offset, Dh);
        norm_row(key + at, key + at, parameters + layer[ATTENTION_KEY_NORM].offset, Dh);
        rotary_turn(d->query + at, row, Dh);
        rotary_turn(key + at, row, Dh);
    }
}

// attended of one head from the cache, tokens 0 .. position
static void attend(Decoder *d, const float *keys, const float *values, int head) {
    const Config *config = &d->model->config;
    int D = config->D, Dh = config->Dh, at = head * Dh;
    float scale = 1.0f / sqrtf((float)Dh);
    for (int t = 0; t <= d->position; t++)
        d->weights[t] = scale * dot(d->query + at, keys + (size_t)t * D + at, Dh);
    softmax_row(d->weights, d->position + 1);
    memset(d->attended + at, 0, (size_t)Dh * sizeof *d->attended);
    for (int t = 0; t <= d->position; t++) {
        add_row(d->attended + at, d->weights[t], values + (size_t)t * D + at, Dh);
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
    norm_forward(d->normed, &rstd, d->stream, parameters + layer[ATTENTION_NORM].offset, 1, D);
    project(d, layer, keys + (size_t)d->position * D, values + (size_t)d->position * D);
    for (int h = 0; h < config_heads(config); h++) attend(d, keys, values, h);
    linear_forward(d->branch, d->attended, parameters + layer[ATTENTION_OUTPUT].offset, 1, D, D);
    add_row(d->stream, 1.0f, d->branch, D);

    norm_forward(d->normed, &rstd, d->stream, parameters + layer[FFN_NORM].offset, 1, D);
    ffn_of(config)->forward(&(FfnCall){ .config = config,
                                        .tensors = layer + LAYER_FFN,
                                        .parameters = parameters,
                                        .B = 1,
                                        .T = 1,
                                        .tokens = &d->tokens[d->position],
                                        .x = d->normed,
                                        .y = d->branch,
                                        .saved = d->saved,
                                        .scratch = d->scratch,
                                        .layer = l,
                                        .hook = d->hook,
                                        .hook_context = d->hook_context });
    add_row(d->stream, 1.0f, d->branch, D);
}

// Reads one token into the cache; the stream behind the last layer is left in d->stream. Only notes
// it where there is no cache.
static void read_token(Decoder *d, int32_t token) {
    const Config *config = &d->model->config;
    const float *embedding = d->model->parameters + d->model->tensors.items[EMBEDDING].offset;
    d->tokens[d->position] = token;
    if (d->whole != NULL) {
        d->position++;
        return;
    }
    memcpy(d->stream, embedding + (size_t)token * config->D, (size_t)config->D * sizeof *d->stream);
    for (int l = 0; l < config->L; l++) decode_layer(d, l);
    d->position++;
}

// The newest half of the window, read again behind TOKEN_END; the hook does not see tokens it saw
// before.
static void move_window(Decoder *d, int64_t *dropped) {
    int T = d->model->config.T, saved = T / 2 > 0 ? T / 2 - 1 : 0, first = d->position - saved;
    GatingHook *hook = d->hook;
    if (dropped != NULL) *dropped += first;
    d->hook = NULL;
    d->position = 0;
    if (T > 1) { // a window of one token has no room for TOKEN_END
        memmove(d->tokens + 1, d->tokens + first, (size_t)saved * sizeof *d->tokens);
        d->tokens[0] = TOKEN_END;
        for (int i = 0; i <= saved; i++) read_token(d, d->tokens[i]);
    }
    d->hook = hook;
}

// Logits of the newest token, from all of the window.
static const float *read_whole(Decoder *d) {
    model_hook(d->whole, d->hook, d->hook_context);
    model_forward(d->model, d->whole, d->tokens, 1, d->position);
    model_logits(d->model, d->whole, d->position - 1, 1, d->logits);
    return d->logits;
}

const float *decoder_step(Decoder *d, int32_t token, int64_t *dropped) {
    const Model *model = d->model;
    const Config *config = &model->config;
    if (d->position == config->T) move_window(d, dropped);
    read_token(d, token);
    if (d->whole != NULL) return read_whole(d);
    float rstd;
    const Tensor *norm = layout_output_norm(&model->tensors);
    norm_forward(d->normed, &rstd, d->stream, model->parameters + norm->offset, 1, config->D);
    const float *embedding = model->parameters + model->tensors.items[EMBEDDING].offset;
    matmul(d->logits, config->V, matrix(d->normed, 1, config->D),
           transpose(matrix(embedding, config->V, config->D)), 1.0f, false);
    return d->logits;
}
