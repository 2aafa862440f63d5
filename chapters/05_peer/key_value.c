#include "chapters/05_peer/key_value.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include <math.h>

int key_value_lists(const KeyValue *r) { return r->parts * r->C; }

static double scale(const KeyValue *r) { return 1.0 / sqrt(r->parts * r->Dk); }

// Where a list's own parameters begin.
static size_t weights_of(int list, const KeyValue *r) { return (size_t)list * r->D * r->Dk; }
static size_t keys_of(int list, const KeyValue *r) { return (size_t)list * r->n * r->Dk; }

// [scores
void key_value_scores(double *scores, double *query, const double *x, const double *query_weights,
                      const double *keys, const KeyValue *r) {
    for (int list = 0; list < key_value_lists(r); list++) {
        double *own = query + (size_t)list * r->Dk, *row = scores + (size_t)list * r->n;
        linear(own, x, query_weights + weights_of(list, r), r->D, r->Dk);
        key_scores(row, own, keys + keys_of(list, r), r->n, r->Dk);
        for (int i = 0; i < r->n; i++) row[i] *= scale(r);
    }
}
// scores]

// One list: dquery from its scores, and through Wq to x. scratch: dquery [Dk], then this list's share
// of dx [D].
static void list_backward(double *dx, double *dquery_weights, double *dkeys, double *scratch,
                          const double *dscores, const double *query, const double *x,
                          const double *query_weights, const double *keys, const KeyValue *r) {
    double *dquery = scratch, *part = scratch + r->Dk;
    for (int d = 0; d < r->Dk; d++) dquery[d] = 0.0;
    for (int i = 0; i < r->n; i++) {
        for (int d = 0; d < r->Dk; d++) {
            dquery[d] += scale(r) * dscores[i] * keys[(size_t)i * r->Dk + d];
            dkeys[(size_t)i * r->Dk + d] += scale(r) * dscores[i] * query[d];
        }
    }
    linear_backward(part, dquery_weights, dquery, x, query_weights, r->D, r->Dk);
    for (int d = 0; d < r->D; d++) dx[d] += part[d];
}

void key_value_backward(double *dx, double *dquery_weights, double *dkeys, double *scratch,
                        const double *dscores, const double *query, const double *x,
                        const double *query_weights, const double *keys, const KeyValue *r) {
    for (int list = 0; list < key_value_lists(r); list++) {
        size_t weights = weights_of(list, r), own = keys_of(list, r);
        list_backward(dx, dquery_weights + weights, dkeys + own, scratch,
                      dscores + (size_t)list * r->n, query + (size_t)list * r->Dk, x,
                      query_weights + weights, keys + own, r);
    }
}
