#include "reference/data/batches.h"
#include "reference/data/tokenizer.h"
#include "reference/numbers/random.h"
#include <stdlib.h>
#include <string.h>

bool batches_open(Batches *out, const TokenFile *file, BatchMode mode, int B, int T, uint64_t seed,
                  Error *error) {
    *out = (Batches){ 0 };
    if (B < 1 || T < 1)
        return fail(error, "a batch of B = %d rows of T = %d tokens; both must be at least 1", B,
                    T);
    if (mode == BATCH_PACKED && (size_t)B * (size_t)T > file->tokens) {
        return fail(error,
                    "%s: has %zu tokens, less than one batch of B·T = %d·%d; make B or T "
                    "smaller, or give more text",
                    file->path, file->tokens, B, T);
    }
    if (mode == BATCH_PADDED && (size_t)B > file->stories) {
        return fail(
            error,
            "%s: has %zu stories, less than one batch of B = %d (one story per row); make B "
            "smaller, or give more stories",
            file->path, file->stories, B);
    }
    *out =
        (Batches){ .file = file, .mode = mode, .B = B, .T = T, .seed = seed, .epoch = UINT64_MAX };
    out->order = malloc(file->stories * sizeof *out->order);
    out->start = malloc((file->stories + 1) * sizeof *out->start);
    if (out->order != NULL && out->start != NULL) return true;
    batches_close(out);
    return fail(error, "%s: out of memory for the order of %zu stories", file->path, file->stories);
}

void batches_close(Batches *batches) {
    free(batches->order);
    free(batches->start);
    *batches = (Batches){ 0 };
}

// Shuffles the stories of an epoch (Fisher and Yates); depends on (seed, epoch) alone.
static void load_epoch(Batches *batches, uint64_t epoch) {
    if (batches->epoch == epoch) return;
    const TokenFile *file = batches->file;
    uint64_t key = random_bits(random_key(batches->seed, "order of stories"), epoch);
    for (size_t s = 0; s < file->stories; s++) batches->order[s] = (uint32_t)s;
    for (size_t s = file->stories; s-- > 1;) {
        size_t other = (size_t)random_below(key, s, s + 1);
        uint32_t swapped = batches->order[s];
        batches->order[s] = batches->order[other];
        batches->order[other] = swapped;
    }
    batches->start[0] = 0;
    for (size_t i = 0; i < file->stories; i++) {
        size_t s = batches->order[i];
        batches->start[i + 1] = batches->start[i] + (file->offset[s + 1] - file->offset[s]);
    }
    batches->epoch = epoch;
}

// The place i in the shuffled stream of token `position`: start[i] <= position < start[i + 1].
static size_t place_of(const Batches *batches, uint64_t position) {
    size_t low = 0, high = batches->file->stories;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (batches->start[middle] <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void copy_tokens(int32_t *out, const uint16_t *token, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = token[i];
}

// targets [T]: tokens row·T .. row·T + T-1 of the endless stream.
static void packed_row(Batches *batches, uint64_t row, int32_t *targets) {
    const TokenFile *file = batches->file;
    size_t T = (size_t)batches->T;
    uint64_t position = row * T;
    for (size_t done = 0; done < T;) {
        load_epoch(batches, position / file->tokens);
        uint64_t within = position % file->tokens;
        size_t place = place_of(batches, within);
        size_t run = (size_t)(batches->start[place + 1] - within);
        if (run > T - done) run = T - done;
        uint64_t from = file->offset[batches->order[place]] + (within - batches->start[place]);
        copy_tokens(targets + done, file->token + from, run);
        done += run;
        position += run;
    }
}

// targets [T]: the first tokens of one story, then TOKEN_PAD.
static void padded_row(Batches *batches, uint64_t row, int32_t *targets) {
    const TokenFile *file = batches->file;
    size_t T = (size_t)batches->T;
    load_epoch(batches, row / file->stories);
    size_t s = batches->order[row % file->stories];
    size_t size = (size_t)(file->offset[s + 1] - file->offset[s]);
    if (size > T) size = T;
    copy_tokens(targets, file->token + file->offset[s], size);
    for (size_t t = size; t < T; t++) targets[t] = TOKEN_PAD;
}

// The input of a row: TOKEN_END, then all targets but the last.
static void shift_right(int32_t *inputs, const int32_t *targets, size_t T) {
    inputs[0] = TOKEN_END;
    memcpy(inputs + 1, targets, (T - 1) * sizeof *inputs);
}

void batches_get(Batches *batches, uint64_t step, int32_t *inputs, int32_t *targets) {
    size_t B = (size_t)batches->B, T = (size_t)batches->T;
    for (size_t b = 0; b < B; b++) {
        uint64_t row = step * B + b;
        if (batches->mode == BATCH_PACKED)
            packed_row(batches, row, targets + b * T);
        else
            padded_row(batches, row, targets + b * T);
        shift_right(inputs + b * T, targets + b * T, T);
    }
}

uint64_t batches_per_epoch(const Batches *batches) {
    // at least one: batches_open checks that
    size_t B = (size_t)batches->B, T = (size_t)batches->T;
    return batches->mode == BATCH_PACKED ? batches->file->tokens / (B * T)
                                         : batches->file->stories / B;
}

int eval_batch(const TokenFile *file, int B, int T, uint64_t batch, int32_t *inputs,
               int32_t *targets) {
    size_t rows = file->tokens / (size_t)T + (file->tokens % (size_t)T != 0);
    if (batch > rows / (size_t)B) return 0;
    int used = 0;
    for (int b = 0; b < B; b++) {
        size_t row = (size_t)batch * (size_t)B + (size_t)b, done = 0;
        int32_t *target = targets + (size_t)b * (size_t)T;
        if (row < rows) {
            size_t left = file->tokens - row * (size_t)T;
            done = left < (size_t)T ? left : (size_t)T;
            copy_tokens(target, file->token + row * (size_t)T, done);
            used++;
        }
        for (size_t t = done; t < (size_t)T; t++) target[t] = TOKEN_PAD;
        shift_right(inputs + (size_t)b * (size_t)T, target, (size_t)T);
    }
    return used;
}
