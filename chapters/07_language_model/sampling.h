#ifndef CHAPTER_07_SAMPLING_H
#define CHAPTER_07_SAMPLING_H

#define MIN_TEMPERATURE 1e-6 // a temperature below it counts as 0: dividing by it could overflow

// How the next token is drawn.
typedef struct {
    double temperature; // logits are divided by it; 0: always the likeliest
    int top_k;          // only the top_k likeliest; 0: all
    // of those the fewest that together reach top_p (Holtzman et al. 2019, arXiv 1904.09751); 0:
    // all
    double top_p;
} SamplingRule;

// A token for logits [V], by `draw` in [0, 1): a pure function of its arguments. Equal logits go by
// the lower number, NaN loses, TOKEN_PAD is never drawn. order [V] and p [V] are scratch. V >= 2.
int sample_next_token(const double *logits, int V, const SamplingRule *rule, double draw,
                      int *order, double *p);
#endif
