#ifndef REFERENCE_CHECK_LAYER_AGREE_H
#define REFERENCE_CHECK_LAYER_AGREE_H
#include "reference/check/compare.h"
#include "reference/check/layer_numbers.h"

// Compares two implementations of a feed-forward layer. Sparse layers need three steps, since
// rounding may choose another expert, and another expert is a large and correct difference:
//   1. the router's scores, of all keys and of the experts that were chosen, within a tolerance;
//   2. the choice, rank by rank as good as the expected one to the error that two scores may have;
//   3. the outputs, both given the same choice.

// From one token's router scores [keys]: rank [C,F] (of a moe [E]), which decides the choice, and
// weight, the score that each expert would have in the gating. Of key routers the two are equal.
typedef void ExpertScores(double *rank, double *weight, const Config *config, const double *scores);

// Results of the same layer on the same inputs. own_actual and own_expected are those of each
// implementation by itself; actual and expected are given the same choice. Dense layers only need
// the latter.
typedef struct {
    LayerNumbers own_actual, own_expected, actual, expected;
    ExpertScores *expert_scores; // of own_expected
    Tolerance forward, backward; // of scores and y; of dx and gradients
} LayerComparison;

// The worst errors, relative to the tensor's rms, and in how many rows (a token's choice in one
// channel, or a pool) another expert was chosen.
typedef struct {
    double scores, forward, backward;
    long rows, other_choices;
} LayerErrors;

// Steps 1 and 2, of own_actual and own_expected: their scores, score, index and start. Adds to
// `errors`.
bool layer_choices_agree(const LayerComparison *comparison, LayerErrors *errors, Error *error);

// Adds to `errors` (begin with zeros). false: the error names the first disagreement.
bool layers_agree(const LayerComparison *comparison, LayerErrors *errors, Error *error);
#endif
