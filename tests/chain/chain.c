#include "tests/chain/chain.h"
#include "tests/chain/chapter_ffn.h"
#include "tests/chain/chapter_moe.h"
#include "tests/harness/compare.h"
#include <math.h>
#include <stdlib.h>

// Measured worst, relative to the tensor's rms: scores 9e-7, y 3.3e-6, gradients 1.6e-5 (gelu,
// whose argument is large where F is 1). About three times that, for other machines' order of
// summation.
static const Tolerance FORWARD = { .relative = 1e-5 }, BACKWARD = { .relative = 5e-5 };

static bool agree(const char *what, const double *got, const double *want, size_t count,
                  Tolerance tolerance, double *worst, Error *error) {
    Difference difference;
    if (!compare_values(&difference, what, (Values){ got, count }, (Values){ want, count },
                        tolerance))
        return fail(error, "%s", difference.problem);
    if (difference.rms > 0) *worst = fmax(*worst, difference.worst / difference.rms);
    return true;
}

// want [N,C,K] = the chapter's scores of the experts that the reference chose. false: those are no
// K different experts.
static bool scores_of_chosen(double *want, const LayerNumbers *got, const LayerNumbers *chapter,
                             Error *error) {
    const Config *config = &chapter->config;
    Sgatlin s = chapter_sgatlin(config);
    size_t keys = (size_t)sgatlin_lists(&s) * sgatlin_keys(&s), K = (size_t)config->K;
    for (size_t i = 0; i < (size_t)chapter->N * config->C * K; i++) {
        size_t row = i / K; // of [N,C]
        if (got->index[i] < 0 || got->index[i] >= config->F)
            return fail(error, "index[%zu] is %d", i, got->index[i]);
        for (size_t j = row * K; j < i; j++) {
            if (got->index[i] == got->index[j])
                return fail(error, "row %zu chose %d twice", row, got->index[i]);
        }
        want[i] = chapter_score(config, chapter->scores + row / config->C * keys,
                                (int)(row % config->C), got->index[i]);
    }
    return true;
}

// Steps one and two. The scores of whatever was chosen agree with the chapter's; rank by rank the
// chosen expert is as good as the chapter's choice, to the error that two scores may have. Rows
// where it is another are counted.
static bool choice_agrees(const LayerNumbers *got, const LayerNumbers *chapter, double *want,
                          Seen *seen, Error *error) {
    int K = chapter->config.K;
    size_t entries = (size_t)chapter->N * chapter->config.C * K;
    if (!scores_of_chosen(want, got, chapter, error)) return false;
    if (!agree("score", got->score, want, entries, FORWARD, &seen->scores, error)) return false;
    double close = 2 * FORWARD.relative * root_mean_square(want, entries);
    for (size_t row = 0; row < entries / K; row++) {
        bool other = false;
        for (size_t i = row * K; i < (row + 1) * K; i++) {
            other = other || got->index[i] != chapter->index[i];
            if (fabs(want[i] - chapter->score[i]) > close)
                return fail(error, "rank %zu of row %zu is %d, wanted %d", i % K, row,
                            got->index[i], chapter->index[i]);
        }
        seen->other_choices += other;
        seen->rows++;
    }
    return true;
}

// ---- the same two steps where the gating is a list by token

// Two tables [N,E] of the chapter's, and the sorted ranks of what a rung took from each pool.
typedef struct {
    double *rank, *weight, *got, *want;
} Tables;

static bool tables_new(Tables *out, const LayerNumbers *chapter, Error *error) {
    const Config *config = &chapter->config;
    size_t cells = (size_t)chapter->N * config->E;
    out->rank = malloc(4 * cells * sizeof *out->rank);
    if (out->rank == NULL) return fail(error, "no memory for a table of %d tokens", chapter->N);
    out->weight = out->rank + cells;
    out->got = out->weight + cells;
    out->want = out->got + cells;
    for (size_t row = 0; row < cells; row += (size_t)config->E) {
        chapter_moe_row(out->rank + row, out->weight + row, config, chapter->scores + row);
    }
    return true;
}

// The list is one: in order, of experts that are there, none twice, each token's best first.
static bool list_is_sound(const LayerNumbers *got, const Tables *tables, double close,
                          Error *error) {
    int E = got->config.E;
    if (got->start[0] != 0) return fail(error, "start[0] is %d", got->start[0]);
    for (int t = 0; t < got->N; t++) {
        if (got->start[t + 1] < got->start[t])
            return fail(error, "start[%d] is %d", t + 1, got->start[t + 1]);
        for (int i = got->start[t]; i < got->start[t + 1]; i++) {
            int e = got->index[i];
            const double *rank = tables->rank + (size_t)t * E;
            if (e < 0 || e >= E) return fail(error, "entry %d of token %d is %d", i, t, e);
            for (int j = got->start[t]; j < i; j++) {
                if (got->index[j] == e) return fail(error, "token %d has expert %d twice", t, e);
            }
            if (i > got->start[t] && rank[e] > rank[got->index[i - 1]] + close)
                return fail(error, "entry %d of token %d is better than the one before", i, t);
        }
    }
    return true;
}

static int descending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? 1 : a > b ? -1 : 0;
}

// The ranks of what was taken from one pool, highest first, into out; returns how many.
static int taken_from(double *out, const LayerNumbers *numbers, const double *rank, int pool) {
    const Config *config = &numbers->config;
    int count = 0;
    for (int t = 0; t < numbers->N; t++) {
        for (int i = numbers->start[t]; i < numbers->start[t + 1]; i++) {
            int e = numbers->index[i];
            if (chapter_moe_pool(config, numbers->T, t, e) == pool)
                out[count++] = rank[(size_t)t * config->E + e];
        }
    }
    qsort(out, (size_t)count, sizeof *out, descending);
    return count;
}

// As many were taken from each pool, and rank by rank as good ones.
static bool pools_agree(const LayerNumbers *got, const LayerNumbers *chapter, const Tables *tables,
                        double close, Seen *seen, Error *error) {
    int pools = chapter_moe_pools(&got->config, got->B, got->T);
    for (int pool = 0; pool < pools; pool++) {
        int count = taken_from(tables->got, got, tables->rank, pool);
        int wanted = taken_from(tables->want, chapter, tables->rank, pool);
        if (count != wanted)
            return fail(error, "pool %d has %d entries, wanted %d", pool, count, wanted);
        bool other = false;
        for (int i = 0; i < count; i++) {
            if (fabs(tables->got[i] - tables->want[i]) > close)
                return fail(error, "rank %d of pool %d scores %g, wanted %g", i, pool,
                            tables->got[i], tables->want[i]);
            other = other || tables->got[i] != tables->want[i];
        }
        seen->other_choices += other;
        seen->rows++;
    }
    return true;
}

static bool list_agrees(const LayerNumbers *got, const LayerNumbers *chapter, Seen *seen,
                        Error *error) {
    Tables tables = { 0 };
    size_t cells = (size_t)chapter->N * chapter->config.E;
    bool ok = tables_new(&tables, chapter, error);
    if (ok) {
        double close = 2 * FORWARD.relative * root_mean_square(tables.rank, cells);
        ok = list_is_sound(got, &tables, close, error);
        size_t entries = layer_numbers_entries(got);
        for (size_t t = 0, i = 0; ok && i < entries; i++) {
            while (i >= (size_t)got->start[t + 1]) t++;
            tables.want[i] = tables.weight[t * (size_t)chapter->config.E + (size_t)got->index[i]];
        }
        if (ok && entries > 0)
            ok = agree("score", got->score, tables.want, entries, FORWARD, &seen->scores, error);
        ok = ok && pools_agree(got, chapter, &tables, close, seen, error);
    }
    free(tables.rank);
    return ok;
}

// Step three, and all there is of a dense layer.
static bool outputs_agree(const LayerNumbers *got, const LayerNumbers *want, Seen *seen,
                          Error *error) {
    size_t rows = (size_t)want->N * want->config.D;
    bool ok = agree("y", got->y, want->y, rows, FORWARD, &seen->forward, error) &&
              agree("dx", got->dx, want->dx, rows, BACKWARD, &seen->backward, error);
    for (int i = 0; ok && i < want->tensors.count; i++) {
        const Tensor *tensor = &want->tensors.items[i];
        ok = agree(tensor->name, got->gradients + tensor->offset, want->gradients + tensor->offset,
                   tensor->count, BACKWARD, &seen->backward, error);
    }
    return ok;
}

// Step one for every key, selected or not.
static bool all_scores_agree(const Chain *chain, Seen *seen, Error *error) {
    const LayerNumbers *chapter = &chain->own_chapter;
    size_t count = (size_t)chapter->N * (size_t)ffn_gating(&chapter->config, NULL, 1).keys;
    return agree("all scores", chain->own_reference.scores, chapter->scores, count, FORWARD,
                 &seen->scores, error);
}

bool chain_holds(const Chain *chain, Seen *seen, Error *error) {
    const Config *config = &chain->chapter.config;
    bool ok = true;
    if (config->ffn->sparse) ok = all_scores_agree(chain, seen, error);
    if (!ok) return false;
    if (config->ffn->ragged) {
        ok = list_agrees(&chain->own_reference, &chain->own_chapter, seen, error);
    } else if (config->ffn->sparse) {
        double *want = malloc((size_t)chain->chapter.N * config->C * config->K * sizeof *want);
        if (want == NULL)
            return fail(error, "no memory for the scores of %d tokens", chain->chapter.N);
        ok = choice_agrees(&chain->own_reference, &chain->own_chapter, want, seen, error);
        free(want);
    }
    return ok && outputs_agree(&chain->reference, &chain->chapter, seen, error);
}
