#include "reference/circuits/cka.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/positions.h"
#include "reference/circuits/random_neurons.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// What both estimators of HSIC need of the matrices of inner products A [N,N] of x and B [N,N] of
// the circuits: for each row, sums over the columns j. The diagonal is apart, since the unbiased
// one leaves it out.
typedef struct {
    double a, b;         // Σ A_ij, Σ B_ij for j != i
    double aa, ab, bb;   // Σ A_ij², Σ A_ij B_ij, Σ B_ij² for j != i
    double own_a, own_b; // A_ii, B_ii
} Row;

static double inner_product(const float *x, const float *y, int D) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int d = 0; d < D; d++) sum += (double)x[d] * (double)y[d];
    return sum;
}

// dense [F] is zero but for circuit i.
static double sparse_product(const double *dense, const Circuits *circuits, int j) {
    double sum = 0;
    size_t entry = (size_t)j * (size_t)circuits->K;
    for (size_t i = entry; i < entry + (size_t)circuits->K; i++) {
        if (circuits->index[i] != NO_EXPERT)
            sum += dense[circuits->index[i]] * (double)circuits->score[i];
    }
    return sum;
}

// Writes circuit i to dense [F], or with `clear` zeros in its places.
static void scatter(double *dense, const Circuits *circuits, int i, bool clear) {
    size_t entry = (size_t)i * (size_t)circuits->K;
    for (size_t k = entry; k < entry + (size_t)circuits->K; k++) {
        if (circuits->index[k] != NO_EXPERT)
            dense[circuits->index[k]] = clear ? 0 : (double)circuits->score[k];
    }
}

static Row sum_row(const float *x, const Circuits *circuits, const double *dense, int D, int i) {
    Row row = { 0 };
    for (int j = 0; j < circuits->N; j++) {
        double a = inner_product(x + (size_t)i * (size_t)D, x + (size_t)j * (size_t)D, D);
        double b = sparse_product(dense, circuits, j);
        if (j == i) {
            row.own_a = a;
            row.own_b = b;
            continue;
        }
        row.a += a;
        row.b += b;
        row.aa += a * a;
        row.ab += a * b;
        row.bb += b * b;
    }
    return row;
}

static bool sum_rows(Row *rows, const float *x, const Circuits *circuits, int D) {
    int failures = 0;
#pragma omp parallel reduction(+ : failures)
    {
        double *dense = calloc((size_t)circuits->F + 1, sizeof *dense);
        failures += dense == NULL;
#pragma omp for schedule(dynamic, 16)
        for (int i = 0; i < circuits->N; i++) {
            if (dense == NULL) continue;
            scatter(dense, circuits, i, false);
            rows[i] = sum_row(x, circuits, dense, D, i);
            scatter(dense, circuits, i, true);
        }
        free(dense);
    }
    return failures == 0;
}

// The biased HSIC of two matrices of inner products is Σ_ij P_ij Q_ij - 2/N Σ_i p_i q_i + p q / N²
// (times a factor that cancels), where p_i are sums of rows and p of all. The unbiased one has the
// same sums without the diagonals, divided otherwise.
typedef struct {
    double pq, rows, p, q; // Σ_ij P_ij Q_ij, Σ_i p_i q_i, Σ p_i, Σ q_i
} Sums;

static double hsic_biased(Sums s, double N) { return s.pq - 2 * s.rows / N + s.p * s.q / (N * N); }

static double hsic_unbiased(Sums s, double N) {
    return s.pq + s.p * s.q / ((N - 1) * (N - 2)) - 2 * s.rows / (N - 2);
}

static void add_products(Sums *sums, double pq, double p, double q) {
    sums->pq += pq;
    sums->rows += p * q;
    sums->p += p;
    sums->q += q;
}

static double ratio(double ab, double aa, double bb) {
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

static Cka from_rows(const Row *rows, int count) {
    Sums ab = { 0 }, aa = { 0 }, bb = { 0 };    // without the diagonals
    Sums ab1 = { 0 }, aa1 = { 0 }, bb1 = { 0 }; // with them
    double N = count;
    for (int i = 0; i < count; i++) {
        Row r = rows[i];
        add_products(&ab, r.ab, r.a, r.b);
        add_products(&aa, r.aa, r.a, r.a);
        add_products(&bb, r.bb, r.b, r.b);
        double a = r.a + r.own_a, b = r.b + r.own_b;
        add_products(&ab1, r.ab + r.own_a * r.own_b, a, b);
        add_products(&aa1, r.aa + r.own_a * r.own_a, a, a);
        add_products(&bb1, r.bb + r.own_b * r.own_b, b, b);
    }
    Cka out = { NAN, NAN };
    if (count < 4) return out; // the unbiased estimator divides by N (N - 3)
    out.biased = ratio(hsic_biased(ab1, N), hsic_biased(aa1, N), hsic_biased(bb1, N));
    out.unbiased = ratio(hsic_unbiased(ab, N), hsic_unbiased(aa, N), hsic_unbiased(bb, N));
    return out;
}

bool cka(Cka *out, const float *x, const Circuits *circuits, int D, Error *error) {
    Row *rows = calloc((size_t)circuits->N + 1, sizeof *rows);
    bool ok = rows != NULL && sum_rows(rows, x, circuits, D);
    if (ok) *out = from_rows(rows, circuits->N);
    free(rows);
    return ok || fail(error, "out of memory for the similarity of %d circuits", circuits->N);
}

// ---- embeddings and gatings

// The points: first[i] is the first position of the i-th distinct token. Returns how many.
static int first_positions(int32_t *first, bool *seen, const GatingRecord *record) {
    int count = 0;
    for (int t = 0; t < record->T && count < CKA_POINTS; t++) {
        if (seen[record->tokens[t]]) continue;
        seen[record->tokens[t]] = true;
        first[count++] = t;
    }
    return count;
}

// Replaces the neurons of each of C channels by others; a channel has K / C entries.
static void randomize(Circuits *circuits, int C, uint64_t key) {
    int K = circuits->K / C, F = circuits->F / C;
    for (int i = 0; i < circuits->N; i++) {
        for (int c = 0; c < C; c++) {
            size_t entry = ((size_t)i * (size_t)C + (size_t)c) * (size_t)K;
            int32_t *index = circuits->index + entry;
            int count = 0;
            while (count < K && index[count] != NO_EXPERT) count++;
            random_neurons(index, count, F, key, entry);
            for (int k = 0; k < count; k++) index[k] += c * F;
        }
    }
}

// x [points->T,D]: the embeddings of the tokens, or with an order those of other tokens.
static void take_embeddings(float *x, const Model *model, const GatingRecord *points,
                            const int32_t *order) {
    size_t D = (size_t)model->config.D;
    const float *embedding = model->parameters + tensors_find(&model->tensors, "embedding")->offset;
    for (int i = 0; i < points->T; i++) {
        int32_t token = points->tokens[order != NULL ? order[i] : i];
        memcpy(x + (size_t)i * D, embedding + (size_t)token * D, D * sizeof *x);
    }
}

// x [points->T,D] and order [points->T] are scratch.
static bool compare(EmbeddingCka *out, float *x, int32_t *order, Circuits *circuits,
                    const Model *model, const GatingRecord *points, uint64_t seed, Error *error) {
    int D = model->config.D;
    take_embeddings(x, model, points, NULL);
    if (!cka(&out->recorded, x, circuits, D, error)) return false;
    random_order(order, points->T, random_key(seed, "words"));
    take_embeddings(x, model, points, order);
    if (!cka(&out->shuffled, x, circuits, D, error)) return false;
    take_embeddings(x, model, points, NULL);
    randomize(circuits, points->C, random_key(seed, "neurons"));
    return cka(&out->random, x, circuits, D, error);
}

static bool compare_points(EmbeddingCka *out, const Model *model, const GatingRecord *points,
                           int layer, uint64_t seed, Error *error) {
    Circuits circuits;
    if (!circuits_new(&circuits, points, layer, ALL, error)) return false;
    float *x = malloc((size_t)points->T * (size_t)model->config.D * sizeof *x);
    int32_t *order = malloc((size_t)points->T * sizeof *order);
    bool ok = (x != NULL && order != NULL) ||
              fail(error, "out of memory for the embeddings of %d tokens", points->T);
    ok = ok && compare(out, x, order, &circuits, model, points, seed, error);
    free(x);
    free(order);
    circuits_free(&circuits);
    return ok;
}

bool cka_of_embeddings(EmbeddingCka *out, const Model *model, const GatingRecord *record, int layer,
                       uint64_t seed, Error *error) {
    size_t V = (size_t)record->config.V;
    GatingRecord points;
    int32_t *first = malloc(CKA_POINTS * sizeof *first);
    bool *seen = calloc(V, sizeof *seen);
    bool ok = (first != NULL && seen != NULL) || fail(error, "out of memory for %zu tokens", V);
    *out = (EmbeddingCka){ 0 };
    if (ok) out->points = first_positions(first, seen, record);
    ok = ok && record_of_positions(&points, record, first, out->points, error);
    free(first);
    free(seen);
    if (!ok) return false;
    ok = compare_points(out, model, &points, layer, seed, error);
    gating_record_free(&points);
    return ok;
}
