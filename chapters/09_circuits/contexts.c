#include "chapters/09_circuits/contexts.h"
#include "chapters/09_circuits/recording.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_inputs(int inputs[TOY_T], int targets[TOY_T], int sentence) {
    toy_sentence_number(targets, sentence);
    shift_right(inputs, targets, TOY_T);
}

// The first sentence that begins like this one does, up to the position.
static int first_alike(const int *inputs, int position) {
    int others[TOY_T], targets[TOY_T];
    for (int i = 0;; i++) {
        read_inputs(others, targets, i);
        if (memcmp(others, inputs, ((size_t)position + 1) * sizeof *inputs) == 0) return i;
    }
}

// The word after the position, if all sentences that begin so have the same there.
static int determined_next(const int *inputs, const int *targets, int position) {
    int others[TOY_T], other_targets[TOY_T];
    for (int i = 0; i < TOY_SENTENCES; i++) {
        read_inputs(others, other_targets, i);
        if (memcmp(others, inputs, ((size_t)position + 1) * sizeof *inputs) != 0) continue;
        if (other_targets[position] != targets[position]) return -1;
    }
    return targets[position];
}

int toy_contexts(Context *out) {
    int inputs[TOY_T], targets[TOY_T], count = 0;
    for (int i = 0; i < TOY_SENTENCES; i++) {
        read_inputs(inputs, targets, i);
        for (int t = 0; t < TOY_T; t++) {
            if (first_alike(inputs, t) != i) continue;
            out[count++] = (Context){ .word = inputs[t],
                                      .previous = t > 0 ? inputs[t - 1] : -1,
                                      .next = determined_next(inputs, targets, t),
                                      .sentence = i,
                                      .position = t };
        }
    }
    return count;
}

void context_words(int *words, const Context *context) {
    int targets[TOY_T];
    read_inputs(words, targets, context->sentence);
}

void describe_context(char out[CONTEXT_TEXT], const Context *c) {
    int words[TOY_T], used = 0;
    context_words(words, c);
    for (int t = 1; t < c->position; t++)
        used += snprintf(out + used, CONTEXT_TEXT - (size_t)used, "%s ", toy_words[words[t]]);
    snprintf(out + used, CONTEXT_TEXT - (size_t)used, "[%s]", toy_words[c->word]);
}

bool same_fact(const Context *a, const Context *b) {
    int i[TOY_T], j[TOY_T];
    context_words(i, a);
    context_words(j, b);
    return i[1] == j[1] && i[4] == j[4];
}

int find_context(const Context *contexts, int name, int color, int position) {
    int words[TOY_T];
    for (int i = 0;; i++) {
        context_words(words, &contexts[i]);
        if (contexts[i].position == position && words[1] == name && words[4] == color) return i;
    }
}

// The last forward pass at one position, as point i of the recording.
static void record_point(ContextRecording *r, const LanguageModel *m, int position, int i,
                         double *scores, int *indices) {
    size_t entries = (size_t)r->C * r->K;
    for (int l = 0; l < r->L; l++) {
        size_t row = (size_t)l * r->N + (size_t)i;
        record_layer(scores, indices, m, l, TOY_T);
        memcpy(r->scores + row * entries, scores + position * entries, entries * sizeof *scores);
        memcpy(r->indices + row * entries, indices + position * entries, entries * sizeof *indices);
        memcpy(r->inputs + row * r->D, m->layers[l].normed_mid + (size_t)position * r->D,
               (size_t)r->D * sizeof *r->inputs);
    }
}

bool record_contexts(ContextRecording *out, LanguageModel *m, const Context *contexts, int N) {
    const ModelSizes *s = &m->sizes;
    *out = (ContextRecording){ N, s->L, s->C, s->K, s->F, s->D, NULL, NULL, NULL, NULL };
    size_t entries = (size_t)s->C * s->K, points = (size_t)s->L * N;
    double *scores = malloc(TOY_T * entries * sizeof *scores);
    int *indices = malloc(TOY_T * entries * sizeof *indices);
    out->scores = malloc(points * entries * sizeof *out->scores);
    out->indices = malloc(points * entries * sizeof *out->indices);
    out->joined = malloc(points * entries * sizeof *out->joined);
    out->inputs = malloc(points * s->D * sizeof *out->inputs);
    bool ok = scores && indices && out->scores && out->indices && out->joined && out->inputs;
    for (int i = 0; ok && i < N; i++) {
        int inputs[TOY_T], targets[TOY_T];
        read_inputs(inputs, targets, contexts[i].sentence);
        if (i == 0 || contexts[i].sentence != contexts[i - 1].sentence)
            language_model_forward(m, inputs, TOY_T);
        record_point(out, m, contexts[i].position, i, scores, indices);
    }
    if (ok)
        join_channels(out->joined, out->indices, s->L * N, s->C, s->K, s->F);
    else
        context_recording_free(out);
    free(scores);
    free(indices);
    return ok;
}

void context_recording_free(ContextRecording *r) {
    free(r->scores);
    free(r->indices);
    free(r->joined);
    free(r->inputs);
    *r = (ContextRecording){ 0 };
}
