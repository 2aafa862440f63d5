#ifndef CHAPTERS_07_LANGUAGE_MODEL_TOY_LANGUAGE_H
#define CHAPTERS_07_LANGUAGE_MODEL_TOY_LANGUAGE_H
#include "chapters/07_language_model/language_model.h"
#include "chapters/07_language_model/special_tokens.h"
#include <stdint.h>

// A language of 192 sentences like "mia has a red kite . she likes the red kite .", whose lowest
// possible loss is known, and the small models that learn it here and in the chapters after this
// one. What each person owns in each color is an arbitrary table of facts: the first "kite" cannot
// be copied from the sentence, and neither the name nor the color alone says anything about it.

enum { TOY_NAMES = 8, TOY_COLORS = 8, TOY_THINGS = 8, TOY_VERBS = 3 };
enum { TOY_SENTENCES = TOY_NAMES * TOY_COLORS * TOY_VERBS, TOY_T = 13 };
enum {
    TOY_NAME = TOKEN_END + 1,
    TOY_COLOR = TOY_NAME + TOY_NAMES,
    TOY_THING = TOY_COLOR + TOY_COLORS,
    TOY_VERB = TOY_THING + TOY_THINGS,
    TOY_HAS = TOY_VERB + TOY_VERBS,
    TOY_A,
    TOY_STOP,
    TOY_HE,
    TOY_SHE,
    TOY_THE,
    TOY_V
};
extern const char *const toy_words[TOY_V];

// The thing, 0 to TOY_THINGS - 1, that a person owns in a color.
extern const int toy_facts[TOY_NAMES][TOY_COLORS];

// The tokens of a sentence, which ends with TOKEN_END; name, color and verb count from 0.
void toy_sentence(int tokens[TOY_T], int name, int color, int verb);
void toy_sentence_number(int tokens[TOY_T], int i); // i from 0 to TOY_SENTENCES - 1

// In nats per word: name, color and verb are random, and everything else follows from them. Without
// the facts: of a model that guesses the thing when it is first named, and is right otherwise.
double toy_lowest_loss(void);
double toy_lowest_loss_without_facts(void);

// The dimensions of the models, and of the sgatlin one.
enum { TOY_D = 16, TOY_L = 2, TOY_F = 64, TOY_C = 2, TOY_K = 8, TOY_DK = 16 };

// A model whose parameters are initialised at random. false: out of memory, or invalid sizes.
bool random_model_new(LanguageModel *out, const ModelSizes *sizes, uint64_t seed);
// A small one of the given kind (not moe or peer). false: out of memory.
bool toy_model_new(LanguageModel *out, FeedForwardKind kind, uint64_t seed);

enum { TOY_B = 8, TOY_STEPS = 1000, TOY_EVERY = 20, TOY_POINTS = TOY_STEPS / TOY_EVERY + 1 };
// Trains for TOY_STEPS steps of TOY_B random sentences; loss, if not NULL, gets the mean loss over
// all sentences every TOY_EVERY steps, from step 0.
void toy_model_train(LanguageModel *model, uint64_t seed, double loss[TOY_POINTS]);
// The schedule of that training, and the sentences of one of its steps.
extern const TrainingPlan toy_plan;
void toy_sentences(int targets[TOY_B * TOY_T], uint64_t seed, int step);
// Means over all sentences, in nats: per word, and of the thing when it is first named.
double toy_model_loss(LanguageModel *model);
double toy_fact_loss(LanguageModel *model);
#endif
