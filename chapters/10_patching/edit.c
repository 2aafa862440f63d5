#include "chapters/10_patching/edit.h"

static bool is_edited(const bool *neurons, int layer, int channel, int index, const ModelSizes *s) {
    return neurons == NULL || neurons[((size_t)layer * s->C + channel) * s->F + index];
}

// [edit
int edit_neurons(LanguageModel *m, int layer, const Snapshot *at, const bool *neurons,
                 const double *change) {
    const ModelSizes *s = &m->sizes;
    int entries = s->C * s->K, edited = 0;
    const double *value = at->value + (size_t)layer * entries;
    const int *index = at->index + (size_t)layer * entries;
    double squares = 0.0;
    for (int i = 0; i < entries; i++)
        if (is_edited(neurons, layer, i / s->K, index[i], s)) squares += value[i] * value[i];
    for (int i = 0; i < entries && squares > 0.0; i++) {
        int channel = i / s->K;
        if (!is_edited(neurons, layer, channel, index[i], s)) continue;
        double *out =
            m->w.layers[layer].ffn.sgatlin.out + ((size_t)channel * s->F + index[i]) * s->D;
        for (int d = 0; d < s->D; d++) out[d] += value[i] / squares * change[d];
        edited++;
    }
    return edited;
}
// edit]
