#ifndef REFERENCE_FFN_EXPERT_SORT_H
#define REFERENCE_FFN_EXPERT_SORT_H
#include <stddef.h>
#include <stdint.h>

// Entries of a gating: in each of `rows` rows, `stride` apart in `index`, `count` from `first` on.
typedef struct {
    const int32_t *index; // the expert of each entry, below F
    int rows;
    size_t stride, first, count;
    int F;
} ExpertEntries;

// Counting sort of the entries by expert. It is stable, so sums over an expert's entries run in the
// order of the tokens. start [F+1]: where each expert's entries begin. Then order[i] is the entry
// at place i, or place[entry] = i; either may be NULL.
void sort_by_expert(int32_t *start, int32_t *order, int32_t *place, const ExpertEntries *entries);
#endif
