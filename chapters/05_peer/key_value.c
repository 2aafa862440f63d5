#include "chapters/05_peer/key_value.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include <math.h>

int key_value_lists(const KeyValue *r) { return r->parts * r->C; }

static double scale(const KeyValue *r) { return 1.0 / sqrt(r->parts * r->Dk); }

// The weights of one list alone.
static RouterWeights list_weights(const RouterWeights *w, int list, const KeyValue *r) {
    return (RouterWeights){ w->query + (size_t)list * r->D * r->Dk,
                            w->keys + (size_t)list * r->n * r->Dk };
}

// [scores
void key_value_scores(double *scores, double *query, const double *x, const RouterWeights *w,
                      const KeyValue *r) {
    for (int list = 0; list < key_value_lists(r); list++) {
        RouterWeights own = list_weights(w, list, r);
        double *q = query + (size_t)list * r->Dk, *row = scores + (size_t)list * r->n;
        linear(q, x, own.query, r->D, r->Dk);
        key_scores(row, q, own.keys, r->n, r->Dk);
        for (int i = 0; i < r->n; i++) row[i] *= scale(r);
    }
}
// scores]

// One list: dquery from its scores, and through Wq to x. scratch: dquery [Dk], then this list's
// part of dx [D].
static void list_backward(double *dx, const RouterWeights *dw, double *scratch,
                          const double *dscores, const double *query, const double *x,
                          const RouterWeights *w, const KeyValue *r) {
    double *dquery = scratch, *part = scratch + r->Dk;
    for (int d = 0; d < r->Dk; d++) dquery[d] = 0.0;
    for (int i = 0; i < r->n; i++) {
        for (int d = 0; d < r->Dk; d++) {
            dquery[d] += scale(r) * dscores[i] * w->keys[(size_t)i * r->Dk + d];
            dw->keys[(size_t)i * r->Dk + d] += scale(r) * dscores[i] * query[d];
        }
    }
    linear_backward(part, dw->query, dquery, x, w->query, r->D, r->Dk);
    for (int d = 0; d < r->D; d++) dx[d] += part[d];
}

void key_value_backward(double *dx, const RouterWeights *dw, double *scratch, const double *dscores,
                        const double *query, const double *x, const RouterWeights *w,
                        const KeyValue *r) {
    for (int list = 0; list < key_value_lists(r); list++) {
        RouterWeights own = list_weights(w, list, r), gradients = list_weights(dw, list, r);
        list_backward(dx, &gradients, scratch, dscores + (size_t)list * r->n,
                      query + (size_t)list * r->Dk, x, &own, r);
    }
}
