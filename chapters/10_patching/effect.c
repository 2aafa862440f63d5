#include "chapters/10_patching/effect.h"
#include <math.h>

double answer_logit(const double *logits, const int *words, int count) {
    double largest = -INFINITY, sum = 0.0;
    for (int i = 0; i < count; i++) largest = fmax(largest, logits[words[i]]);
    for (int i = 0; i < count; i++) sum += exp(logits[words[i]] - largest);
    return largest + log(sum);
}

double logit_difference(const double *logits, const int *clean, const int *other, int count) {
    return answer_logit(logits, clean, count) - answer_logit(logits, other, count);
}

int first_word(const double *logits, int V) {
    int first = 0;
    for (int v = 1; v < V; v++)
        if (logits[v] > logits[first]) first = v;
    return first;
}

// [effect
double indirect_effect(const Differences *m) {
    return (m->clean - m->patched) / (m->clean - m->other + 1e-8);
}

bool rank_flipped(const Differences *m) { return m->patched < 0.0; }
// effect]

void effect_add(EffectSums *sums, const Differences *m, bool other_is_first) {
    sums->pairs++;
    sums->flips += rank_flipped(m);
    sums->firsts += other_is_first;
    sums->moved += m->clean - m->patched;
    sums->distance += m->clean - m->other;
}

double mean_effect(const EffectSums *sums) {
    return indirect_effect(&(Differences){ sums->distance, 0.0, sums->distance - sums->moved });
}
