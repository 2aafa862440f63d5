#include "reference/data/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

// Encodes the bytes and decodes them again; with `same` they must be equal.
static void round_trip(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                       bool same) {
    TokenList ids = { 0 };
    ByteList bytes = { 0 };
    require(tokenizer_encode(tokenizer, text, size, raw, &ids));
    for (size_t i = 0; i < ids.count; i++)
        require((int)ids.ids[i] < tokenizer_vocabulary(tokenizer));
    require(tokenizer_decode(tokenizer, ids.ids, ids.count, &bytes));
    if (same) require(bytes.count == size && (size == 0 || memcmp(bytes.bytes, text, size) == 0));
    free(ids.ids);
    free(bytes.bytes);
}

// The bytes as a tokenizer.json: one that is accepted can encode anything, a refusal is one line.
static void read_as_file(const char *text, size_t size) {
    Error error = { "" };
    Tokenizer *tokenizer = tokenizer_parse(text, size, "fuzz.json", &error);
    if (tokenizer == NULL) {
        require(strstr(error.text, "fuzz.json: ") == error.text &&
                strchr(error.text, '\n') == NULL);
        return;
    }
    round_trip(tokenizer, text, size, false, false);
    round_trip(tokenizer, text, size, true, false);
    tokenizer_free(tokenizer);
}

// The bytes as a text: a tokenizer trained on it restores the same bytes, whatever they are.
static void read_as_text(const char *text, size_t size) {
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    require(trainer != NULL && tokenizer_trainer_add(trainer, text, size));
    Tokenizer *tokenizer = tokenizer_trainer_finish(trainer, 300, false, NULL);
    require(tokenizer != NULL);
    round_trip(tokenizer, text, size, true, true);
    round_trip(tokenizer, text, size, false, false);
    tokenizer_free(tokenizer);
    tokenizer_trainer_free(trainer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    read_as_file((const char *)bytes, size);
    read_as_text((const char *)bytes, size);
    return 0;
}
