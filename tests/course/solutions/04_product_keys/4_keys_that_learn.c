#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/04_product_keys/exercises/memory.h"
#include "chapters/04_product_keys/product_keys.h"

static void move_keys(double *keys, const double *dscore, const double *query, double rate,
                      const Memory *m) {
    for (int i = 0; i < m->n; i++) {
        for (int d = 0; d < m->Dk; d++) keys[i * m->Dk + d] -= rate * dscore[i] * query[d];
    }
}

void memory_step(Memory *m, const double *query, double target, double rate) {
    double dy = 2.0 * (memory_answer(m, query) - target);
    double dscore[MAX_K], da[MAX_N] = { 0 }, db[MAX_N] = { 0 };
    for (int k = 0; k < m->K; k++) dscore[k] = dy * m->value[m->index[k]];
    softmax_row_backward(dscore, dscore, m->p, m->K);
    product_backward(da, db, dscore, m->index, m->n, m->K);
    for (int k = 0; k < m->K; k++) m->value[m->index[k]] -= rate * dy * m->p[k];
    move_keys(m->first, da, query, rate, m);
    move_keys(m->second, db, query, rate, m);
}
