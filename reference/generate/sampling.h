#ifndef REFERENCE_GENERATE_SAMPLING_H
#define REFERENCE_GENERATE_SAMPLING_H
#include <stdint.h>

#define SAMPLING_COLDEST 1e-6 // a temperature below it counts as 0: its reciprocal could overflow

// How the next token is drawn. Zeroes are the plainest choices: greedy, all tokens, no cut.
typedef struct {
    double temperature; // logits are divided by it; 0: the best token
    int top_k;          // only the top_k best; 0: all
    // then the fewest best whose probabilities reach top_p (Holtzman 2019); 0 or 1: all
    double top_p;
} Sampling;

typedef struct {
    float logit;
    int32_t id;
} Candidate;

// Draws a token from logits [V] with draw in [0, 1): a pure function of its arguments. TOKEN_PAD is
// never drawn; equal logits go by the lower id; NaN loses against any number. candidates [V] is
// scratch.
int32_t sample_token(const float *logits, int V, const Sampling *sampling, double draw,
                     Candidate *candidates);
#endif
