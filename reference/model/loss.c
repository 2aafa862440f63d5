#include "reference/model/loss.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/vector.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

// The logits of a block, then the losses of all N tokens.
size_t loss_scratch(int N, int V) { return (size_t)min_int(N, LOSS_ROWS) * V + (size_t)N; }

// One token's loss, log Σ e^logit - logit[target]. With `gradient` the logits [V] become that of
// scale · loss, scale·(softmax - one-hot). 0 for padding.
static float loss_row(float *restrict logits, int V, int32_t target, bool gradient, float scale) {
    if (target == TOKEN_PAD) {
        if (gradient) memset(logits, 0, (size_t)V * sizeof *logits);
        return 0.0f;
    }
    float logit = logits[target], log_sum_exp, factor = scale / exp_row(logits, &log_sum_exp, V);
    if (gradient) {
        for (int v = 0; v < V; v++) logits[v] *= factor;
        logits[target] -= scale;
    }
    return log_sum_exp - logit;
}

int64_t count_scored(const int32_t *targets, int N) {
    int64_t count = 0;
    for (int t = 0; t < N; t++) count += targets[t] != TOKEN_PAD;
    return count;
}

double cross_entropy_loss(const LossCall *call, float *dx, float *dembedding) {
    int N = call->N, D = call->D, V = call->V, block = min_int(N, LOSS_ROWS);
    float *logits = call->scratch, *losses = call->scratch + (size_t)block * V;
    float scale = call->divisor > 0 ? 1.0f / (float)call->divisor : 0.0f;

    Matrix embedding = matrix(call->embedding, V, D);
    for (int t0 = 0; t0 < N; t0 += block) {
        int rows = min_int(N - t0, block);
        const float *x = call->x + (size_t)t0 * D;
        matmul(logits, V, matrix(x, rows, D), transpose(embedding), 1.0f, false);
#pragma omp parallel for schedule(dynamic, 8)
        for (int r = 0; r < rows; r++) {
            losses[t0 + r] =
                loss_row(logits + (size_t)r * V, V, call->targets[t0 + r], dx != NULL, scale);
        }
        if (dx == NULL) continue;
        Matrix dlogits = matrix(logits, rows, V);
        matmul(dx + (size_t)t0 * D, D, dlogits, embedding, 1.0f, false);
        matmul(dembedding, D, transpose(dlogits), matrix(x, rows, D), 1.0f, t0 > 0);
    }
    double sum = 0.0;
    for (int t = 0; t < N; t++) sum += losses[t];
    return call->divisor > 0 ? sum / (double)call->divisor : 0.0;
}
