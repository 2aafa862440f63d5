#ifndef CHAPTERS_08_EQUAL_COMPUTE_PARTS_H
#define CHAPTERS_08_EQUAL_COMPUTE_PARTS_H
#include "chapters/07_language_model/feed_forward.h"

// One feed-forward layer, as far as its cost is concerned. All kinds have the same parts in
// different numbers: a router, which every token multiplies completely, and pools of equal experts,
// from each of which `heads` heads select K.
//
//             router                   pools   heads   experts   K   weights   biases
//   mlp       0                        1       1       1         1   2·D·F     0
//   glu       0                        1       1       1         1   3·D·F     2·F+D
//   moe       D·E                      1       1       E         K   3·D·F     2·F+D
//   peer      D·width + lists·keys·Dk  1       C       F         K   2·D       0
//   sgatlin   D·width + lists·keys·Dk  C       1       F         K   2·D       0
//
// width: of one token's queries (chapter 06); peer's router is sgatlin's PRODUCT_KEY_VALUE (chapter
// 05).
typedef struct {
    double router;          // weights
    double pools, heads;    // heads per pool
    double experts, K;      // experts per pool; selected by each head
    double weights, biases; // of one expert: multiplied, and only added
} LayerParts;

LayerParts layer_parts(const ModelSizes *sizes);

double experts_taken(const LayerParts *p); // by one token: pools · heads · K

// How many different experts N tokens use, if selections are independent and uniform:
//     pools · experts · (1 − (1 − K/experts)^(heads·N))
// Real selections are less even, so real tokens use fewer.
double experts_touched(const LayerParts *p, double N);
#endif
