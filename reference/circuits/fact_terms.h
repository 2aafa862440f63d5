#ifndef REFERENCE_CIRCUITS_FACT_TERMS_H
#define REFERENCE_CIRCUITS_FACT_TERMS_H
#include "reference/circuits/questions.h"
#include "reference/model/model.h"

// How much of the logit of a right answer a few neurons (or experts) carry, by exact attribution.

enum { FACT_NEURONS = 8 };

// Means over the questions. The FACT_NEURONS largest terms of any token are selected for being
// large, so the control is the same for a wrong answer: that of another question.
typedef struct {
    double logit, largest; // of the right answer; the sum of its largest neurons' terms
    double wrong_logit, wrong_largest;
} FactTerms;

// questions [count], at least two; the first of each one's answers is taken.
bool fact_terms(FactTerms *out, const Model *model, const Question *questions, int count,
                uint64_t seed, Error *error);
#endif
