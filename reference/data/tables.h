#ifndef REFERENCE_DATA_TABLES_H
#define REFERENCE_DATA_TABLES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The two hash tables of the tokenizer. Both only grow; both probe linearly and stay at most half
// full.

enum { TABLE_NONE = UINT32_MAX };

// Room for `wanted` elements of `size` bytes in a growing array, doubled each time. Returns the
// array, moved perhaps, or NULL when there is no memory (the old one is left as it was).
void *grown(void *array, size_t *room, size_t wanted, size_t size);

// Byte strings, numbered 0, 1, 2, … in the order they were first seen; start from {0}.
typedef struct {
    uint32_t hash, number;
} WordSlot;

typedef struct {
    char *bytes; // all words end to end
    size_t bytes_room;
    size_t *start; // [count + 1]
    size_t start_room;
    uint32_t count;
    WordSlot *slots;
    size_t slot_count; // a power of two
} WordTable;

// TABLE_NONE: not there
uint32_t word_table_find(const WordTable *table, const char *word, size_t size);
// TABLE_NONE: out of memory
uint32_t word_table_add(WordTable *table, const char *word, size_t size);
void word_table_free(WordTable *table);

static inline const char *word_table_word(const WordTable *table, uint32_t number, size_t *size) {
    *size = table->start[number + 1] - table->start[number];
    return table->bytes + table->start[number];
}

// A number for each pair of token ids; start from {0}. Ids are below 65,535, so a pair is one
// 32-bit key, and keys are ordered as (left, right) is.
typedef struct {
    uint32_t key, value;
} PairSlot;

typedef struct {
    PairSlot *slots;
    size_t slot_count; // a power of two
    size_t count;
} PairTable;

static inline uint32_t pair_key(uint32_t left, uint32_t right) { return left << 16 | right; }

uint32_t pair_table_find(const PairTable *table, uint32_t key); // TABLE_NONE: not there
// The value that stands there, or `value` if none did. TABLE_NONE: out of memory.
uint32_t pair_table_add(PairTable *table, uint32_t key, uint32_t value);
void pair_table_free(PairTable *table);
#endif
