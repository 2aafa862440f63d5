#include "chapters/07_language_model/toy_language.h"
#include "chapters/07_language_model/loss.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <string.h>

const char *const toy_words[TOY_V] = {
    "<pad>", "<end>",                                                 //
    "tom",   "ben",   "leo",   "sam", "mia",  "ann", "eva",   "zoe",  //
    "red",   "blue",  "green", "big", "new",  "old", "small", "long", //
    "ball",  "kite",  "hat",   "cat", "boat", "cup", "drum",  "book", //
    "likes", "wants", "sees",  "has", "a",    ".",   "he",    "she",  "the"
};

// Every thing is once in each row and once in each column.
// [facts
const int toy_facts[TOY_NAMES][TOY_COLORS] = {
    // red, blue, green, big, new, old, small, long; 0: ball, 1: kite, ... 7: book
    /* tom */ { 6, 7, 3, 2, 0, 4, 1, 5 },
    /* ben */ { 3, 4, 7, 6, 2, 5, 0, 1 },
    /* leo */ { 4, 0, 6, 1, 7, 3, 5, 2 },
    /* sam */ { 1, 6, 5, 0, 3, 2, 4, 7 },
    /* mia */ { 7, 2, 0, 5, 1, 6, 3, 4 },
    /* ann */ { 5, 3, 1, 4, 6, 7, 2, 0 },
    /* eva */ { 0, 5, 2, 7, 4, 1, 6, 3 },
    /* zoe */ { 2, 1, 4, 3, 5, 0, 7, 6 },
};
// facts]

void toy_sentence(int tokens[TOY_T], int name, int color, int verb) {
    int thing = TOY_THING + toy_facts[name][color];
    int sentence[TOY_T] = { TOY_NAME + name,
                            TOY_HAS,
                            TOY_A,
                            TOY_COLOR + color,
                            thing,
                            TOY_STOP,
                            name < TOY_NAMES / 2 ? TOY_HE : TOY_SHE,
                            TOY_VERB + verb,
                            TOY_THE,
                            TOY_COLOR + color,
                            thing,
                            TOY_STOP,
                            TOKEN_END };
    memcpy(tokens, sentence, sizeof sentence);
}

void toy_sentence_number(int tokens[TOY_T], int i) {
    toy_sentence(tokens, i % TOY_NAMES, i / TOY_NAMES % TOY_COLORS, i / TOY_NAMES / TOY_COLORS);
}

double toy_lowest_loss(void) { return (log(TOY_NAMES) + log(TOY_COLORS) + log(TOY_VERBS)) / TOY_T; }

double toy_lowest_loss_without_facts(void) { return toy_lowest_loss() + log(TOY_THINGS) / TOY_T; }

static ModelSizes toy_sizes(FeedForwardKind kind) {
    ModelSizes s = { .ffn = kind, .V = TOY_V, .T = TOY_T, .D = TOY_D, .L = TOY_L, .Dh = TOY_D };
    if (kind == FEED_FORWARD_MLP) s.F = 96;
    if (kind == FEED_FORWARD_GLU) s.F = 64;
    if (kind == FEED_FORWARD_SGATLIN) s.F = TOY_F, s.C = TOY_C, s.K = TOY_K, s.Dk = TOY_DK;
    return s;
}

bool random_model_new(LanguageModel *out, const ModelSizes *sizes, uint64_t seed) {
    if (!language_model_new(out, sizes)) return false;
    for (int i = 0; i < out->list.count; i++) {
        const Parameter *p = &out->list.items[i];
        uint64_t key = random_key(seed, p->name);
        for (size_t j = 0; j < p->count; j++)
            out->parameters[p->offset + j] = p->mean + p->deviation * random_normal(key, j);
    }
    return true;
}

bool toy_model_new(LanguageModel *out, FeedForwardKind kind, uint64_t seed) {
    ModelSizes sizes = toy_sizes(kind);
    return random_model_new(out, &sizes, seed);
}

static void read_sentence(LanguageModel *m, int targets[TOY_T], int i) {
    int inputs[TOY_T];
    toy_sentence_number(targets, i);
    shift_right(inputs, targets, TOY_T);
    language_model_forward(m, inputs, TOY_T);
}

double toy_model_loss(LanguageModel *m) {
    int targets[TOY_T];
    double sum = 0.0;
    for (int i = 0; i < TOY_SENTENCES; i++) {
        read_sentence(m, targets, i);
        sum += language_model_loss(m, targets, TOY_T);
    }
    return sum / (TOY_SENTENCES * TOY_T);
}

double toy_fact_loss(LanguageModel *m) {
    int targets[TOY_T];
    double sum = 0.0, p[TOY_V];
    for (int i = 0; i < TOY_SENTENCES; i++) {
        read_sentence(m, targets, i);
        sum += cross_entropy(p, m->logits + (size_t)4 * TOY_V, targets[4], TOY_V);
    }
    return sum / TOY_SENTENCES;
}

const TrainingPlan toy_plan = { .peak = 0.01,
                                .warmup = 20,
                                .constant = TOY_STEPS - 220,
                                .decay = 200,
                                .clip = 1.0,
                                .weight_decay = 1e-3 };

void toy_sentences(int targets[TOY_B * TOY_T], uint64_t seed, int step) {
    uint64_t key = random_key(seed, "sentences");
    for (int b = 0; b < TOY_B; b++)
        toy_sentence_number(targets + b * TOY_T,
                            (int)random_below(key, (uint64_t)step * TOY_B + b, TOY_SENTENCES));
}

void toy_model_train(LanguageModel *m, uint64_t seed, double loss[TOY_POINTS]) {
    int targets[TOY_B * TOY_T];
    for (int step = 0; step < TOY_STEPS; step++) {
        if (loss && step % TOY_EVERY == 0) loss[step / TOY_EVERY] = toy_model_loss(m);
        toy_sentences(targets, seed, step);
        language_model_step(m, targets, TOY_B, TOY_T, &toy_plan, step);
    }
    if (loss) loss[TOY_POINTS - 1] = toy_model_loss(m);
}
