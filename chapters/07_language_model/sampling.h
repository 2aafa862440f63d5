#ifndef CHAPTERS_07_LANGUAGE_MODEL_SAMPLING_H
#define CHAPTERS_07_LANGUAGE_MODEL_SAMPLING_H

#define MIN_TEMPERATURE 1e-6 // lower ones count as 0: dividing by them could overflow

// How the next token is sampled.
typedef struct {
    double temperature; // logits are divided by it; 0: greedy
    int top_k;          // only the top_k likeliest tokens; 0: all
    double top_p;       // of those the fewest whose probabilities reach top_p; 0: all
                        // (nucleus sampling, Holtzman et al. 2019, arXiv 1904.09751)
} SamplingRule;

// Samples a token from logits [V], with `draw` in [0, 1): a pure function of its arguments. Equal
// logits are ordered by the lower token, NaN loses, TOKEN_PAD is never sampled; if all logits are
// NaN, the result is TOKEN_END. order [V] and p [V] are scratch. V >= 2.
int sample_next_token(const double *logits, int V, const SamplingRule *rule, double draw,
                      int *order, double *p);
#endif
