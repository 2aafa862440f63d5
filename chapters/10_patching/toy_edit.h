#ifndef CHAPTERS_10_PATCHING_TOY_EDIT_H
#define CHAPTERS_10_PATCHING_TOY_EDIT_H
#include "chapters/10_patching/toy_recall.h"

// Edits of the toy language's facts, and what else they change.

// How well a model knows the language.
typedef struct {
    double loss[TOY_SENTENCES];        // of each sentence, summed over its words, in nats
    bool known[TOY_NAMES][TOY_COLORS]; // the thing has the largest logit when it is first named
    int facts;                         // how many are known
} ToyExam;
void toy_examine(ToyExam *out, LanguageModel *model);

typedef struct {
    bool succeeded;   // the other's answer is now the first word of the clean prompt
    int facts_lost;   // of the other facts known before
    double loss_rise; // mean over the sentences of other facts, in nats per word
} ToyEdit;

// Edits, in a layer, the `count` neurons that do the most for the answer of the clean prompt (by
// their logit terms): so that the residual stream after the layer, at the last word, is that of the
// other prompt. runs: of the pair; before: of the model. The model stays edited.
ToyEdit toy_edit(ToyRuns *runs, const ToyExam *before, int layer, int count);
#endif
