#ifndef REFERENCE_DATA_TOKENIZER_PARTS_H
#define REFERENCE_DATA_TOKENIZER_PARTS_H
#include "reference/data/tables.h"
#include "reference/data/tokenizer.h"

// The inside of a Tokenizer, for the three files that make one: tokenizer.c, tokenizer_file.c,
// tokenizer_train.c.

typedef struct {
    uint32_t left, right, result; // ids
} Merge;

struct Tokenizer {
    WordTable tokens; // the bytes of each token; a token's number is its id
    Merge *merges;    // in order of rank: the lower is merged first
    size_t merge_count, merge_room;
    PairTable ranks;      // pair_key(left, right) → index into merges
    uint32_t symbol[256]; // each byte's id, TABLE_NONE where the vocabulary lacks it
    bool *whole;          // [V]: the token's bytes, met as a pre-token, encode to it alone
    size_t longest;       // bytes of the longest token
    uint64_t hash;
};

extern const char *const special_tokens[TOKENIZER_SPECIALS]; // by id

// Makes what encoding needs out of `tokens` and `merges`, which must be complete and right. false:
// out of memory.
bool tokenizer_complete(Tokenizer *tokenizer);
#endif
