#include "chapters/10_patching/carriers.h"
#include <math.h>
#include <string.h>

typedef struct {
    LanguageModel *model;
    const int *inputs;
    int T;
    Patch patch;
    int answer;
} Search;

// The logit of the answer minus the largest of the other words, with these neurons copied.
static double margin(const Search *search, const bool *neurons) {
    LanguageModel *m = search->model;
    Patch patch = search->patch;
    patch.neurons = neurons;
    patched_forward(m, search->inputs, search->T, &patch);
    const double *logits = m->logits + (size_t)(search->T - 1) * m->sizes.V;
    double rival = -INFINITY;
    for (int v = 0; v < m->sizes.V; v++)
        if (v != search->answer) rival = fmax(rival, logits[v]);
    return logits[search->answer] - rival;
}

// The candidate whose copy leaves the largest margin; -1: none is left.
static int best_addition(double *best_margin, const Search *search, bool *neurons) {
    int best = -1, size = mask_size(&search->model->sizes);
    for (int i = 0; i < size; i++) {
        if (neurons[i] || !search->patch.neurons[i]) continue;
        neurons[i] = true;
        double with = margin(search, neurons);
        neurons[i] = false;
        if (best >= 0 && with <= *best_margin) continue;
        best = i;
        *best_margin = with;
    }
    return best;
}

// Until none is unneeded: one that was needed may no longer be after others are removed.
static void remove_unneeded(const Search *search, bool *neurons) {
    for (bool removed = true; removed;) {
        removed = false;
        for (int i = 0; i < mask_size(&search->model->sizes); i++) {
            if (!neurons[i]) continue;
            neurons[i] = false;
            if (margin(search, neurons) > 0.0)
                removed = true;
            else
                neurons[i] = true;
        }
    }
}

static int count(const bool *neurons, int size) {
    int sum = 0;
    for (int i = 0; i < size; i++) sum += neurons[i];
    return sum;
}

// [carrying
int carrying_neurons(bool *neurons, LanguageModel *model, const int *inputs, int T,
                     const Patch *patch, int answer) {
    const Search search = { model, inputs, T, *patch, answer };
    int size = mask_size(&model->sizes);
    memset(neurons, 0, (size_t)size * sizeof *neurons);
    if (margin(&search, patch->neurons) <= 0.0) return 0;
    for (double reached = -INFINITY; reached <= 0.0;) {
        int best = best_addition(&reached, &search, neurons);
        if (best < 0) return 0;
        neurons[best] = true;
    }
    remove_unneeded(&search, neurons);
    return count(neurons, size);
}
// carrying]
