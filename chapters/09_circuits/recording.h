#ifndef CHAPTERS_09_CIRCUITS_RECORDING_H
#define CHAPTERS_09_CIRCUITS_RECORDING_H
#include "chapters/07_language_model/language_model.h"

// What the layers of a model chose, read from their gatings and from nothing else: it works for
// every kind that has one. Everything else in this chapter takes such a recording as arrays.
//
// One gating is a sparse vector of F numbers: K of them are stored, scores [K] at the different
// indices [K], and all others are 0. N gatings are scores and indices [N,K].

// After language_model_forward with T tokens: scores and indices [T,entries] of one layer, where
// entries is that of recording_entries: C·K in the order [C,K], or K for moe.
int recording_entries(const ModelSizes *sizes); // 0: a kind without a gating
void record_layer(double *scores, int *indices, const LanguageModel *model, int layer, int T);

// The channels as one vector of C·F neurons: joined [N,C·K] = c·F + indices [N,C,K].
void join_channels(int *joined, const int *indices, int N, int C, int K, int F);
#endif
