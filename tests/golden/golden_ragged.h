#ifndef TESTS_GOLDEN_GOLDEN_RAGGED_H
#define TESTS_GOLDEN_GOLDEN_RAGGED_H
#include "reference/check/layer_numbers.h"
#include "tests/golden/golden_file.h"

// A ragged gating (moe) against its file: gating.logits and gating.indices [B,T,K], or
// gating.weights [B,T,E], 0 where an expert was not chosen.

// Compares the implementation's choice and weights, and with `shown` its logits. The file's logits
// are compared with those of the file's own x and router.
void golden_ragged_check(GoldenFile *golden, const LayerNumbers *actual, bool shown,
                         Tolerance forward);

// Copies the file's choice into `numbers`, to be used instead of the router's. false: the file has
// a problem, which was reported.
bool golden_ragged_give(GoldenFile *golden, LayerNumbers *numbers);
#endif
