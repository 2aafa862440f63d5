#include "tests/support/chain.h"
#include "tests/support/chapter_ffn.h"
#include "tests/support/compare.h"
#include <math.h>
#include <stdlib.h>

// Measured worst, relative to the tensor's rms: scores 9e-7, y 3.3e-6, gradients 1.6e-5 (gelu, whose argument is large
// where F is 1). About three times that, for other machines' order of summation.
static const Tolerance FORWARD = { .relative = 1e-5 }, BACKWARD = { .relative = 5e-5 };

static bool agree(const char *what, const double *got, const double *want, size_t count, Tolerance tolerance,
                  double *worst, Error *error) {
    Difference difference;
    if (!compare_values(&difference, what, (Values){ got, count }, (Values){ want, count }, tolerance))
        return fail(error, "%s", difference.problem);
    if (difference.rms > 0) *worst = fmax(*worst, difference.worst / difference.rms);
    return true;
}

// want [N,C,K] = the chapter's scores of the experts that the reference chose. false: those are no K different experts.
static bool scores_of_chosen(double *want, const LayerNumbers *got, const LayerNumbers *chapter, Error *error) {
    const Config *config = &chapter->config;
    Sgatlin s = chapter_sgatlin(config);
    size_t keys = (size_t)sgatlin_lists(&s) * sgatlin_keys(&s), K = (size_t)config->K;
    for (size_t i = 0; i < (size_t)chapter->N * config->C * K; i++) {
        size_t row = i / K; // of [N,C]
        if (got->index[i] < 0 || got->index[i] >= config->F) return fail(error, "index[%zu] is %d", i, got->index[i]);
        for (size_t j = row * K; j < i; j++) {
            if (got->index[i] == got->index[j]) return fail(error, "row %zu chose %d twice", row, got->index[i]);
        }
        want[i] =
            chapter_score(config, chapter->scores + row / config->C * keys, (int)(row % config->C), got->index[i]);
    }
    return true;
}

// Steps one and two. The scores of whatever was chosen agree with the chapter's; rank by rank the chosen expert is as
// good as the chapter's choice, to the error that two scores may have. Rows where it is another are counted.
static bool choice_agrees(const LayerNumbers *got, const LayerNumbers *chapter, double *want, Seen *seen,
                          Error *error) {
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
                return fail(error, "rank %zu of row %zu is %d, wanted %d", i % K, row, got->index[i],
                            chapter->index[i]);
        }
        seen->other_choices += other;
        seen->rows++;
    }
    return true;
}

// Step three, and all there is of a dense layer.
static bool outputs_agree(const LayerNumbers *got, const LayerNumbers *want, Seen *seen, Error *error) {
    size_t rows = (size_t)want->N * want->config.D;
    bool ok = agree("y", got->y, want->y, rows, FORWARD, &seen->forward, error) &&
              agree("dx", got->dx, want->dx, rows, BACKWARD, &seen->backward, error);
    for (int i = 0; ok && i < want->tensors.count; i++) {
        const Tensor *tensor = &want->tensors.at[i];
        ok = agree(tensor->name, got->gradients + tensor->offset, want->gradients + tensor->offset, tensor->count,
                   BACKWARD, &seen->backward, error);
    }
    return ok;
}

bool chain_holds(const Chain *chain, Seen *seen, Error *error) {
    const Config *config = &chain->chapter.config;
    bool ok = true;
    if (config->ffn->sparse) {
        double *want = malloc((size_t)chain->chapter.N * config->C * config->K * sizeof *want);
        if (want == NULL) return fail(error, "no memory for the scores of %d tokens", chain->chapter.N);
        ok = choice_agrees(&chain->own_reference, &chain->own_chapter, want, seen, error);
        free(want);
    }
    return ok && outputs_agree(&chain->reference, &chain->chapter, seen, error);
}
