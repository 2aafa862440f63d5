#ifndef CHAPTERS_09_CIRCUITS_TOY_STUDY_H
#define CHAPTERS_09_CIRCUITS_TOY_STUDY_H
#include "chapters/09_circuits/contexts.h"
#include "reference/io/error.h"

// What the chapter's demo measures: a trained model, what it recorded for the contexts, and other
// descriptions of the same contexts to compare with.

// Of each of N contexts a sparse vector of `width` numbers at `indices`; or, with indices NULL,
// `width` numbers.
typedef struct {
    double *values; // [N,width]
    int *indices;   // [N,width]
    int width;
} Space;

typedef struct {
    LanguageModel model;
    Context contexts[TOY_SENTENCES * TOY_T];
    ContextRecording recording;
    int N, entries, neurons; // contexts, C·K, C·F
    double *cosines, *dense; // [N], [neurons]: scratch
    Space router;            // of route_at_random
} ToyStudy;

// Trains chapter 07's sgatlin model and records it.
bool toy_study_open(ToyStudy *out, uint64_t seed, Error *error);
void toy_study_close(ToyStudy *study);

Space gating_space(const ToyStudy *study, int layer);   // all channels
Space residual_space(const ToyStudy *study, int layer); // the input of the feed-forward layer
// What a router with new random weights chooses on the same inputs; valid until the next call.
bool route_at_random(Space *out, ToyStudy *study, int layer, uint64_t seed, Error *error);

// To study->cosines [N]: those of context i with all.
void compare_context(ToyStudy *study, const Space *space, int i);

// a [n] = 0 … n-1 in random order.
void shuffle(int *a, int n, uint64_t key);

// Renames the sub-keys of both lists, in each of N gatings of n² neurons differently: neurons of a
// gating that share a sub-key still do. indices [N,K]; n at most 64.
void shuffle_sub_keys(int *indices, int N, int K, int n);
#endif
