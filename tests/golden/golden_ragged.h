#ifndef TESTS_GOLDEN_GOLDEN_LIST_H
#define TESTS_GOLDEN_GOLDEN_LIST_H
#include "reference/check/layer_numbers.h"
#include "tests/golden/golden_file.h"

// The gating of a layer whose experts are a list by token (moe), against its file: gating.logits
// and gating.indices
// [B,T,K], or gating.weights [B,T,E], 0 where an expert was not chosen.

// What the implementation chose and weighed; `shown`: it also shows its logits. The file's logits are held to
// its own x and router.
void golden_list_check(GoldenFile *golden, const LayerNumbers *actual, bool shown,
                       Tolerance forward);

// Copies the file's choice into `numbers`, to be used instead of the router's. false: the file has a
// problem, which was reported.
bool golden_list_give(GoldenFile *golden, LayerNumbers *numbers);
#endif
