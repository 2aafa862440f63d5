#include "reference/model/attention.h"
#include "reference/model/rmsnorm.h"
#include "reference/model/rope.h"
#include "reference/numbers/dot.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/vector.h"
#include <math.h>

// Attention is the only layer in which a token sees other tokens. The loops go over the B·H heads,
// each of which one thread takes alone: a head is a sequence of T rows of Dh floats, H·Dh apart in
// the [B,T,H,Dh] arrays, and its scores are [T,T], of which the upper triangle (the future) is left
// out.

enum { ROWS = 64 }; // query rows scored at once

// One thread's part of the scratch.
typedef struct {
    float *q, *k;            // [T,Dh]: after norm and rope; q is divided by sqrt(Dh)
    float *dq, *dk;          // [T,Dh]
    float *q_rstd, *k_rstd;  // [T]
    float *scores, *dscores; // [ROWS,T]
} Worker;

static size_t worker_layout(Worker *worker, float *block, int T, int Dh) {
    size_t used = 0, sequence = (size_t)T * Dh, rows = (size_t)min_int(T, ROWS) * T;
    worker->q = floats_take(block, &used, sequence);
    worker->k = floats_take(block, &used, sequence);
    worker->dq = floats_take(block, &used, sequence);
    worker->dk = floats_take(block, &used, sequence);
    worker->q_rstd = floats_take(block, &used, (size_t)T);
    worker->k_rstd = floats_take(block, &used, (size_t)T);
    worker->scores = floats_take(block, &used, rows);
    worker->dscores = floats_take(block, &used, rows);
    return used;
}

// The scratch begins with the gradients of both norms from every head, [2,B·H,Dh]; the workers'
// parts follow.
static size_t dnorms_floats(int B, int H, int Dh) {
    return (2 * (size_t)B * H * Dh + 15) / 16 * 16;
}

size_t attention_scratch(int B, int T, int H, int Dh, int threads) {
    Worker unused;
    return dnorms_floats(B, H, Dh) + worker_layout(&unused, NULL, T, Dh) * (size_t)threads;
}

static Worker worker_of_thread(const AttentionCall *call) {
    Worker worker;
    size_t floats = worker_layout(&worker, NULL, call->T, call->Dh);
    float *workers = call->scratch + dnorms_floats(call->B, call->H, call->Dh);
    worker_layout(&worker, workers + floats * (size_t)parallel_thread(), call->T, call->Dh);
    return worker;
}

// One head of one row of the batch.
typedef struct {
    size_t offset;  // of its first row in the [B,T,H,Dh] arrays, where its rows are H·Dh apart
    float *log_sum; // [T]
} Head;

static Head head_at(const AttentionCall *call, int i) {
    int b = i / call->H, h = i % call->H;
    return (Head){ .offset = ((size_t)b * call->T * call->H + h) * call->Dh,
                   .log_sum = call->log_sum + (size_t)i * call->T };
}

// q and k of a head: norm, rope, and the scale of q.
static void prepare(const AttentionCall *call, const Worker *worker, Head head) {
    int T = call->T, Dh = call->Dh;
    float scale = 1.0f / sqrtf((float)Dh);
    for (int t = 0; t < T; t++) {
        size_t row = head.offset + (size_t)t * call->H * Dh;
        const float *rope = call->rope + (size_t)t * Dh;
        float *q = worker->q + (size_t)t * Dh, *k = worker->k + (size_t)t * Dh;
        worker->q_rstd[t] = rmsnorm_row(q, call->query + row, call->query_norm, Dh);
        worker->k_rstd[t] = rmsnorm_row(k, call->key + row, call->key_norm, Dh);
        rope_apply(q, rope, Dh);
        rope_apply(k, rope, Dh);
        for (int d = 0; d < Dh; d++) q[d] *= scale;
    }
}

// scores [rows,width] of the queries t0 .. t0+rows-1 against the keys 0 .. width-1
static void score_rows(const Worker *worker, int t0, int rows, int width, int Dh) {
    matmul_serial(worker->scores, width, matrix(worker->q + (size_t)t0 * Dh, rows, Dh),
                  transpose(matrix(worker->k, width, Dh)), 1.0f, false);
}

// Softmax over the first `seen` of `width` scores; the others (the future) become 0. Returns
// log Σ e^score.
static float causal_softmax(float *row, int seen, int width) {
    float log_sum_exp, inverse = 1.0f / exp_row(row, &log_sum_exp, seen);
    for (int i = 0; i < seen; i++) row[i] *= inverse;
    for (int i = seen; i < width; i++) row[i] = 0.0f;
    return log_sum_exp;
}

static void head_forward(const AttentionCall *call, const Worker *worker, Head head) {
    int T = call->T, Dh = call->Dh, stride = call->H * Dh;
    prepare(call, worker, head);
    for (int t0 = 0; t0 < T; t0 += ROWS) {
        int rows = min_int(T - t0, ROWS), width = t0 + rows;
        score_rows(worker, t0, rows, width, Dh);
        for (int r = 0; r < rows; r++) {
            float *row = worker->scores + (size_t)r * width;
            head.log_sum[t0 + r] = causal_softmax(row, t0 + r + 1, width);
        }
        matmul_serial(call->out + head.offset + (size_t)t0 * stride, stride,
                      matrix(worker->scores, rows, width),
                      strided(call->value + head.offset, width, Dh, stride), 1.0f, false);
    }
}

void attention_forward(const AttentionCall *call) {
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < call->B * call->H; i++) {
        Worker worker = worker_of_thread(call);
        head_forward(call, &worker, head_at(call, i));
    }
}

// ---- backward

// One query. On entry p has its scores and dp = dout · value; on return p has the weights
// e^(score - log_sum), and dp the gradient of the scores, p·(dp - Σ p·dp), where the sum is
// delta = dout · out.
static void score_gradient(float *p, float *dp, float log_sum, float delta, int seen, int width) {
#pragma omp simd
    for (int i = 0; i < seen; i++) {
        p[i] = exp_fast(p[i] - log_sum);
        dp[i] = p[i] * (dp[i] - delta);
    }
    for (int i = seen; i < width; i++) p[i] = dp[i] = 0.0f;
}

// The queries t0 .. t0+rows-1: adds to the worker's dk and to dvalue, writes their rows of dq.
static void block_backward(const AttentionCall *call, const AttentionGradients *gradients,
                           const Worker *worker, Head head, int t0, int rows) {
    int Dh = call->Dh, stride = call->H * Dh, width = t0 + rows;
    size_t first = head.offset + (size_t)t0 * stride;
    const float *dout = gradients->dout + first, *out = call->out + first;
    score_rows(worker, t0, rows, width, Dh);
    matmul_serial(worker->dscores, width, strided(dout, rows, Dh, stride),
                  transpose(strided(call->value + head.offset, width, Dh, stride)), 1.0f, false);
    for (int r = 0; r < rows; r++) {
        float delta = dot(dout + (size_t)r * stride, out + (size_t)r * stride, Dh);
        score_gradient(worker->scores + (size_t)r * width, worker->dscores + (size_t)r * width,
                       head.log_sum[t0 + r], delta, t0 + r + 1, width);
    }
    Matrix weights = matrix(worker->scores, rows, width),
           dscores = matrix(worker->dscores, rows, width);
    matmul_serial(gradients->dvalue + head.offset, stride, transpose(weights),
                  strided(dout, rows, Dh, stride), 1.0f, true);
    matmul_serial(worker->dq + (size_t)t0 * Dh, Dh, dscores, matrix(worker->k, width, Dh), 1.0f,
                  false);
    matmul_serial(worker->dk, Dh, transpose(dscores), matrix(worker->q + (size_t)t0 * Dh, rows, Dh),
                  1.0f, true);
}

// Queries or keys of one head, with what their backward needs.
typedef struct {
    float *d;          // [T,Dh]: the gradient after norm, rope and factor; overwritten
    const float *x;    // [B,T,H,Dh], before them
    const float *rstd; // [T]
    const float *norm; // [Dh]
    float factor;
} Prepared;

// Backward of prepare: writes the head's rows of dx and dnorm [Dh].
static void prepare_backward(float *dx, float *dnorm, const AttentionCall *call,
                             const Prepared *prepared, Head head) {
    int T = call->T, Dh = call->Dh;
    for (int i = 0; i < Dh; i++) dnorm[i] = 0.0f;
    for (int t = 0; t < T; t++) {
        size_t row = head.offset + (size_t)t * call->H * Dh;
        float *d = prepared->d + (size_t)t * Dh;
        for (int i = 0; i < Dh; i++) d[i] *= prepared->factor;
        rope_undo(d, call->rope + (size_t)t * Dh, Dh);
        rmsnorm_row_backward(dx + row, dnorm, d, prepared->x + row, prepared->rstd[t],
                             prepared->norm, Dh);
    }
}

// dquery_norm and dkey_norm [Dh] are of this head alone.
static void head_backward(const AttentionCall *call, const AttentionGradients *gradients,
                          const Worker *worker, Head head, float *dquery_norm, float *dkey_norm) {
    int T = call->T, Dh = call->Dh, stride = call->H * Dh;
    prepare(call, worker, head);
    memset(worker->dk, 0, (size_t)T * Dh * sizeof *worker->dk);
    for (int t = 0; t < T; t++)
        memset(gradients->dvalue + head.offset + (size_t)t * stride, 0, (size_t)Dh * sizeof(float));
    for (int t0 = 0; t0 < T; t0 += ROWS)
        block_backward(call, gradients, worker, head, t0, min_int(T - t0, ROWS));
    Prepared q = { worker->dq, call->query, worker->q_rstd, call->query_norm,
                   1.0f / sqrtf((float)Dh) };
    Prepared k = { worker->dk, call->key, worker->k_rstd, call->key_norm, 1.0f };
    prepare_backward(gradients->dquery, dquery_norm, call, &q, head);
    prepare_backward(gradients->dkey, dkey_norm, call, &k, head);
}

// sum [Dh] of `count` rows, in their order
static void sum_in_order(float *sum, const float *rows, int count, int Dh) {
    memset(sum, 0, (size_t)Dh * sizeof *sum);
    for (int i = 0; i < count; i++) add_row(sum, 1.0f, rows + (size_t)i * Dh, Dh);
}

void attention_backward(const AttentionCall *call, const AttentionGradients *gradients) {
    int heads = call->B * call->H, Dh = call->Dh;
    float *dquery_norms = call->scratch, *dkey_norms = dquery_norms + (size_t)heads * Dh;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < heads; i++) {
        Worker worker = worker_of_thread(call);
        head_backward(call, gradients, &worker, head_at(call, i), dquery_norms + (size_t)i * Dh,
                      dkey_norms + (size_t)i * Dh);
    }
    sum_in_order(gradients->dquery_norm, dquery_norms, heads, Dh);
    sum_in_order(gradients->dkey_norm, dkey_norms, heads, Dh);
}
