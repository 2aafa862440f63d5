#ifndef REFERENCE_DATA_TOKENIZER_PARTS_H
#define REFERENCE_DATA_TOKENIZER_PARTS_H
#include "reference/data/tables.h"
#include "reference/data/tokenizer.h"

// The fields of a Tokenizer, for its three files: tokenizer.c, tokenizer_file.c, tokenizer_train.c.

typedef struct {
    uint32_t left, right, result; // ids
} Merge;

struct Tokenizer {
    WordTable tokens; // the bytes of each token; a token's number is its id
    Merge *merges;    // in order of rank: the lower is merged first
    size_t merge_count, merge_capacity;
    PairTable ranks;      // pair_key(left, right) → index into merges
    uint32_t symbol[256]; // each byte's id, TABLE_NONE: not in the vocabulary
    bool *whole;          // [V]: a pre-token of exactly these bytes encodes to this token
    size_t longest;       // bytes of the longest token
    uint64_t hash;
};

extern const char *const special_tokens[TOKENIZER_SPECIALS]; // by id

// Derives what encoding needs from `tokens` and `merges`, which must be complete and valid. false:
// out of memory.
bool tokenizer_complete(Tokenizer *tokenizer);
#endif
