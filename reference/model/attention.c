#include "reference/model/attention.h"
#include "reference/model/rmsnorm.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/vector.h"
#include <math.h>

enum { ROWS = 64 }; // query rows scored at once

void rotary_table(float *rotary, int T, int Dh) {
    for (int t = 0; t < T; t++) {
        for (int j = 0; j < Dh / 2; j++) {
            double angle = t / pow(10000.0, 2.0 * j / Dh);
            rotary[(size_t)t * Dh + j] = (float)cos(angle);
            rotary[(size_t)t * Dh + Dh / 2 + j] = (float)sin(angle);
        }
    }
}

static void turn(float *x, const float *cosine, const float *sine, float direction, int half) {
    for (int j = 0; j < half; j++) {
        float a = x[j], b = x[half + j], s = direction * sine[j];
        x[j] = a * cosine[j] - b * s;
        x[half + j] = b * cosine[j] + a * s;
    }
}

void rotary_turn(float *x, const float *rotary_row, int Dh) {
    turn(x, rotary_row, rotary_row + Dh / 2, 1.0f, Dh / 2);
}

// One worker's share: a head's sequence after norm and rotation, its gradients, and a block of
// scores.
typedef struct {
    float *q, *k, *dq, *dk;  // [T,Dh]; q carries the 1/sqrt(Dh)
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

// First the norms' gradients of every (b,h), [2,B·H,Dh], added up in order at the end; then a share
// a worker.
static size_t norms_room(int B, int H, int Dh) { return (2 * (size_t)B * H * Dh + 15) / 16 * 16; }

size_t attention_scratch(int B, int T, int H, int Dh, int threads) {
    Worker unused;
    return norms_room(B, H, Dh) + worker_layout(&unused, NULL, T, Dh) * (size_t)threads;
}

static Worker worker_of_thread(const AttentionCall *call) {
    Worker worker;
    size_t share = worker_layout(&worker, NULL, call->T, call->Dh);
    float *shares = call->scratch + norms_room(call->B, call->H, call->Dh);
    worker_layout(&worker, shares + share * (size_t)parallel_thread(), call->T, call->Dh);
    return worker;
}

// q and k of head h in row b: norm, rotation, scale.
static void prepare(const AttentionCall *call, const Worker *worker, int b, int h) {
    int T = call->T, H = call->H, Dh = call->Dh;
    float scale = 1.0f / sqrtf((float)Dh);
    for (int t = 0; t < T; t++) {
        size_t at = (((size_t)b * T + t) * H + h) * Dh;
        const float *row = call->rotary + (size_t)t * Dh;
        float *q = worker->q + (size_t)t * Dh, *k = worker->k + (size_t)t * Dh;
        worker->q_rstd[t] = norm_row(q, call->query + at, call->query_norm, Dh);
        worker->k_rstd[t] = norm_row(k, call->key + at, call->key_norm, Dh);
        rotary_turn(q, row, Dh);
        rotary_turn(k, row, Dh);
        for (int d = 0; d < Dh; d++) q[d] *= scale;
    }
}

// scores [rows, width] of the queries t0 .. t0+rows-1 against the keys 0 .. width-1
static void score_rows(const Worker *worker, int t0, int rows, int width, int Dh) {
    matmul_serial(worker->scores, width, matrix(worker->q + (size_t)t0 * Dh, rows, Dh),
                  transpose(matrix(worker->k, width, Dh)), 1.0f, false);
}

// Softmax over the first `seen` of `width` scores, the rest (the future) set to 0; returns log Σ
// e^score.
static float causal_softmax(float *row, int seen, int width) {
    float log_sum_exp, inverse = 1.0f / exp_row(row, &log_sum_exp, seen);
    for (int i = 0; i < seen; i++) row[i] *= inverse;
    for (int i = seen; i < width; i++) row[i] = 0.0f;
    return log_sum_exp;
}

static void head_forward(const AttentionCall *call, const Worker *worker, int b, int h) {
    int T = call->T, H = call->H, Dh = call->Dh, stride = H * Dh;
    size_t at = ((size_t)b * T * H + h) * Dh;
    float *log_sum = call->log_sum + ((size_t)b * H + h) * T;
    prepare(call, worker, b, h);
    for (int t0 = 0; t0 < T; t0 += ROWS) {
        int rows = min_int(T - t0, ROWS), width = t0 + rows;
        score_rows(worker, t0, rows, width, Dh);
        for (int r = 0; r < rows; r++) {
            log_sum[t0 + r] = causal_softmax(worker->scores + (size_t)r * width, t0 + r + 1, width);
        }
        matmul_serial(call->out + at + (size_t)t0 * stride, stride,
                      matrix(worker->scores, rows, width),
                      strided(call->value + at, width, Dh, stride), 1.0f, false);
    }
}

void attention_forward(const AttentionCall *call) {
#pragma omp parallel for schedule(dynamic)
    for (int head = 0; head < call->B * call->H; head++) {
        Worker worker = worker_of_thread(call);
        head_forward(call, &worker, head / call->H, head % call->H);
    }
}

// Weights p = e^(score - log_sum), and from dp = dout · value the gradient of the scores, p·(dp - Σ
// p·dp), where the sum is dout · out.
static void score_gradient(float *p, float *dp, float log_sum, float delta, int seen, int width) {
#pragma omp simd
    for (int i = 0; i < seen; i++) {
        p[i] = exp_fast(p[i] - log_sum);
        dp[i] = p[i] * (dp[i] - delta);
    }
    for (int i = seen; i < width; i++) p[i] = dp[i] = 0.0f;
}

// Block of queries t0 .. t0+rows-1: adds to the worker's dk and to dvalue, writes the worker's dq.
static void block_backward(const AttentionCall *call, const AttentionGradients *gradients,
                           const Worker *worker, size_t at, const float *log_sum, int t0,
                           int rows) {
    int Dh = call->Dh, stride = call->H * Dh, width = t0 + rows;
    const float *dout = gradients->dout + at + (size_t)t0 * stride,
                *out = call->out + at + (size_t)t0 * stride;
    score_rows(worker, t0, rows, width, Dh);
    matmul_serial(worker->dscores, width, strided(dout, rows, Dh, stride),
                  transpose(strided(call->value + at, width, Dh, stride)), 1.0f, false);
    for (int r = 0; r < rows; r++) {
        float delta = dot(dout + (size_t)r * stride, out + (size_t)r * stride, Dh);
        score_gradient(worker->scores + (size_t)r * width, worker->dscores + (size_t)r * width,
                       log_sum[t0 + r], delta, t0 + r + 1, width);
    }
    Matrix dscores = matrix(worker->dscores, rows, width);
    matmul_serial(gradients->dvalue + at, stride, transpose(matrix(worker->scores, rows, width)),
                  strided(dout, rows, Dh, stride), 1.0f, true);
    matmul_serial(worker->dq + (size_t)t0 * Dh, Dh, dscores, matrix(worker->k, width, Dh), 1.0f,
                  false);
    matmul_serial(worker->dk, Dh, transpose(dscores), matrix(worker->q + (size_t)t0 * Dh, rows, Dh),
                  1.0f, true);
}

// Back through scale, rotation and norm of one sequence's queries or keys.
static void unprepare(const AttentionCall *call, float *dx, float *dscale, float *d, const float *x,
                      const float *rstd, const float *scale, float factor, size_t at) {
    int T = call->T, Dh = call->Dh, stride = call->H * Dh;
    for (int i = 0; i < Dh; i++) dscale[i] = 0.0f;
    for (int t = 0; t < T; t++) {
        float *row = d + (size_t)t * Dh;
        const float *rotary = call->rotary + (size_t)t * Dh;
        for (int i = 0; i < Dh; i++) row[i] *= factor;
        turn(row, rotary, rotary + Dh / 2, -1.0f, Dh / 2);
        norm_row_backward(dx + at + (size_t)t * stride, dscale, row, x + at + (size_t)t * stride,
                          rstd[t], scale, Dh);
    }
}

static void head_backward(const AttentionCall *call, const AttentionGradients *gradients,
                          const Worker *worker, float *dnorms, int b, int h) {
    int T = call->T, H = call->H, Dh = call->Dh, stride = H * Dh;
    size_t at = ((size_t)b * T * H + h) * Dh;
    const float *log_sum = call->log_sum + ((size_t)b * H + h) * T;
    prepare(call, worker, b, h);
    memset(worker->dk, 0, (size_t)T * Dh * sizeof *worker->dk);
    for (int t = 0; t < T; t++)
        memset(gradients->dvalue + at + (size_t)t * stride, 0, (size_t)Dh * sizeof(float));
    for (int t0 = 0; t0 < T; t0 += ROWS) {
        block_backward(call, gradients, worker, at, log_sum, t0, min_int(T - t0, ROWS));
    }
    unprepare(call, gradients->dquery, dnorms, worker->dq, call->query, worker->q_rstd,
              call->query_norm, 1.0f / sqrtf((float)Dh), at);
    unprepare(call, gradients->dkey, dnorms + (size_t)call->B * H * Dh, worker->dk, call->key,
              worker->k_rstd, call->key_norm, 1.0f, at);
}

static void sum_in_order(float *sum, const float *rows, int count, int Dh) {
    memset(sum, 0, (size_t)Dh * sizeof *sum);
    for (int i = 0; i < count; i++) add_row(sum, 1.0f, rows + (size_t)i * Dh, Dh);
}

void attention_backward(const AttentionCall *call, const AttentionGradients *gradients) {
    int heads = call->B * call->H, Dh = call->Dh;
    float *dnorms = call->scratch; // [2,B·H,Dh]
#pragma omp parallel for schedule(dynamic)
    for (int head = 0; head < heads; head++) {
        Worker worker = worker_of_thread(call);
        head_backward(call, gradients, &worker, dnorms + (size_t)head * Dh, head / call->H,
                      head % call->H);
    }
    sum_in_order(gradients->dquery_norm, dnorms, heads, Dh);
    sum_in_order(gradients->dkey_norm, dnorms + (size_t)heads * Dh, heads, Dh);
}
