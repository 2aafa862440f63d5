// Exercise 09-2. What chance would give.
//
// A purity of 0.7 says nothing until one knows what it would be if the labels had nothing to do
// with the neighbours. Two answers:
//
// chance_purity: the mean of the purity over all ways to distribute the same labels, exactly. For a
// point with a given label it is the share of that label among the N-1 others. labels [N] below
// `classes`. Do not try all ways.
//
// shuffled_share: shuffles the labels `rounds` times and returns (1 + the number of times that the
// purity was at least `actual`) / (1 + rounds): how probable it is that chance gives this much.
// neighbours [N,k], each point itself first; work [N] is scratch; labels must not change. Each
// round shuffles the result of the last one: for i = N-1 … 1 it swaps label i with label
// draw(context, i + 1), a random number from 0 to i.
//
// Check with: make exercise-09-2
#include "chapters/09_circuits/map_quality.h"

double chance_purity(const int *labels, int N, int classes) {
    (void)labels, (void)N, (void)classes;
    return -1.0; // yours to write
}

double shuffled_share(int *work, double actual, const int *neighbours, const int *labels, int N,
                      int k, int rounds, int (*draw)(void *context, int limit), void *context) {
    (void)work, (void)actual, (void)neighbours, (void)labels, (void)N, (void)k, (void)rounds;
    (void)draw, (void)context;
    return -1.0; // yours to write
}
