#include "chapters/token_results.h"
#include <stdlib.h>
#include <string.h>

TokenResults token_results_new(size_t N, size_t D, size_t keys, size_t entries) {
    TokenResults r = { .N = N, .D = D, .keys = keys, .entries = entries };
    double *next = new_doubles(N * (2 * D + keys + 2 * entries));
    r.y = take(&next, N * D);
    r.dx = take(&next, N * D);
    r.scores = take(&next, N * keys);
    r.score = take(&next, N * entries);
    r.index = take(&next, N * entries);
    return r;
}

void token_results_free(TokenResults *r) {
    free(r->y);
    *r = (TokenResults){ 0 };
}

void token_results_set(TokenResults *r, size_t t, const double *y, const double *dx,
                       const double *scores, const double *score, const int *index) {
    memcpy(r->y + t * r->D, y, r->D * sizeof *y);
    memcpy(r->dx + t * r->D, dx, r->D * sizeof *dx);
    memcpy(r->scores + t * r->keys, scores, r->keys * sizeof *scores);
    memcpy(r->score + t * r->entries, score, r->entries * sizeof *score);
    for (size_t e = 0; e < r->entries; e++) r->index[t * r->entries + e] = index[e];
}

void expect_token_results(const Safetensors *file, const TokenResults *r) {
    expect_tensor(file, "router.scores", r->scores, r->N * r->keys);
    expect_tensor(file, "gating.scores", r->score, r->N * r->entries);
    expect_tensor(file, "gating.indices", r->index, r->N * r->entries);
    expect_tensor(file, "y", r->y, r->N * r->D);
    expect_tensor(file, "dx", r->dx, r->N * r->D);
}
