#include "chapters/06_sgatlin/sgatlin.h"

void patched(double *y, const SgatlinToken *kept, int *room, const double *x, const double *other,
             const SgatlinWeights *w, const Sgatlin *s) {
    sgatlin_scores(kept->scores, kept->query, other, w->query, w->keys, s);
    sgatlin_choose(kept->score, kept->index, room, kept->scores, s);
    sgatlin_experts(y, kept->z, kept->score, kept->index, x, w->in, w->out, s);
}
