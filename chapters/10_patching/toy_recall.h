#ifndef CHAPTERS_10_PATCHING_TOY_RECALL_H
#define CHAPTERS_10_PATCHING_TOY_RECALL_H
#include "chapters/07_language_model/toy_language.h"
#include "chapters/10_patching/effect.h"
#include "chapters/10_patching/patch.h"

// All pairs of prompts of the toy language that differ in one word, patched, and beside the patch
// its controls.

// What is asked, and in which word the prompts differ.
typedef enum {
    ASK_THING_NAME,  // "mia has a blue" and "sam has a blue": what comes next?
    ASK_THING_COLOR, // "mia has a blue" and "mia has a red"
    ASK_PRONOUN,     // "mia has a blue hat ." and "sam has a blue hat .": she or he?
    TOY_QUESTIONS
} ToyQuestion;
enum { TOY_MAX_PROMPT = 7, TOY_AT_NAME = 1, TOY_AT_COLOR = 4, TOY_AT_STOP = 6 };

// The clean prompt, the other one, and a third that differs from both in the same word.
enum { CLEAN, OTHER, THIRD, TOY_PROMPTS };
typedef struct {
    int T;                                   // words of each, with the <end> in front
    int inputs[TOY_PROMPTS][TOY_MAX_PROMPT]; // [3,T]
    int answer[TOY_PROMPTS];                 // the right next word
} ToyPair;

// Of the name, color and thing of the clean prompt, with the name or the color of the others.
ToyPair toy_pair(ToyQuestion question, int name, int color, int other, int third);
int toy_pairs(ToyQuestion question); // how many there are
ToyPair toy_pair_number(ToyQuestion question, int i);

// What replaces the clean prompt's gating (or hidden layer, or heads) at the same position.
typedef enum {
    SOURCE_OTHER,   // the other prompt's
    SOURCE_OWN,     // its own: must change nothing
    SOURCE_THIRD,   // the third prompt's
    SOURCE_RANDOM,  // sgatlin: random neurons, with the other prompt's scores
    SOURCE_SILENCE, // zeros
    SOURCE_NEURONS, // sgatlin: the other prompt's neurons with the clean prompt's scores, by rank
    SOURCE_SCORES,  // sgatlin: the clean prompt's neurons with the other prompt's scores
    SOURCES
} ToySource;
extern const char *const toy_source_names[SOURCES];

// What a model does for the prompts of a pair.
typedef struct {
    LanguageModel *model;
    ToyPair pair;
    Snapshot at[TOY_PROMPTS][TOY_MAX_PROMPT];
    double logits[TOY_PROMPTS][TOY_V]; // after the last word
    Snapshot made;                     // for sources that no prompt has
} ToyRuns;

// false: out of memory. The model must outlive the runs.
bool toy_runs_new(ToyRuns *out, LanguageModel *model);
void toy_runs_free(ToyRuns *runs);
void toy_runs_take(ToyRuns *runs, const ToyPair *pair); // runs the three prompts

// Valid until the next call.
const Snapshot *toy_source(ToyRuns *runs, ToySource source, int position);

// A forward pass of the clean prompt with the patch, whose source is set here. Returns the word
// that comes first; logits: [TOY_V], after the last word, or NULL.
int toy_patch(Differences *m, double *logits, ToyRuns *runs, ToySource source, const Patch *patch);

// One row of a table, over all pairs of a question.
typedef struct {
    ToySource source;
    Patch patch; // without a source
    EffectSums sums;
} ToyRow;
void toy_recall(ToyRow *rows, int count, ToyRuns *runs, ToyQuestion question);
#endif
