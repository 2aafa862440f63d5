#include "reference/data/tables.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 1024 };

// The slot of the word, or the free one where it belongs.
static WordSlot *word_slot(const WordTable *table, uint32_t hash, const char *word, size_t size) {
    for (size_t i = hash;; i++) {
        WordSlot *slot = &table->slots[i & (table->slot_count - 1)];
        if (slot->number == TABLE_NONE) return slot;
        if (slot->hash != hash) continue;
        size_t found_size;
        const char *found = word_table_word(table, slot->number, &found_size);
        if (found_size == size && memcmp(found, word, size) == 0) return slot;
    }
}

uint32_t word_table_find(const WordTable *table, const char *word, size_t size) {
    if (table->count == 0) return TABLE_NONE;
    return word_slot(table, (uint32_t)XXH3_64bits(word, size), word, size)->number;
}

static bool word_table_widen(WordTable *table) {
    size_t larger = table->slot_count ? table->slot_count * 2 : FIRST_SLOTS;
    WordSlot *slots = malloc(larger * sizeof *slots);
    if (slots == NULL) return false;
    memset(slots, 0xff, larger * sizeof *slots);
    for (size_t i = 0; i < table->slot_count; i++) {
        if (table->slots[i].number == TABLE_NONE) continue;
        size_t slot = table->slots[i].hash & (larger - 1);
        while (slots[slot].number != TABLE_NONE) slot = (slot + 1) & (larger - 1);
        slots[slot] = table->slots[i];
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = larger;
    return true;
}

// Makes space for one more word of `size` bytes.
static bool word_table_reserve(WordTable *table, size_t size) {
    if (table->count >= TABLE_NONE - 1) return false;
    if (2 * ((size_t)table->count + 1) > table->slot_count && !word_table_widen(table))
        return false;
    size_t *start =
        array_grow(table->start, &table->start_capacity, (size_t)table->count + 2, sizeof *start);
    if (start == NULL) return false;
    table->start = start;
    if (table->count == 0) start[0] = 0;
    char *bytes =
        array_grow(table->bytes, &table->bytes_capacity, start[table->count] + size + 1, 1);
    if (bytes == NULL) return false;
    table->bytes = bytes;
    return true;
}

uint32_t word_table_add(WordTable *table, const char *word, size_t size) {
    if (!word_table_reserve(table, size)) return TABLE_NONE;
    uint32_t hash = (uint32_t)XXH3_64bits(word, size);
    WordSlot *slot = word_slot(table, hash, word, size);
    if (slot->number != TABLE_NONE) return slot->number;
    size_t start = table->start[table->count];
    memcpy(table->bytes + start, word, size);
    *slot = (WordSlot){ hash, table->count };
    table->start[table->count + 1] = start + size;
    return table->count++;
}

void word_table_free(WordTable *table) {
    free(table->bytes);
    free(table->start);
    free(table->slots);
    *table = (WordTable){ 0 };
}

static PairSlot *pair_slot(const PairTable *table, uint32_t key) {
    // Fibonacci hashing: the upper half of the product is well mixed
    for (size_t i = key * 0x9e3779b97f4a7c15u >> 32;; i++) {
        PairSlot *slot = &table->slots[i & (table->slot_count - 1)];
        if (slot->key == key || slot->key == TABLE_NONE) return slot;
    }
}

uint32_t pair_table_find(const PairTable *table, uint32_t key) {
    return table->count == 0 ? TABLE_NONE : pair_slot(table, key)->value;
}

static bool pair_table_widen(PairTable *table) {
    PairTable wide = { .slot_count = table->slot_count ? table->slot_count * 2 : FIRST_SLOTS };
    wide.slots = malloc(wide.slot_count * sizeof *wide.slots);
    if (wide.slots == NULL) return false;
    memset(wide.slots, 0xff, wide.slot_count * sizeof *wide.slots);
    for (size_t i = 0; i < table->slot_count; i++) {
        if (table->slots[i].key != TABLE_NONE)
            *pair_slot(&wide, table->slots[i].key) = table->slots[i];
    }
    wide.count = table->count;
    free(table->slots);
    *table = wide;
    return true;
}

uint32_t pair_table_add(PairTable *table, uint32_t key, uint32_t value) {
    if (2 * (table->count + 1) > table->slot_count && !pair_table_widen(table)) return TABLE_NONE;
    PairSlot *slot = pair_slot(table, key);
    if (slot->key == key) return slot->value;
    *slot = (PairSlot){ key, value };
    table->count++;
    return value;
}

void pair_table_free(PairTable *table) {
    free(table->slots);
    *table = (PairTable){ 0 };
}
