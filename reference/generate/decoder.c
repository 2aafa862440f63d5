#include "reference/generate/decoder.h"
#include "reference/data/tokenizer.h"
#include "reference/numbers/minmax.h"
#include <stdlib.h>
#include <string.h>

struct Decoder {
    Reader reader;
    int T;
    bool causal;     // or nothing is cached, and the whole window is read for each token
    int cached;      // tokens in the cache
    int position;    // in the sequence, of the next token, or the first one of the pass
    bool again;      // tokens are read that were read before
    int fresh;       // cached tokens that were read for the first time since the last pass
    int newest;      // row of the newest token in the last pass
    int32_t *tokens; // [T]: the tokens in the cache, read again when the window moves
    float *logits;   // [V]
    HookList hooks;  // the caller's
    HookList shown;  // one hook, which calls them; empty when they are
};

Decoder *decoder_on(ReaderOpen *open, const Model *model, Error *error) {
    Decoder *d = calloc(1, sizeof *d);
    size_t T = (size_t)model->config.T, V = (size_t)model->config.V;
    if (d != NULL) d->tokens = calloc(T, sizeof *d->tokens);
    if (d != NULL) d->logits = malloc(V * sizeof *d->logits);
    if (d == NULL || d->tokens == NULL || d->logits == NULL) {
        fail(error, "out of memory for a window of %zu tokens", T);
        decoder_free(d);
        return NULL;
    }
    d->T = model->config.T;
    d->causal = is_causal(ffn_causality(&model->config));
    if (open(&d->reader, model, d->T, d->causal ? READ_CACHED : READ_WHOLE, error)) return d;
    decoder_free(d);
    return NULL;
}

Decoder *decoder_new(const Model *model, Error *error) {
    return decoder_on(cpu_reader, model, error);
}

void decoder_free(Decoder *d) {
    if (d == NULL) return;
    reader_free(&d->reader);
    free(d->tokens);
    free(d->logits);
    free(d);
}

// A hook that calls the caller's, with the position of the pass and how much of it is new.
static void show(void *context, const GatingEvent *event) {
    const Decoder *d = context;
    GatingEvent shown = *event;
    shown.position = d->causal ? d->position : d->position - event->gating->N;
    shown.fresh = d->fresh;
    hooks_call(&d->hooks, &shown);
}

void decoder_hooks(Decoder *d, const HookList *hooks) {
    d->hooks = hooks != NULL ? *hooks : (HookList){ .count = 0 };
    d->shown = (HookList){ .key_scores = d->hooks.key_scores };
    if (d->hooks.count > 0) hooks_add(&d->shown, show, d);
    d->reader.hooks(d->reader.context, &d->shown);
}

int decoder_position(const Decoder *d) { return d->position; }
int decoder_cached(const Decoder *d) { return d->cached; }

// Appends n tokens to the cache, at most READER_PASS. With no cache it only records the tokens.
static void read_pass(Decoder *d, const int32_t *tokens, int n) {
    // tokens may be a later part of d->tokens
    memmove(d->tokens + d->cached, tokens, (size_t)n * sizeof *tokens);
    if (!d->again) d->fresh += n;
    if (d->causal) {
        d->reader.read(d->reader.context, d->tokens + d->cached, n, d->cached);
        d->newest = n - 1;
        d->fresh = 0;
    }
    d->cached += n;
    d->position += n;
}

static void read_together(Decoder *d, const int32_t *tokens, int count) {
    for (int i = 0; i < count; i += READER_PASS)
        read_pass(d, tokens + i, min_int(count - i, READER_PASS));
}

// Starts a window: TOKEN_END, unless `count` tokens will fill it, and the first `together` of them,
// of which the first is at `position`.
static void start_window(Decoder *d, const int32_t *tokens, int together, int count, int position) {
    static const int32_t end = TOKEN_END;
    d->cached = 0;
    d->position = -1;
    if (count < d->T) read_pass(d, &end, 1);
    d->position = position;
    read_together(d, tokens, together);
}

// Drops the oldest half of the window, and reads the rest again.
static void move_window(Decoder *d, int64_t *dropped) {
    int T = d->T, count = T / 2 > 0 ? T / 2 - 1 : 0, first = d->cached - count;
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
    if (!d->causal) {
        d->reader.read(d->reader.context, d->tokens, d->cached, 0);
        d->newest = d->cached - 1;
        d->fresh = 0;
    }
    d->reader.logits(d->reader.context, d->logits, d->newest, 1);
    return d->logits;
}

const float *decoder_step(Decoder *d, int32_t token, int64_t *dropped) {
    if (d->cached == d->T) move_window(d, dropped);
    read_pass(d, &token, 1);
    return logits(d);
}

const float *decoder_start(Decoder *d, const int32_t *tokens, int together, int count, int position,
                           bool again) {
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
