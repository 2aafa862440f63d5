#include "reference/ffn/expert_sort.h"
#include <string.h>

void sort_by_expert(int32_t *start, int32_t *order, int32_t *place, const ExpertEntries *entries) {
    const int32_t *index = entries->index;
    int F = entries->F;
    memset(start, 0, ((size_t)F + 1) * sizeof *start);
    for (int row = 0; row < entries->rows; row++) {
        size_t begin = row * entries->stride + entries->first, end = begin + entries->count;
        for (size_t e = begin; e < end; e++) start[index[e] + 1]++;
    }
    for (int f = 0; f < F; f++) start[f + 1] += start[f];
    for (int row = 0; row < entries->rows; row++) {
        size_t begin = row * entries->stride + entries->first, end = begin + entries->count;
        for (size_t e = begin; order != NULL && e < end; e++) order[start[index[e]]++] = (int32_t)e;
        for (size_t e = begin; place != NULL && e < end; e++) place[e] = start[index[e]]++;
    }
    // Each start[f] has moved on to where f+1 begins: shifting them by one place restores them.
    memmove(start + 1, start, (size_t)F * sizeof *start);
    start[0] = 0;
}
