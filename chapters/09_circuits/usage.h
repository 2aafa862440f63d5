#ifndef CHAPTERS_09_CIRCUITS_USAGE_H
#define CHAPTERS_09_CIRCUITS_USAGE_H
#include <stdbool.h>

// Which neurons fire, how evenly, and which fire together. indices [N,K] of F, as recorded.

// counts [F]: how many of the N gatings contain each neuron.
void firing_counts(int *counts, const int *indices, int N, int K, int F);
// The same with each of V distinct tokens counted once: a neuron's count is the number of different
// tokens for which it fires at least once. tokens [N] below V; fired [V,F]: scratch.
void firing_counts_by_token(int *counts, bool *fired, const int *indices, const int *tokens, int N,
                            int K, int F, int V);

double used_share(const int *counts, int F); // the share of neurons with a count above 0

// The Gini coefficient: 0 if all counts are equal, (F-1)/F if one neuron has everything. With the
// counts in ascending order it is Σ_i (2i - F - 1) counts_i / (F Σ_i counts_i), i = 1 … F; 0 if all
// are 0. sorted [F]: scratch.
double gini(int *sorted, const int *counts, int F);

// share [F,F]: of all the neurons that fire together with neuron i, in all gatings, the share that
// are neuron j. A row adds up to 1; the diagonal is 0, and so is the row of a neuron that is never
// together with another.
void coactivation(double *share, const int *indices, int N, int K, int F);

// Neuron i·n + j of F = n² has the sub-keys i and j (chapter 04). The mean over the neurons that
// have partners of the share of them with which the neuron has a sub-key in common; if partners
// were any others, it would be 2(n-1)/(n²-1).
double partners_on_a_sub_key(const double *share, int n);

// The mean over the same neurons of the largest share in their row: 1/(F-1) if all partners were
// equal.
double strongest_partner(const double *share, int F);
#endif
