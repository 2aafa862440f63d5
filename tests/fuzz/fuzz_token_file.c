// Hostile token files: token_file_parse refuses them, or what it accepts satisfies token_file.h.
#include "reference/data/batches.h"
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { HEADER = 56, SUM_AT = 48 };

// Reads all contents of the file, as training and evaluation do.
static void use(const TokenFile *file) {
    require(file->V > TOKEN_END && file->V <= TOKENIZER_MAX_VOCABULARY && file->stories > 0);
    require(file->offset[0] == 0 && file->offset[file->stories] == file->tokens);
    for (size_t s = 0; s < file->stories; s++) require(file->offset[s] < file->offset[s + 1]);
    for (size_t s = 0; s < file->stories; s++)
        require(file->token[file->offset[s + 1] - 1] == TOKEN_END);
    for (size_t i = 0; i < file->tokens; i++) require(file->token[i] < file->V);
    int32_t inputs[3 * 5], targets[3 * 5];
    size_t scored = 0;
    for (uint64_t batch = 0; eval_batch(file, 3, 5, batch, inputs, targets) > 0; batch++)
        scored += sizeof targets;
    require(scored >= file->tokens);
    for (int mode = BATCH_PACKED; mode <= BATCH_PADDED; mode++) {
        Batches batches;
        if (!batches_open(&batches, file, (BatchMode)mode, 3, 5, 1, NULL)) continue;
        for (uint64_t step = 0; step < 3 * batches_per_epoch(&batches); step++) {
            batches_get(&batches, step, inputs, targets);
            for (int i = 0; i < 15; i++) require(targets[i] >= 0 && targets[i] < file->V);
        }
        batches_close(&batches);
    }
}

static void try_bytes(const uint8_t *bytes, size_t size) {
    TokenFile file;
    Error error = { "" };
    if (token_file_parse(&file, bytes, size, "fuzz.bin", &error)) {
        use(&file);
        token_file_close(&file);
    } else {
        require(strstr(error.text, "fuzz.bin: ") == error.text && strchr(error.text, '\n') == NULL);
    }
}

// Corrects the fields that no mutation gets right by chance, so that the later checks are reached.
static void repair(uint8_t *bytes, size_t size, bool counts) {
    static const uint8_t begin[] = {
        'S', 'G', 'A', 'T', 'T', 'O', 'K', 'S', 1, 0, 0, 0, 2, 0, 0, 0
    };
    memcpy(bytes, begin, sizeof begin);
    if (counts) {
        uint64_t stories = bytes[32] % ((size - HEADER) / 8 + 1), V = bytes[24] + 2u;
        uint64_t tokens = (size - HEADER - (stories + 1) * 8) / 2;
        memcpy(bytes + 24, &V, 8);
        memcpy(bytes + 32, &stories, 8);
        memcpy(bytes + 40, &tokens, 8);
    }
    XXH3_state_t *state = XXH3_createState();
    require(state != NULL);
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, bytes, SUM_AT);
    XXH3_64bits_update(state, bytes + HEADER, size - HEADER);
    uint64_t sum = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    memcpy(bytes + SUM_AT, &sum, sizeof sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    // of the exact size, so that reading past its end is detected; and aligned
    uint8_t *copy = calloc(1, size > 0 ? size : 1);
    require(copy != NULL);
    if (size > 0) memcpy(copy, bytes, size);
    try_bytes(copy, size);
    if (size >= HEADER + 8) {
        repair(copy, size, false);
        try_bytes(copy, size);
        repair(copy, size, true);
        try_bytes(copy, size);
    }
    free(copy);
    return 0;
}
