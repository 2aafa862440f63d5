#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer_parts.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>

// Training counts each distinct pre-token and then works on those alone: a merge visits only the
// places of its pair and corrects the counts of the neighbouring pairs. A merge removes a symbol
// and records two places, each visited once, so all visits together are linear in the bytes of the
// distinct words. The order of merges, ties included, is that of Hugging Face's BpeTrainer: the
// same texts give the same vocabulary.

// New words are ignored once the distinct ones have this many bytes, which bounds memory. A library
// of books does not reach it; gigabytes of random letters do.
enum { MAX_DISTINCT_BYTES = 1 << 26 };

struct TokenizerTrainer {
    WordTable words;
    int64_t *counts; // [counted]: how often each word was seen
    size_t counted, counts_capacity;
};

TokenizerTrainer *tokenizer_trainer_new(void) { return calloc(1, sizeof(TokenizerTrainer)); }

void tokenizer_trainer_free(TokenizerTrainer *trainer) {
    if (trainer == NULL) return;
    word_table_free(&trainer->words);
    free(trainer->counts);
    free(trainer);
}

static bool count_word(void *context, const char *word, size_t size) {
    TokenizerTrainer *trainer = context;
    const WordTable *words = &trainer->words;
    bool full = words->count > 0 && words->start[words->count] >= MAX_DISTINCT_BYTES;
    if (full && word_table_find(words, word, size) == TABLE_NONE) return true;
    uint32_t number = word_table_add(&trainer->words, word, size);
    if (number == TABLE_NONE) return false;
    if (number == trainer->counted) {
        int64_t *counts = array_grow(trainer->counts, &trainer->counts_capacity,
                                     trainer->counted + 1, sizeof *counts);
        if (counts == NULL) return false;
        trainer->counts = counts;
        counts[trainer->counted++] = 0;
    }
    trainer->counts[number]++;
    return true;
}

bool tokenizer_trainer_add(TokenizerTrainer *trainer, const char *text, size_t size) {
    return pretokenize(text, size, false, count_word, trainer);
}

typedef struct {
    uint32_t word, offset; // a byte of a word
} Place;

// Two adjacent tokens. All places where they are adjacent appear in one step, the one that made the
// later of the two (or at the start); from then on there are only fewer.
typedef struct {
    uint32_t key;
    int64_t count;
    Place *places; // of the left token when the pair appeared; in order
    size_t place_count, place_capacity;
} Pair;

enum { HOLE = UINT16_MAX };

// A pair in the heap, with its count when it was last updated there.
typedef struct {
    int64_t count;
    uint32_t key, pair; // pair: index into pairs
} Candidate;

typedef struct {
    const TokenizerTrainer *trainer;
    // One entry for each byte of each word: a token's id at its first and last byte, HOLE between.
    // So the tokens before and after a place are found without links.
    uint16_t *symbols;
    PairTable numbers; // key → index into pairs
    Pair *pairs;
    size_t pair_count, pairs_capacity;
    size_t queued; // pairs before this one are in the heap
    Candidate *heap;
    size_t heap_count, heap_capacity;
    Tokenizer *tokenizer;
} Training;

static Pair *pair_of(Training *training, uint32_t key) {
    uint32_t number = pair_table_add(&training->numbers, key, (uint32_t)training->pair_count);
    if (number == TABLE_NONE) return NULL;
    if (number < training->pair_count) return &training->pairs[number];
    Pair *pairs = array_grow(training->pairs, &training->pairs_capacity, training->pair_count + 1,
                             sizeof *pairs);
    if (pairs == NULL) return NULL;
    training->pairs = pairs;
    pairs[training->pair_count] = (Pair){ .key = key };
    return &pairs[training->pair_count++];
}

static bool add_place(Training *training, uint32_t left, uint32_t right, Place place) {
    Pair *pair = pair_of(training, pair_key(left, right));
    if (pair == NULL) return false;
    Place *places =
        array_grow(pair->places, &pair->place_capacity, pair->place_count + 1, sizeof *places);
    if (places == NULL) return false;
    pair->places = places;
    places[pair->place_count++] = place;
    pair->count += training->trainer->counts[place.word];
    return true;
}

// The place stays in the pair's list; a stale place is recognized when it is visited.
static void remove_place(Training *training, uint32_t left, uint32_t right, uint32_t word) {
    uint32_t number = pair_table_find(&training->numbers, pair_key(left, right));
    training->pairs[number].count -= training->trainer->counts[word];
}

// The highest count first, ties by (left id, right id), lower first.
static bool goes_before(const Candidate *a, const Candidate *b) {
    return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static bool candidate_push(Training *training, Candidate candidate) {
    Candidate *heap = array_grow(training->heap, &training->heap_capacity, training->heap_count + 1,
                                 sizeof *heap);
    if (heap == NULL) return false;
    training->heap = heap;
    size_t i = training->heap_count++;
    for (; i > 0 && goes_before(&candidate, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = candidate;
    return true;
}

// Replaces the first candidate.
static void candidate_replace_first(Training *training, Candidate candidate) {
    Candidate *heap = training->heap;
    size_t i = 0, count = training->heap_count;
    while (2 * i + 1 < count) {
        size_t child = 2 * i + 1;
        if (child + 1 < count && goes_before(&heap[child + 1], &heap[child])) child++;
        if (!goes_before(&heap[child], &candidate)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = candidate;
}

// Adds the pairs that appeared in this step to the heap.
static bool queue_new_pairs(Training *training) {
    for (; training->queued < training->pair_count; training->queued++) {
        const Pair *pair = &training->pairs[training->queued];
        // already gone, as (x, a) is when aaaa becomes xaa, then xx
        if (pair->count < 1) continue;
        if (!candidate_push(training,
                            (Candidate){ pair->count, pair->key, (uint32_t)training->queued }))
            return false;
    }
    return true;
}

// Removes and returns the pair to merge next. NULL: none is left.
static Pair *take_best(Training *training) {
    while (training->heap_count > 0) {
        Candidate best = training->heap[0];
        Pair *pair = &training->pairs[best.pair];
        if (best.count == pair->count) {
            if (pair->count < 1) return NULL;
            training->heap_count--;
            candidate_replace_first(training, training->heap[training->heap_count]);
            return pair;
        }
        best.count = pair->count; // fewer than when it was queued: move it down
        candidate_replace_first(training, best);
    }
    return NULL;
}

static size_t token_size(const Training *training, uint32_t id) {
    const size_t *start = training->tokenizer->tokens.start;
    return start[id + 1] - start[id];
}

// Merges the pair at a place, if it is still there, and updates the counts of its neighbours.
static bool merge_place(Training *training, Place place, Merge merge) {
    const size_t *start = training->trainer->words.start + place.word;
    uint16_t *symbols = training->symbols + start[0];
    size_t length = start[1] - start[0], begin = place.offset;
    size_t middle = begin + token_size(training, merge.left);
    size_t end = middle + token_size(training, merge.right);
    if (end > length || symbols[begin] != merge.left || symbols[middle] != merge.right) return true;
    symbols[middle - 1] = symbols[middle] = HOLE;
    symbols[begin] = symbols[end - 1] = (uint16_t)merge.result;
    if (begin > 0) {
        uint32_t before = symbols[begin - 1];
        Place joint = { place.word, (uint32_t)(begin - token_size(training, before)) };
        remove_place(training, before, merge.left, place.word);
        if (!add_place(training, before, merge.result, joint)) return false;
    }
    if (end < length) {
        uint32_t after = symbols[end];
        remove_place(training, merge.right, after, place.word);
        if (!add_place(training, merge.result, after, place)) return false;
    }
    return true;
}

// Adds the token that merging a pair makes.
static bool make_token(Training *training, uint32_t key, Merge *merge) {
    WordTable *tokens = &training->tokenizer->tokens;
    size_t left_size, right_size;
    *merge = (Merge){ .left = key >> 16, .right = key & 0xffff };
    const char *left = word_table_word(tokens, merge->left, &left_size);
    const char *right = word_table_word(tokens, merge->right, &right_size);
    char *bytes = malloc(left_size + right_size);
    if (bytes == NULL) return false;
    memcpy(bytes, left, left_size);
    memcpy(bytes + left_size, right, right_size);
    merge->result = word_table_add(tokens, bytes, left_size + right_size);
    free(bytes);
    return merge->result != TABLE_NONE;
}

static bool add_merge(Tokenizer *tokenizer, Merge merge) {
    Merge *merges = array_grow(tokenizer->merges, &tokenizer->merge_capacity,
                               tokenizer->merge_count + 1, sizeof *merges);
    if (merges == NULL) return false;
    tokenizer->merges = merges;
    merges[tokenizer->merge_count++] = merge;
    return true;
}

static bool learn_merges(Training *training, uint32_t vocabulary) {
    while (training->tokenizer->tokens.count < vocabulary) {
        Pair *best = take_best(training);
        if (best == NULL) break;
        Merge merge;
        Place *places = best->places; // `pairs` moves as it grows
        size_t count = best->place_count;
        best->places = NULL;
        bool ok = make_token(training, best->key, &merge) && add_merge(training->tokenizer, merge);
        for (size_t i = 0; ok && i < count; i++) ok = merge_place(training, places[i], merge);
        free(places);
        if (!ok || !queue_new_pairs(training)) return false;
    }
    return true;
}

// The special tokens, then the 256 bytes in the order of their symbols.
static bool add_alphabet(Tokenizer *tokenizer) {
    for (int i = 0; i < TOKENIZER_SPECIALS; i++) {
        const char *name = special_tokens[i];
        if (word_table_add(&tokenizer->tokens, name, strlen(name)) == TABLE_NONE) return false;
    }
    for (int32_t symbol = 0; tokenizer->tokens.count < TOKENIZER_SPECIALS + 256; symbol++) {
        char byte = (char)symbol_byte(symbol);
        if (symbol_byte(symbol) >= 0 && word_table_add(&tokenizer->tokens, &byte, 1) == TABLE_NONE)
            return false;
    }
    return true;
}

// The words as symbols, and all their pairs counted.
static bool begin_training(Training *training) {
    const WordTable *words = &training->trainer->words;
    size_t total = words->count ? words->start[words->count] : 0;
    training->symbols = malloc((total + 1) * sizeof *training->symbols);
    if (training->symbols == NULL) return false;
    for (size_t i = 0; i < total; i++) {
        training->symbols[i] =
            (uint16_t)word_table_find(&training->tokenizer->tokens, words->bytes + i, 1);
    }
    for (uint32_t word = 0; word < words->count; word++) {
        const uint16_t *symbols = training->symbols + words->start[word];
        size_t length = words->start[word + 1] - words->start[word];
        for (uint32_t i = 0; i + 1 < length; i++) {
            if (!add_place(training, symbols[i], symbols[i + 1], (Place){ word, i })) return false;
        }
    }
    return queue_new_pairs(training);
}

static void end_training(Training *training) {
    for (size_t i = 0; i < training->pair_count; i++) free(training->pairs[i].places);
    free(training->heap);
    free(training->pairs);
    pair_table_free(&training->numbers);
    free(training->symbols);
}

Tokenizer *tokenizer_trainer_finish(TokenizerTrainer *trainer, int vocabulary, bool exact,
                                    Error *error) {
    if (vocabulary < TOKENIZER_SPECIALS + 256 || vocabulary > TOKENIZER_MAX_VOCABULARY) {
        fail(error,
             "vocabulary: %d tokens requested, expected %d (two special tokens and every byte) to "
             "%d",
             vocabulary, TOKENIZER_SPECIALS + 256, TOKENIZER_MAX_VOCABULARY);
        return NULL;
    }
    Training training = { .trainer = trainer, .tokenizer = calloc(1, sizeof(Tokenizer)) };
    bool ok = training.tokenizer != NULL && add_alphabet(training.tokenizer) &&
              begin_training(&training) && learn_merges(&training, (uint32_t)vocabulary);
    end_training(&training);
    ok = ok && tokenizer_complete(training.tokenizer);
    if (!ok) {
        fail(error, "vocabulary: out of memory while training");
    } else if (exact && tokenizer_vocabulary(training.tokenizer) < vocabulary) {
        int given = tokenizer_vocabulary(training.tokenizer);
        ok = fail(error,
                  "vocabulary: the texts give only %d tokens, %d were asked for: ask for %d or "
                  "fewer, or give more text",
                  given, vocabulary, given);
    }
    if (ok) return training.tokenizer;
    tokenizer_free(training.tokenizer);
    return NULL;
}
