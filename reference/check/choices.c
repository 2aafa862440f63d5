#include "reference/check/choices.h"
#include <stdlib.h>

void choices_free(Choices *choices) {
    for (int l = 0; choices->layers != NULL && l < choices->L; l++)
        layer_numbers_free(&choices->layers[l]);
    free(choices->layers);
    free(choices->tokens);
    free(choices->key_scores);
    *choices = (Choices){ 0 };
}

bool choices_new(Choices *out, const Config *config, int B, Error *error) {
    size_t L = (size_t)config->L, keys = (size_t)ffn_gating(config, NULL, 1).keys;
    *out = (Choices){ .L = config->L };
    if (!config->ffn->sparse) return true;
    out->layers = calloc(L, sizeof *out->layers);
    out->tokens = calloc(L, sizeof *out->tokens);
    out->key_scores = calloc((size_t)B * (size_t)config->T * keys, sizeof *out->key_scores);
    if (out->layers == NULL || out->tokens == NULL || out->key_scores == NULL)
        return fail(error, "out of memory");
    for (size_t l = 0; l < L; l++) {
        if (!layer_numbers_new(&out->layers[l], config, B, config->T, error)) return false;
    }
    return true;
}

// Where the entries of a token begin.
static size_t first_entry(const LayerNumbers *numbers, int token) {
    return numbers->start != NULL ? (size_t)numbers->start[token]
                                  : (size_t)token * numbers->config.C * numbers->config.K;
}

// The gating is of the tokens from `first` on.
static void note_choice(LayerNumbers *out, int first, const Gating *gating) {
    size_t keys = (size_t)gating->keys, begin = first_entry(out, first);
    for (int t = 0; out->start != NULL && t < gating->N; t++)
        out->start[first + t + 1] = (int32_t)begin + gating->start[t + 1];
    for (size_t i = 0; i < (size_t)gating->N * keys; i++)
        out->scores[(size_t)first * keys + i] = gating->key_scores[i];
    for (size_t i = 0; i < gating_entries(gating); i++) {
        out->score[begin + i] = gating->score[i];
        out->index[begin + i] = gating->index[i];
    }
}

static void force_choice(Gating *gating, const LayerNumbers *choice, int first) {
    size_t begin = first_entry(choice, first),
           entries = first_entry(choice, first + gating->N) - begin;
    for (int t = 0; choice->start != NULL && t <= gating->N; t++)
        gating->start[t] = choice->start[first + t] - (int32_t)begin;
    for (size_t i = 0; i < entries; i++) {
        gating->score[i] = (float)choice->score[begin + i];
        gating->index[i] = choice->index[begin + i];
    }
}

static bool has_sizes(const Gating *gating, const LayerNumbers *numbers, int first) {
    const Config *config = &numbers->config;
    if (first + gating->N > numbers->N || (gating->start == NULL) != (numbers->start == NULL))
        return false;
    if (gating->start != NULL) return gating_entries(gating) <= gating->capacity;
    return gating->C == config->C && gating->K == config->K;
}

void choices_hook(void *context, const GatingEvent *event) {
    Choices *choices = context;
    LayerNumbers *own = &choices->layers[event->layer];
    Gating *gating = event->gating;
    int first = choices->tokens[event->layer];
    if (!has_sizes(gating, own, first) || gating->key_scores == NULL) {
        choices->mismatches++;
        return;
    }
    choices->tokens[event->layer] += gating->N;
    note_choice(own, first, gating);
    if (choices->forced != NULL)
        force_choice(gating, &choices->forced->layers[event->layer], first);
}

bool choices_complete(Choices *choices, int N, Error *error) {
    bool ok = choices->mismatches == 0 || fail(error, "the hook saw gatings of other sizes");
    for (int l = 0; choices->layers != NULL && l < choices->L; l++) {
        if (ok && choices->tokens[l] != N)
            ok = fail(error, "the hook saw %d tokens of layer %d, expected %d", choices->tokens[l],
                      l, N);
        choices->tokens[l] = 0;
    }
    choices->mismatches = 0;
    return ok;
}
