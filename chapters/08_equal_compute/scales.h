#ifndef CHAPTERS_08_EQUAL_COMPUTE_SCALES_H
#define CHAPTERS_08_EQUAL_COMPUTE_SCALES_H
#include "chapters/07_language_model/feed_forward.h"

// Scales: all hyperparameters are functions of one number s, so that all kinds grow together.
//   D = 128 s   L = 2 s   Dh = 64   V = 50257   T = 2048
//   mlp, glu  F = floor(8/3 · D/256) · 256
//   moe       F = D               E = 16   K = 2
//   peer      F = (32 + 24 s)²    C = 16   K = 8   Dk = 128
//   sgatlin   F = (16 + 12 s)²    C = 16   K = 8   Dk = 128
// These are the sgatlin paper's, s = 2 to 8. false: no such scale or kind; *out is unchanged.
bool paper_scale(ModelSizes *out, FeedForwardKind kind, int s);

// Ours, q1 to q8: a quarter of the paper's D, Dh, C, Dk and dense F, the same n = √F and K, L = s
// (at least 2), and V = 2048, T = 256. A layer keeps its proportions: a quarter of the width costs
// a sixteenth.
bool quarter_scale(ModelSizes *out, FeedForwardKind kind, int s);
#endif
