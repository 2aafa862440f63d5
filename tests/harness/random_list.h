#ifndef TESTS_HARNESS_RANDOM_LIST_H
#define TESTS_HARNESS_RANDOM_LIST_H
#include "reference/draw/draw.h"

// Draws one thing for each seed, the same for the same seed: rectangles, lines, curves, texts,
// cells and clips, in and around the list, now and then far away from it.
void random_list(DrawList *list, const uint64_t *seeds, int count);
#endif
