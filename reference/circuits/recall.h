#ifndef REFERENCE_CIRCUITS_RECALL_H
#define REFERENCE_CIRCUITS_RECALL_H
#include "reference/circuits/questions.h"
#include "reference/model/model.h"

// Causal patching of pairs of prompts with known answers, as the sgatlin paper has it, and beside
// it controls: a pass over the clean prompt in which the gating at some positions and layers is
// another's.
//   m = logit of the clean answer - logit of the other's answer, after the last position
//   normalised indirect effect = (m patched - m clean) / (m of the other prompt - m clean)
// An answer that is a set of tokens has the logarithm of the sum of e^logit.

// What is put in place of the clean prompt's gating.
typedef enum {
    CONTROL_PATCH,  // the other prompt's
    CONTROL_OWN,    // its own: no change at all
    CONTROL_THIRD,  // that of a third prompt
    CONTROL_RANDOM, // random neurons, with the scores of the other prompt's
    CONTROL_SILENT, // nothing: scores that add nothing to the layer's output
    CONTROLS
} Control;
extern const char *const control_names[CONTROLS];

typedef enum { AT_NOUN, AT_LAST, PLACES } Place;
extern const char *const place_names[PLACES]; // "noun", "last"

// Prompts by their number. They have the same length, and their nouns the same positions.
typedef struct {
    int clean, other;
    int third; // NONE: there is no third one
} QuestionPair;
enum { NO_QUESTION = -1 };

// What a model makes of the questions alone, and memory for passes.
typedef struct Recall Recall;
// model and questions must outlive it. Dense kinds are an error, and logits that are NaN.
Recall *recall_new(const Model *model, const Question *questions, int count, Error *error);
void recall_free(Recall *recall);
// How many questions the model answers: a right answer is the first of all tokens.
int recall_answered(const Recall *recall);

typedef struct {
    double clean, other, patched; // m
    bool first;                   // the other's answer is now the first of all tokens
} Effect;

// Writes out [count], for the gatings of one layer, or ALL. Pairs without a third prompt have an
// effect of NaN under CONTROL_THIRD. false: the logits are NaN.
bool recall_effects(Effect *out, Recall *recall, const QuestionPair *pairs, int count, int layer,
                    Place place, Control control, Error *error);

// ---- over all pairs

// Every ordered pair of questions of the same form and different answers. The third prompt is drawn
// at random.
typedef struct {
    QuestionPair *items;
    int count;
    int other_form, same_answer; // pairs left out, and why
} QuestionPairs;
bool question_pairs_new(QuestionPairs *out, const Question *questions, int count, Error *error);

// Over pairs [count]: the effects added up before they are divided, since a single pair's
// denominator may be near 0; and the shares of pairs whose rank flipped (m patched < 0) and in
// which the other's answer is the first of all tokens. nie is NaN where nothing was to be divided
// by.
typedef struct {
    int pairs;
    double nie, flips, first;
} EffectSummary;
EffectSummary effects_summary(const Effect *effects, int count);

// The effects of patching all layers together, then each alone, at both places.
typedef struct {
    int L;                // of the model
    EffectSummary *cells; // [PLACES,L+1,CONTROLS]; row 0 is all layers
} RecallTable;

static inline EffectSummary *recall_cell(const RecallTable *table, Place place, int row,
                                         Control control) {
    return &table->cells[((size_t)place * ((size_t)table->L + 1) + (size_t)row) * CONTROLS +
                         (size_t)control];
}

// Fills a table over the pairs. false: out of memory, or as recall_effects.
bool recall_table_new(RecallTable *out, Recall *recall, const QuestionPairs *pairs, int L,
                      Error *error);
void recall_table_free(RecallTable *table);
#endif
