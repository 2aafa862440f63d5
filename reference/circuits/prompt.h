#ifndef REFERENCE_CIRCUITS_PROMPT_H
#define REFERENCE_CIRCUITS_PROMPT_H
#include "reference/data/tokenizer.h"

// A text as a model reads it: TOKEN_END at position 0, then its tokens.
typedef struct {
    int T;
    int32_t *inputs; // [T]
} Prompt;

// Blanks at the end of the text are left out: the model has seen none there. The text must have 1
// to limit-1 tokens; messages call it by `name`.
bool prompt_new(Prompt *out, const Tokenizer *tokenizer, const char *text, const char *name,
                int limit, Error *error);
void prompt_free(Prompt *prompt);

// The positions first .. last of the tokens of a word, which must be there once, or of a position
// given as a number.
bool prompt_find(int *first, int *last, const Prompt *prompt, const Tokenizer *tokenizer,
                 const char *word, Error *error);
#endif
