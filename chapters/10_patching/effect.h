#ifndef CHAPTERS_10_PATCHING_EFFECT_H
#define CHAPTERS_10_PATCHING_EFFECT_H
#include <stdbool.h>

// How much a patch moved the prediction from one answer to another.

// The logit of an answer that may be said in several words: log Σ e^logit over words [count]. Of
// one word it is its logit.
double answer_logit(const double *logits, const int *words, int count);

// m, the logit of one answer minus that of the other.
double logit_difference(const double *logits, const int *clean, const int *other, int count);

// The words with the largest logit, the first of them among equals; V words.
int first_word(const double *logits, int V);

typedef struct {
    double clean, other, patched; // m of the clean prompt, of the other, and of the patched pass
} Differences;

// The normalised indirect effect (m patched - m clean) / (m other - m clean): 0 if the patch
// changed nothing, 1 if m is the other prompt's. The divisor is moved by 1e-8, as in the paper's
// code.
double indirect_effect(const Differences *m);
bool rank_flipped(const Differences *m); // the other's answer is now ahead of the clean one's

// Over many pairs of prompts.
typedef struct {
    int pairs, flips, firsts;
    double moved, distance; // sums of m clean - m patched, and of m clean - m other
} EffectSums;

// other_is_first: of all words, the other's answer now has the largest logit.
void effect_add(EffectSums *sums, const Differences *m, bool other_is_first);
// The ratio of the sums: in a mean of ratios, one pair whose prompts hardly differ drowns the rest.
double mean_effect(const EffectSums *sums);
#endif
