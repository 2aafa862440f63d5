#ifndef CHAPTERS_00_TEXT_NGRAM_H
#define CHAPTERS_00_TEXT_NGRAM_H
#include <stdbool.h>
#include <stddef.h>

// A machine that writes: it counts which letter follows which letters. A letter is any byte:
// spaces, line ends and punctuation marks are letters, too.

// A text is a string that begins with TEXT_START line ends, which are context only: they are
// neither counted nor scored.
enum { TEXT_START = 8 };

// [types
typedef struct {
    int V;             // letters in the alphabet
    char letters[256]; // [V], by their numbers
    int numbers[256];  // by their codes; -1: not in the alphabet
} Alphabet;

typedef struct {
    const Alphabet *alphabet;
    int context; // letters of context: how many the machine looks back
    int *counts; // [V^context, V]: how often each letter followed each context
} Ngram;
// types]

// The letters that occur in any of the texts.
void alphabet_of(Alphabet *out, const char *const *texts, int count);

// All counts are 0. The alphabet must outlive the table, and every letter that the functions below
// read must be in it. false: out of memory, or the table would have more than 2^28 counts.
bool ngram_new(Ngram *out, const Alphabet *alphabet, int context);
void ngram_free(Ngram *table);

// The counts [V] of what followed the letters just before `at`.
int *ngram_following(const Ngram *table, const char *at);
void ngram_count(Ngram *table, const char *text);

// How probable the letter at `at` is after the letters before it, each count raised by `extra`
// (add-α smoothing; Laplace's rule for 1). 0 if nothing was counted there and extra is 0.
double ngram_probability(const Ngram *table, const char *at, double extra);
// The mean surprise, -ln p, over the letters of the text, in nats per letter; infinite if one of
// them has probability 0.
double ngram_loss(const Ngram *table, const char *text, double extra);

// Draws a letter to follow the letters before `at`, each as often as it was counted there; `draw`
// is in [0, 1). A line end if nothing was.
char ngram_next(const Ngram *table, const char *at, double draw);
#endif
