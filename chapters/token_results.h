#ifndef CHAPTERS_TOKEN_RESULTS_H
#define CHAPTERS_TOKEN_RESULTS_H
#include "tests/harness/expect.h"

// For the tests of chapters 05 and 06: the results of all tokens of a layer that takes one at a
// time, in the layout of the golden files.
typedef struct {
    size_t N, D, keys, entries; // tokens; numbers per token
    double *y, *dx;             // [N,D]
    double *scores;             // [N,keys] of all keys
    double *score, *index;      // [N,entries] the gating
} TokenResults;

TokenResults token_results_new(size_t N, size_t D, size_t keys, size_t entries);
void token_results_free(TokenResults *r);
// One token: y, dx [D], scores [keys], score, index [entries].
void token_results_set(TokenResults *r, size_t t, const double *y, const double *dx,
                       const double *scores, const double *score, const int *index);
// All of them are the tensors of the file.
void expect_token_results(const Safetensors *file, const TokenResults *r);
#endif
