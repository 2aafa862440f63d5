#ifndef REFERENCE_CIRCUITS_QUESTIONS_H
#define REFERENCE_CIRCUITS_QUESTIONS_H
#include "reference/circuits/facts.h"
#include "reference/circuits/prompt.h"

// A prompt whose right answer is known: "The NOUN was".
typedef struct {
    Prompt prompt;
    int first, last;  // the positions of the noun
    int32_t *answers; // [answer_count]: each is right
    int answer_count;
} Question;

typedef struct {
    Question *items;
    int count;
    int several_tokens; // facts left out: no answer is one token
    int no_prompt;      // facts left out: the prompt does not fit, or its noun is not found in it
} Questions;

// One for each fact that has one.
bool questions_new(Questions *out, const Facts *facts, const Tokenizer *tokenizer, int limit,
                   Error *error);
void questions_free(Questions *questions);

// Whether the token is one of the answers.
bool is_answer(const Question *question, int32_t token);
#endif
