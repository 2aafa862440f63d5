#include "reference/data/baselines.h"
#include "reference/data/tokenizer.h"
#include <math.h>
#include <stdlib.h>

// ---- counts of n-grams

// A pair uv (or a trigram uvw) that was seen. `before` and `after` are used by pairs only.
typedef struct {
    uint64_t key;    // 1 + the tokens, 16 bits each; 0: a free slot
    uint32_t count;  // c(uv), only as the context of a third token; c(uvw)
    uint32_t before; // N(·uv): different tokens seen before it
    uint32_t after;  // N(uv·): different tokens seen after it
} Count;

// Linear probing, at most half full.
typedef struct {
    Count *items;
    size_t slots, used; // slots is a power of two
} Counts;

static uint64_t pair(uint64_t u, uint64_t v) { return (u << 16 | v) + 1; }
static uint64_t triple(uint64_t u, uint64_t v, uint64_t w) { return (u << 32 | v << 16 | w) + 1; }

// The slot of a key, or the free one where it belongs.
static Count *find(const Counts *counts, uint64_t key) {
    // the high bits of the product are well mixed
    uint64_t hash = key * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(hash >> 20) & (counts->slots - 1);
    while (counts->items[i].key != 0 && counts->items[i].key != key)
        i = (i + 1) & (counts->slots - 1);
    return &counts->items[i];
}

static Count *find_or_add(Counts *counts, uint64_t key) {
    Count *count = find(counts, key);
    if (count->key == 0) counts->used++;
    count->key = key;
    return count;
}

// Makes space for two more keys; pointers into the table become invalid.
static bool reserve(Counts *counts) {
    if (2 * (counts->used + 2) <= counts->slots) return true;
    Counts larger = { .slots = counts->slots == 0 ? 1024 : 2 * counts->slots,
                      .used = counts->used };
    larger.items = calloc(larger.slots, sizeof *larger.items);
    if (larger.items == NULL) return false;
    for (size_t i = 0; i < counts->slots; i++) {
        if (counts->items[i].key != 0) *find(&larger, counts->items[i].key) = counts->items[i];
    }
    free(counts->items);
    *counts = larger;
    return true;
}

// ---- the trigram model

// Of one token: c(w), N(·w), N(w·), N(·w·).
typedef struct {
    uint32_t count, before, after, around;
} Word;

struct Trigram {
    int V;
    size_t counted;
    Word *words; // [V]
    Counts pairs, triples;
    uint64_t different_pairs; // N(··)
    uint64_t different_words; // N(·)
    double discount[4];       // d1, d2, d3 at 1, 2, 3
};

// Counts one trigram uvw. N(·vw), N(·v·) and the rest count different tokens, so they grow only the
// first time.
static bool count_one(Trigram *trigram, uint16_t u, uint16_t v, uint16_t w) {
    if (!reserve(&trigram->pairs) || !reserve(&trigram->triples)) return false;
    trigram->words[w].count++;
    Count *uv = find_or_add(&trigram->pairs, pair(u, v));
    uv->count++;
    Count *uvw = find_or_add(&trigram->triples, triple(u, v, w));
    if (uvw->count++ > 0) return true;
    uv->after++;
    trigram->words[v].around++;
    Count *vw = find_or_add(&trigram->pairs, pair(v, w));
    if (vw->before++ > 0) return true;
    trigram->words[v].after++;
    trigram->different_pairs++;
    if (trigram->words[w].before++ == 0) trigram->different_words++;
    return true;
}

static double discount_from(uint64_t seen_once, uint64_t seen_twice) {
    if (seen_once == 0 || seen_twice == 0) return 0.75;
    return (double)seen_once / (double)(seen_once + 2 * seen_twice);
}

static void estimate_discounts(Trigram *trigram) {
    uint64_t seen[4][3] = { { 0 } }; // by level: how many were seen once and twice
    for (int w = 0; w < trigram->V; w++) {
        uint32_t n = trigram->words[w].before;
        if (n == 1 || n == 2) seen[1][n]++;
    }
    for (size_t i = 0; i < trigram->pairs.slots; i++) {
        uint32_t n = trigram->pairs.items[i].before;
        if (n == 1 || n == 2) seen[2][n]++;
    }
    for (size_t i = 0; i < trigram->triples.slots; i++) {
        uint32_t n = trigram->triples.items[i].count;
        if (n == 1 || n == 2) seen[3][n]++;
    }
    for (int level = 1; level <= 3; level++)
        trigram->discount[level] = discount_from(seen[level][1], seen[level][2]);
}

Trigram *trigram_new(const TokenFile *file, size_t tokens, Error *error) {
    Trigram *trigram = calloc(1, sizeof *trigram);
    if (trigram != NULL) trigram->words = calloc((size_t)file->V, sizeof *trigram->words);
    bool ok = trigram != NULL && trigram->words != NULL;
    if (ok) {
        trigram->V = file->V;
        trigram->counted = tokens < file->tokens ? tokens : file->tokens;
        ok = reserve(&trigram->pairs) && reserve(&trigram->triples);
    }
    for (size_t s = 0; ok && s < file->stories && file->offset[s] < trigram->counted; s++) {
        uint16_t u = TOKEN_END, v = TOKEN_END;
        for (uint64_t i = file->offset[s]; ok && i < file->offset[s + 1] && i < trigram->counted;
             i++) {
            uint16_t w = file->token[i];
            ok = count_one(trigram, u, v, w);
            u = v;
            v = w;
        }
    }
    if (ok) {
        estimate_discounts(trigram);
        return trigram;
    }
    trigram_free(trigram);
    fail(error, "%s: out of memory for counting trigrams", file->path);
    return NULL;
}

void trigram_free(Trigram *trigram) {
    if (trigram == NULL) return;
    free(trigram->words);
    free(trigram->pairs.items);
    free(trigram->triples.items);
    free(trigram);
}

// One line of the model: the discounted count, and the discounted mass distributed by `lower`.
static double interpolate(uint64_t count, double discount, uint64_t different, double lower,
                          uint64_t total) {
    if (total == 0) return lower;
    double discounted = count > 0 ? (double)count - discount : 0.0; // discounts are below 1
    return (discounted + discount * (double)different * lower) / (double)total;
}

double trigram_probability(const Trigram *trigram, uint16_t u, uint16_t v, uint16_t w) {
    const Word *words = trigram->words;
    const double *d = trigram->discount;
    double p = 1.0 / trigram->V;
    p = interpolate(words[w].before, d[1], trigram->different_words, p, trigram->different_pairs);
    p = interpolate(find(&trigram->pairs, pair(v, w))->before, d[2], words[v].after, p,
                    words[v].around);
    const Count *uv = find(&trigram->pairs, pair(u, v)); // a free slot holds zeros
    return interpolate(find(&trigram->triples, triple(u, v, w))->count, d[3], uv->after, p,
                       uv->count);
}

// ---- cross-entropy

enum { BLOCK = 64 }; // stories summed by one thread: fixed, so that the order of summation is too

typedef struct {
    double unigram, trigram;
} Sums;

static Sums score_stories(const Trigram *trigram, const TokenFile *valid, size_t first,
                          size_t last) {
    Sums sums = { 0 };
    for (size_t s = first; s < last; s++) {
        uint16_t u = TOKEN_END, v = TOKEN_END;
        for (uint64_t i = valid->offset[s]; i < valid->offset[s + 1]; i++) {
            uint16_t w = valid->token[i];
            double one_more = (double)trigram->words[w].count + 1;
            sums.unigram -= log(one_more / (double)(trigram->counted + (size_t)trigram->V));
            sums.trigram -= log(trigram_probability(trigram, u, v, w));
            u = v;
            v = w;
        }
    }
    return sums;
}

bool baselines_measure(Baselines *out, const TokenFile *train, const TokenFile *valid,
                       Error *error) {
    *out = (Baselines){ 0 };
    if (train->V != valid->V || train->tokenizer_hash != valid->tokenizer_hash) {
        return fail(
            error,
            "%s and %s were made with different tokenizers; make both with one `sgatlin data`",
            train->path, valid->path);
    }
    Trigram *trigram = trigram_new(train, BASELINE_TOKENS, error);
    if (trigram == NULL) return false;
    size_t blocks = valid->stories / BLOCK + (valid->stories % BLOCK != 0);
    Sums *sums = malloc(blocks * sizeof *sums);
    if (sums != NULL) {
#pragma omp parallel for schedule(dynamic)
        for (size_t b = 0; b < blocks; b++) {
            size_t first = b * BLOCK,
                   last = first + BLOCK < valid->stories ? first + BLOCK : valid->stories;
            sums[b] = score_stories(trigram, valid, first, last);
        }
        for (size_t b = 0; b < blocks; b++) {
            out->unigram += sums[b].unigram / (double)valid->tokens;
            out->trigram += sums[b].trigram / (double)valid->tokens;
        }
        out->counted = trigram->counted;
    }
    bool ok = sums != NULL || fail(error, "%s: out of memory for scoring it", valid->path);
    free(sums);
    trigram_free(trigram);
    return ok;
}
