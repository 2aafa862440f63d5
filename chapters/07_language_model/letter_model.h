#ifndef CHAPTERS_07_LANGUAGE_MODEL_LETTER_MODEL_H
#define CHAPTERS_07_LANGUAGE_MODEL_LETTER_MODEL_H
#include "chapters/00_text/ngram.h"
#include "chapters/07_language_model/language_model.h"
#include "chapters/07_language_model/special_tokens.h"
#include <stdint.h>

// A small model whose tokens are letters: it guesses the texts that chapter 00's tables guess, for
// the scoreboard. The letter with number v in the alphabet is token LETTER_TOKEN + v.

enum { LETTER_TOKEN = TOKEN_END + 1 };
// It sees at most LETTER_T letters; it learns LETTER_STEPS times LETTER_B places of a text.
enum { LETTER_T = 32, LETTER_B = 4, LETTER_STEPS = 2000 };

// Initialised at random; not a moe or peer. false: out of memory.
bool letter_model_new(LanguageModel *out, FeedForwardKind kind, const Alphabet *alphabet,
                      uint64_t seed);
// `text` is as in ngram.h, and has at least LETTER_T letters, all of the alphabet.
void letter_model_train(LanguageModel *model, const Alphabet *alphabet, const char *text, int steps,
                        uint64_t seed);
// The mean loss in nats per letter. Each letter is scored once, with at least LETTER_T / 2 letters
// of context where there are as many before it.
double letter_model_loss(LanguageModel *model, const Alphabet *alphabet, const char *text);
// Writes `count` letters and a NUL, sampled from the model's own distribution.
void letter_model_write(char *out, int count, LanguageModel *model, const Alphabet *alphabet,
                        uint64_t seed);
#endif
