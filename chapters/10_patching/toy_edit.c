#include "chapters/10_patching/toy_edit.h"
#include "chapters/10_patching/edit.h"
#include "chapters/10_patching/logit_terms.h"

void toy_examine(ToyExam *out, LanguageModel *m) {
    out->facts = 0;
    for (int i = 0; i < TOY_SENTENCES; i++) {
        int targets[TOY_T], inputs[TOY_T];
        toy_sentence_number(targets, i);
        shift_right(inputs, targets, TOY_T);
        language_model_forward(m, inputs, TOY_T);
        out->loss[i] = language_model_loss(m, targets, TOY_T);
        const double *logits = m->logits + (size_t)TOY_AT_COLOR * TOY_V;
        // the same for each verb, which comes later
        out->known[targets[0] - TOY_NAME][targets[3] - TOY_COLOR] =
            first_word(logits, TOY_V) == targets[4];
    }
    for (int i = 0; i < TOY_NAMES * TOY_COLORS; i++)
        out->facts += out->known[i / TOY_COLORS][i % TOY_COLORS];
}

// The residual stream after a layer, at position t of the model's last pass.
static const double *residual_after(const LanguageModel *m, int layer, int t) {
    const double *rows = layer + 1 < m->sizes.L ? m->layers[layer + 1].residual : m->residual;
    return rows + (size_t)t * m->sizes.D;
}

enum { MOST_D = 64, MOST_TERMS = 256, MOST_NEURONS = 1024 };

// Sets, in neurons, the `count` of a layer with the largest terms for a token.
static void choose_neurons(bool *neurons, const LanguageModel *m, int layer, int count, int t,
                           int token) {
    double direction[MOST_D];
    LogitTerm terms[MOST_TERMS];
    int terms_count = logit_terms_count(&m->sizes);
    token_direction(direction, m, t, token);
    logit_terms(terms, m, t, direction);
    for (; count > 0; count--) {
        LogitTerm *best = NULL;
        for (LogitTerm *term = terms; term < terms + terms_count; term++) {
            size_t i = ((size_t)layer * m->sizes.C + term->channel) * m->sizes.F + term->index;
            if (term->part != PART_NEURON || term->layer != layer || neurons[i]) continue;
            if (best == NULL || term->value > best->value) best = term;
        }
        if (best == NULL) return;
        neurons[((size_t)layer * m->sizes.C + best->channel) * m->sizes.F + best->index] = true;
    }
}

// What the residual stream after a layer lacks at the last word of the clean prompt to be that of
// the other. The model's last pass is then the clean prompt's.
static void difference_of_residuals(double change[MOST_D], ToyRuns *runs, int layer) {
    LanguageModel *m = runs->model;
    const ToyPair *pair = &runs->pair;
    for (int prompt = OTHER; prompt >= CLEAN; prompt--) {
        language_model_forward(m, pair->inputs[prompt], pair->T);
        const double *residual = residual_after(m, layer, pair->T - 1);
        for (int d = 0; d < m->sizes.D; d++)
            change[d] = prompt == OTHER ? residual[d] : change[d] - residual[d];
    }
}

// Everything but the sentences and the fact of this name and color.
static void compare_exams(ToyEdit *edit, const ToyExam *before, const ToyExam *after, int name,
                          int color) {
    int sentences = 0;
    for (int i = 0; i < TOY_SENTENCES; i++) {
        int tokens[TOY_T];
        toy_sentence_number(tokens, i);
        if (tokens[0] == TOY_NAME + name && tokens[3] == TOY_COLOR + color) continue;
        edit->loss_rise += after->loss[i] - before->loss[i];
        sentences++;
    }
    edit->loss_rise /= sentences * TOY_T;
    for (int i = 0; i < TOY_NAMES * TOY_COLORS; i++) {
        int n = i / TOY_COLORS, c = i % TOY_COLORS;
        if (n == name && c == color) continue;
        edit->facts_lost += before->known[n][c] && !after->known[n][c];
    }
}

ToyEdit toy_edit(ToyRuns *runs, const ToyExam *before, int layer, int count) {
    LanguageModel *m = runs->model;
    const ToyPair *pair = &runs->pair;
    const int *clean = pair->inputs[CLEAN], t = pair->T - 1;
    bool neurons[MOST_NEURONS] = { false };
    double change[MOST_D];
    ToyEdit edit = { 0 };
    ToyExam after;
    difference_of_residuals(change, runs, layer);
    choose_neurons(neurons, m, layer, count, t, pair->answer[CLEAN]);
    edit_neurons(m, layer, &runs->at[CLEAN][t], neurons, change);
    language_model_forward(m, clean, pair->T);
    edit.succeeded = first_word(m->logits + (size_t)t * TOY_V, TOY_V) == pair->answer[OTHER];
    toy_examine(&after, m);
    compare_exams(&edit, before, &after, clean[TOY_AT_NAME] - TOY_NAME,
                  clean[TOY_AT_COLOR] - TOY_COLOR);
    return edit;
}
