#include "chapters/07_language_model/language_model.h"
#include "chapters/10_patching/dot.h"

void split_head(double *out, const LanguageModel *m, int l, int h, int t, const double *direction) {
    int D = m->sizes.D, Dh = m->sizes.Dh, T = m->sizes.T;
    const AttentionSaved *saved = &m->layers[l].attention;
    const double *weights = saved->weights + ((size_t)h * T + t) * T;
    const double *output = m->w.layers[l].attention.output + (size_t)h * Dh * D;
    for (int s = 0; s <= t; s++) {
        const double *value = saved->value + (size_t)s * D + h * Dh;
        double sum = 0.0;
        for (int i = 0; i < Dh; i++) sum += value[i] * dot(output + (size_t)i * D, direction, D);
        out[s] = weights[s] * sum;
    }
}
