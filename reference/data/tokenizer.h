#ifndef REFERENCE_DATA_TOKENIZER_H
#define REFERENCE_DATA_TOKENIZER_H
#include "reference/data/special_tokens.h"
#include "reference/io/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Byte-level BPE as GPT-2 has it (Sennrich 2016, Radford 2019), in Hugging Face's tokenizer.json.
// Encoding, in this order: split the raw text at special tokens; NFKC each piece; one space before
// a piece unless it is empty or begins with one; split by GPT-2's pattern; bytes to symbols; drop
// symbols the vocabulary lacks; merge.

enum { TOKENIZER_MAX_VOCABULARY = 65535 };

typedef struct Tokenizer Tokenizer;

// A growing list of token ids; start from {0}, end with free(ids).
typedef struct {
    uint32_t *ids;
    size_t count, capacity;
} TokenList;

// A growing string of bytes (not NUL-terminated); start from {0}, end with free(bytes).
typedef struct {
    char *bytes;
    size_t count, capacity;
} ByteList;

// Reads tokenizer.json. Other kinds (WordPiece, other normalizers, …) are refused by name. NULL on
// failure.
Tokenizer *tokenizer_load(const char *path, Error *error);
// The same from memory; `where` names it in messages.
Tokenizer *tokenizer_parse(const char *json, size_t size, const char *where, Error *error);
bool tokenizer_save(const Tokenizer *tokenizer, const char *path, Error *error);
void tokenizer_free(Tokenizer *tokenizer);

// Training: add every text (one story each), then finish. The vocabulary is the two special tokens,
// the 256 byte symbols by code point, then merges: the pair with the highest count first, ties by
// (left id, right id), lower first.
typedef struct TokenizerTrainer TokenizerTrainer;
TokenizerTrainer *tokenizer_trainer_new(void); // NULL: out of memory
bool tokenizer_trainer_add(TokenizerTrainer *trainer, const char *text, size_t size);
// NULL when the texts give fewer tokens (the message says how many); with exact false the largest
// vocabulary up to `vocabulary` is made instead.
Tokenizer *tokenizer_trainer_finish(TokenizerTrainer *trainer, int vocabulary, bool exact,
                                    Error *error);
void tokenizer_trainer_free(TokenizerTrainer *trainer);

int tokenizer_vocabulary(const Tokenizer *tokenizer); // V
uint64_t tokenizer_hash(const Tokenizer *tokenizer);  // XXH3 of the vocabulary and the merges
// The bytes of a token (of a special token, its name). Owned by the tokenizer; id must be below V.
const char *tokenizer_token(const Tokenizer *tokenizer, uint32_t id, size_t *size);

// Appends the ids of a text of any bytes. raw: no splitting at special tokens, no NFKC, no prefix
// space, so that tokenizer_decode gives back the same bytes. Invalid UTF-8 is not normalized.
// false:
// out of memory. Thread-safe: encoding does not change a tokenizer.
bool tokenizer_encode(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                      TokenList *out);
// The same, passing ids to a sink in pieces, so that a text of any size takes bounded memory. The
// sink returns false to stop; then, and when out of memory, the result is false.
typedef bool TokenSink(void *context, const uint32_t *ids, size_t count);
bool tokenizer_encode_to(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                         TokenSink *sink, void *context);
// Appends the bytes; ids not below V are skipped. false: out of memory.
bool tokenizer_decode(const Tokenizer *tokenizer, const uint32_t *ids, size_t count, ByteList *out);
#endif
