#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer_parts.h"
#include <stdlib.h>
#include <string.h>

// Training counts each distinct pre-token once and then works on those alone: a merge visits only
// the places where the pair stood, and corrects the counts of the pairs around them. Every visit is
// to a place that was noted once, and a merge takes a symbol away and notes two, so all visits
// together are linear in the bytes of the distinct words. The order of merges, ties included, is
// that of Hugging Face's BpeTrainer: the same texts give the same vocabulary.

// Words first met when the distinct ones already hold this many bytes are left out, which bounds
// memory. The books of a library do not reach it; gigabytes of random letters do.
enum { MOST_DISTINCT = 1 << 26 };

struct TokenizerTrainer {
    WordTable words;
    int64_t *counts; // [counted]: how often each word was met
    size_t counted, counts_room;
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
    bool full = words->count > 0 && words->start[words->count] >= MOST_DISTINCT;
    if (full && word_table_find(words, word, size) == TABLE_NONE) return true;
    uint32_t number = word_table_add(&trainer->words, word, size);
    if (number == TABLE_NONE) return false;
    if (number == trainer->counted) {
        int64_t *counts =
            grown(trainer->counts, &trainer->counts_room, trainer->counted + 1, sizeof *counts);
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
    uint32_t word, at; // byte `at` of a word
} Place;

// Two neighbouring tokens. All places where they stand side by side come about in one step, the one
// that made the later of the two (or at the start); from then on they only grow fewer, and once
// merged they never meet again.
typedef struct {
    uint32_t key;
    int64_t count;
    Place *places; // of the left one, where the two stood at first; in order
    size_t place_count, place_room;
} Pair;

enum { HOLE = UINT16_MAX };

// A pair waiting for its merge, with its count when it was last looked at.
typedef struct {
    int64_t count;
    uint32_t key, pair; // pair: index into pairs
} Candidate;

typedef struct {
    const TokenizerTrainer *trainer;
    // Of each word's bytes, the first and the last of a token hold its id and those between hold
    // HOLE; so the token behind a place and the one before it are found without any links.
    uint16_t *symbols;
    PairTable numbers; // key → index into pairs
    Pair *pairs;
    size_t pair_count, pairs_room;
    size_t queued; // pairs before this one have become candidates
    Candidate *heap;
    size_t heap_count, heap_room;
    Tokenizer *tokenizer;
} Training;

static Pair *pair_of(Training *training, uint32_t key) {
    uint32_t number = pair_table_add(&training->numbers, key, (uint32_t)training->pair_count);
    if (number == TABLE_NONE) return NULL;
    if (number < training->pair_count) return &training->pairs[number];
    Pair *pairs =
        grown(training->pairs, &training->pairs_room, training->pair_count + 1, sizeof *pairs);
    if (pairs == NULL) return NULL;
    training->pairs = pairs;
    pairs[training->pair_count] = (Pair){ .key = key };
    return &pairs[training->pair_count++];
}

static bool gain_pair(Training *training, uint32_t left, uint32_t right, Place place) {
    Pair *pair = pair_of(training, pair_key(left, right));
    if (pair == NULL) return false;
    Place *places = grown(pair->places, &pair->place_room, pair->place_count + 1, sizeof *places);
    if (places == NULL) return false;
    pair->places = places;
    places[pair->place_count++] = place;
    pair->count += training->trainer->counts[place.word];
    return true;
}

// The place stays in the pair's list; that it has gone stale shows when it is visited.
static void lose_pair(Training *training, uint32_t left, uint32_t right, uint32_t word) {
    uint32_t number = pair_table_find(&training->numbers, pair_key(left, right));
    training->pairs[number].count -= training->trainer->counts[word];
}

// The highest count first; equal counts by (left id, right id), the lower first.
static bool goes_before(const Candidate *a, const Candidate *b) {
    return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static bool candidate_push(Training *training, Candidate candidate) {
    Candidate *heap =
        grown(training->heap, &training->heap_room, training->heap_count + 1, sizeof *heap);
    if (heap == NULL) return false;
    training->heap = heap;
    size_t at = training->heap_count++;
    for (; at > 0 && goes_before(&candidate, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = candidate;
    return true;
}

// Puts a candidate in the place of the first.
static void candidate_replace_first(Training *training, Candidate candidate) {
    Candidate *heap = training->heap;
    size_t at = 0, count = training->heap_count;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && goes_before(&heap[child + 1], &heap[child])) child++;
        if (!goes_before(&heap[child], &candidate)) break;
        heap[at] = heap[child];
    }
    heap[at] = candidate;
}

// Makes candidates of the pairs that came about in this step.
static bool queue_new_pairs(Training *training) {
    for (; training->queued < training->pair_count; training->queued++) {
        const Pair *pair = &training->pairs[training->queued];
        // gone within the step, as (x, a) is when aaaa becomes xaa, then xx
        if (pair->count < 1) continue;
        if (!candidate_push(training,
                            (Candidate){ pair->count, pair->key, (uint32_t)training->queued }))
            return false;
    }
    return true;
}

// Takes out the pair that is merged next. NULL: none is left.
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
        best.count = pair->count; // fewer than when it was queued: back to where it belongs now
        candidate_replace_first(training, best);
    }
    return NULL;
}

static size_t token_size(const Training *training, uint32_t id) {
    const size_t *start = training->tokenizer->tokens.start;
    return start[id + 1] - start[id];
}

// Makes one token of the pair at a place, if it still stands there, and counts what that changes
// around it.
static bool merge_at(Training *training, Place place, Merge merge) {
    const size_t *start = training->trainer->words.start + place.word;
    uint16_t *symbols = training->symbols + start[0];
    size_t length = start[1] - start[0], at = place.at,
           middle = at + token_size(training, merge.left);
    size_t end = middle + token_size(training, merge.right);
    if (end > length || symbols[at] != merge.left || symbols[middle] != merge.right) return true;
    symbols[middle - 1] = symbols[middle] = HOLE;
    symbols[at] = symbols[end - 1] = (uint16_t)merge.result;
    if (at > 0) {
        uint32_t before = symbols[at - 1];
        Place joint = { place.word, (uint32_t)(at - token_size(training, before)) };
        lose_pair(training, before, merge.left, place.word);
        if (!gain_pair(training, before, merge.result, joint)) return false;
    }
    if (end < length) {
        uint32_t behind = symbols[end];
        lose_pair(training, merge.right, behind, place.word);
        if (!gain_pair(training, merge.result, behind, place)) return false;
    }
    return true;
}

// The token that a pair makes.
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
    Merge *merges = grown(tokenizer->merges, &tokenizer->merge_room, tokenizer->merge_count + 1,
                          sizeof *merges);
    if (merges == NULL) return false;
    tokenizer->merges = merges;
    merges[tokenizer->merge_count++] = merge;
    return true;
}

static bool learn_merges(Training *training, uint32_t vocabulary) {
    Pair *best;
    while (training->tokenizer->tokens.count < vocabulary && (best = take_best(training)) != NULL) {
        Merge merge;
        Place *places = best->places; // `pairs` moves as it grows
        size_t count = best->place_count;
        best->places = NULL;
        bool ok = make_token(training, best->key, &merge) && add_merge(training->tokenizer, merge);
        for (size_t i = 0; ok && i < count; i++) ok = merge_at(training, places[i], merge);
        free(places);
        if (!ok || !queue_new_pairs(training)) return false;
    }
    return true;
}

// Specials, then the 256 bytes in the order of their symbols.
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
            if (!gain_pair(training, symbols[i], symbols[i + 1], (Place){ word, i })) return false;
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
             "vocabulary: %d tokens were asked for, wanted %d (two special tokens and every byte) "
             "to %d",
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
