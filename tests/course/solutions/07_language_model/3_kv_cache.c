#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
#include <stddef.h>

void attend_with_cache(double *y, double *keys, double *values, double *scratch, const double *x,
                       const AttentionWeights *w, int t, const AttentionSizes *sizes) {
    int D = sizes->D, Dh = sizes->Dh;
    double *query = scratch, *context = scratch + D, *weights = scratch + 2 * D;
    double *key = keys + (size_t)t * D;
    linear(query, x, w->query, D, D);
    linear(key, x, w->key, D, D);
    linear(values + (size_t)t * D, x, w->value, D, D);
    for (int h = 0; h < D; h += Dh) {
        rmsnorm(query + h, query + h, w->query_norm, Dh);
        rmsnorm(key + h, key + h, w->key_norm, Dh);
        rope(query + h, t, Dh);
        rope(key + h, t, Dh);
        const AttentionHead head = { query + h, keys + h, values + h, weights, context + h };
        attend(&head, t, D, Dh);
    }
    linear(y, context, w->output, D, D);
}
