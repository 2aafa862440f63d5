#ifndef REFERENCE_GENERATE_SAMPLING_H
#define REFERENCE_GENERATE_SAMPLING_H
#include <stdint.h>

// A lower temperature counts as 0: its reciprocal could overflow.
#define MIN_TEMPERATURE 1e-6

// How the next token is sampled. {0} is greedy.
typedef struct {
    double temperature; // logits are divided by it; 0: greedy
    int top_k;          // only the top_k most likely tokens; 0: all
    double top_p;       // of those the fewest whose probability reaches top_p; 0 or 1: all
} Sampling;

typedef struct {
    float logit;
    int32_t id;
} Candidate;

// Samples a token from logits [V] with draw in [0, 1): a pure function of its arguments (top-p:
// Holtzman 2019). TOKEN_PAD is never sampled; the higher logit wins, equal ones go to the lower id,
// NaN loses. candidates [V] is scratch.
int32_t sample_token(const float *logits, int V, const Sampling *sampling, double draw,
                     Candidate *candidates);
#endif
