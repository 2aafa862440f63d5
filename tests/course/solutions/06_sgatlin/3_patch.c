#include "chapters/06_sgatlin/sgatlin.h"

void patched(double *y, const SgatlinToken *saved, int *scratch, const double *x,
             const double *other, const SgatlinWeights *w, const Sgatlin *s) {
    sgatlin_scores(saved->scores, saved->query, other, &w->router, s);
    sgatlin_route(saved->score, saved->index, scratch, saved->scores, s);
    sgatlin_experts(y, saved, x, w, s);
}
