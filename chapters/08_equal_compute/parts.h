#ifndef CHAPTER_08_PARTS_H
#define CHAPTER_08_PARTS_H
#include "chapters/07_language_model/feed_forward.h"

// One feed-forward layer as a bill sees it. All kinds of this course are the same thing with other
// numbers: a router that every token multiplies whole, and pools of equal experts out of which
// `heads` heads choose K each.
//
//                router                                pools   heads   experts  K   weights  biases
//   mlp          0                                         1       1         1  1      2·D·F       0
//   glu          0                                         1       1         1  1      3·D·F   2·F+D
//   moe          D·E                                       1       1         E  K      3·D·F   2·F+D
//   peer         D·width + lists·keys·Dk                   1       C         F  K        2·D       0
//   sgatlin      D·width + lists·keys·Dk                   C       1         F  K        2·D       0
//
// width: of one token's queries (chapter 06); peer's router is sgatlin's PRODUCT_KEY_VALUE (chapter
// 05).
typedef struct {
    double router;          // weights
    double pools, heads;    // heads: that choose from each pool
    double experts, K;      // of a pool; taken of them by each head
    double weights, biases; // of one expert: what is multiplied, what is only added
} LayerParts;

LayerParts layer_parts(const ModelSizes *sizes);

double experts_taken(const LayerParts *p); // by one token: pools · heads · K

// How many different experts N tokens take, if every choice falls on all of them alike: of a pool
//     experts · (1 − (1 − K/experts)^(heads·N))
// Real choices are less even, so real ones are fewer.
double experts_touched(const LayerParts *p, double N);
#endif
