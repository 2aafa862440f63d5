#ifndef REFERENCE_DATA_BASELINES_H
#define REFERENCE_DATA_BASELINES_H
#include "reference/data/token_file.h"

// What counting n-grams achieves: the losses a trained model has to beat.

// A trigram model with interpolated Kneser-Ney smoothing (Kneser and Ney 1995, in the interpolated
// form of Chen and Goodman 1999). For a token w after the tokens u, v, with c a count and N(·vw)
// the number of different tokens seen before vw:
//     p(w|uv) = (max(c(uvw) - d3, 0) + d3 N(uv·) p(w|v)) / c(uv)
//     p(w|v)  = (max(N(·vw) - d2, 0) + d2 N(v·)  p(w))   / N(·v·)
//     p(w)    = (max(N(·w)  - d1, 0) + d1 N(·)  1/V)     / N(··)
// Nothing is tuned: each discount is d = n1 / (n1 + 2 n2), from how many entries of its level were
// seen once and twice (Ney, Essen and Kneser 1994), or 0.75 where there are too few to estimate it.
// Every story begins after two TOKEN_ENDs.
typedef struct Trigram Trigram;

// Counts the first `tokens` tokens of the file. NULL: out of memory. Takes about 48 bytes for each
// different trigram.
Trigram *trigram_new(const TokenFile *file, size_t tokens, Error *error);
void trigram_free(Trigram *trigram);
double trigram_probability(const Trigram *trigram, uint16_t u, uint16_t v, uint16_t w); // never 0

// At most this many tokens are counted: more text hardly helps, and the tables stay below half a
// gigabyte.
enum { BASELINE_TOKENS = 10000000 };

typedef struct {
    // cross-entropy in nats per token, over every token of the validation file
    double unigram, trigram;
    size_t counted; // tokens of the training file that were counted
} Baselines;

// The unigram model adds one to every count: p(w) = (c(w) + 1) / (counted + V). The same bits for
// any number of threads.
bool baselines_measure(Baselines *out, const TokenFile *train, const TokenFile *valid,
                       Error *error);
#endif
