#include "chapters/05_peer/key_value.h"
#include <math.h>

void fold(double *M, const RouterWeights *w, const KeyValue *r) {
    int lists = key_value_lists(r), columns = lists * r->n;
    for (int list = 0; list < lists; list++) {
        for (int d = 0; d < r->D; d++) {
            const double *row = w->query + ((size_t)list * r->D + d) * r->Dk;
            for (int i = 0; i < r->n; i++) {
                const double *key = w->keys + ((size_t)list * r->n + i) * r->Dk;
                double sum = 0.0;
                for (int k = 0; k < r->Dk; k++) sum += row[k] * key[k];
                M[(size_t)d * columns + (size_t)list * r->n + i] = sum / sqrt(r->parts * r->Dk);
            }
        }
    }
}

double multiplications(int how, double tokens, const KeyValue *r) {
    double D = r->D, Dk = r->Dk, n = r->n, lists = key_value_lists(r);
    return how == 0 ? tokens * lists * Dk * (D + n) : lists * (D * Dk * n + tokens * D * n);
}
