#ifndef REFERENCE_DATA_TABLES_H
#define REFERENCE_DATA_TABLES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The two hash tables of the tokenizer: insert only, linear probing, at most half full.

enum { TABLE_NONE = UINT32_MAX };

// Byte strings, numbered 0, 1, 2, … in the order they were added; start from {0}.
typedef struct {
    uint32_t hash, number;
} WordSlot;

typedef struct {
    char *bytes; // all words end to end
    size_t bytes_capacity;
    size_t *start; // [count + 1]
    size_t start_capacity;
    uint32_t count;
    WordSlot *slots;
    size_t slot_count; // a power of two
} WordTable;

// TABLE_NONE: not found
uint32_t word_table_find(const WordTable *table, const char *word, size_t size);
// TABLE_NONE: out of memory
uint32_t word_table_add(WordTable *table, const char *word, size_t size);
void word_table_free(WordTable *table);

static inline const char *word_table_word(const WordTable *table, uint32_t number, size_t *size) {
    *size = table->start[number + 1] - table->start[number];
    return table->bytes + table->start[number];
}

// A number for each pair of token ids; start from {0}. Ids are below 65,535, so a pair is one
// 32-bit key, and keys compare as (left, right) does.
typedef struct {
    uint32_t key, value;
} PairSlot;

typedef struct {
    PairSlot *slots;
    size_t slot_count; // a power of two
    size_t count;
} PairTable;

static inline uint32_t pair_key(uint32_t left, uint32_t right) { return left << 16 | right; }

uint32_t pair_table_find(const PairTable *table, uint32_t key); // TABLE_NONE: not found
// Returns the key's value, or `value` after adding it. TABLE_NONE: out of memory.
uint32_t pair_table_add(PairTable *table, uint32_t key, uint32_t value);
void pair_table_free(PairTable *table);
#endif
