#ifndef CHAPTERS_06_SGATLIN_SGATLIN_H
#define CHAPTERS_06_SGATLIN_SGATLIN_H
#include "chapters/05_peer/key_value.h"
#include <stddef.h>

// Sparsely gated linear neurons, one token at a time (the sgatlin paper). A router selects K of F
// neurons in each of C channels; a neuron is two vectors, its input weights (in) and its output
// weights (out):
//   y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]
// with act(u) = u by default.
//
// Three steps, each callable alone; what the second hands to the third is the gating, the layer's
// only decision:
//   x → scores of all keys → gating (score, index) → y
// The caller owns all memory. Gradients are of a loss whose dL/dy is dy.

// Product routers have two lists of n = √F sub-keys per channel and select by sums (chapter 04): F
// must be a square and K <= n. Flat ones have F keys per channel, and K <= F. "lists" counts the
// lists of all channels: 2·C or C.
//
//                       query               keys                scores
//   PRODUCT_DENSE       [D,Dk], shared      [Dk,2,C,n]          query · keys
//   PRODUCT_KEY_VALUE   [2,C,D,Dk]          [2,C,n,Dk]          query · keys / √(2 Dk)
//   DENSE               [D,Dk], shared      [Dk,C,F]            query · keys
//   KEY_VALUE           [C,D,Dk]            [C,F,Dk]            query · keys / √Dk
typedef enum { PRODUCT_DENSE, PRODUCT_KEY_VALUE, DENSE, KEY_VALUE } SgatlinRouter;
typedef enum { IDENTITY, RELU, GELU, SWISH } SgatlinActivation;

// The dimensions.
typedef struct {
    SgatlinRouter router;
    SgatlinActivation activation;
    int D, F, C, K,
        Dk; // width, neurons per channel, channels, selected per channel, width of a key
} Sgatlin;

int sgatlin_lists(const Sgatlin *s);       // lists of keys: 2·C or C
int sgatlin_keys(const Sgatlin *s);        // keys per list: n or F
int sgatlin_query_width(const Sgatlin *s); // doubles of one token's queries: Dk, or lists·Dk

// The parameters, or their gradients.
typedef struct {
    RouterWeights router; // query and keys as above
    double *in, *out;     // [C,F,D]
} SgatlinWeights;

// What one token saves from forward for backward: views of the caller's memory.
typedef struct {
    double *query;  // [query width]
    double *scores; // [lists, keys] of all keys
    double *score;  // [C,K] the gating: of the selected neurons, highest first
    int *index;     // [C,K]
    double *z;      // [C,K] in · x of the selected neurons
} SgatlinToken;

size_t sgatlin_token_doubles(const Sgatlin *s); // what the views take, besides C·K ints
SgatlinToken sgatlin_token(double *doubles, int *index, const Sgatlin *s);

// y [D] from x [D]; fills `saved`. scratch: 2·K ints.
void sgatlin_forward(double *y, const SgatlinToken *saved, int *scratch, const double *x,
                     const SgatlinWeights *w, const Sgatlin *s);

// dx [D] is written, dw added to. scratch: sgatlin_scratch doubles.
void sgatlin_backward(double *dx, const SgatlinWeights *dw, double *scratch, const double *dy,
                      const SgatlinToken *saved, const double *x, const SgatlinWeights *w,
                      const Sgatlin *s);
size_t sgatlin_scratch(const Sgatlin *s);

// Step one: query [query width] and scores [lists, keys] from x [D].
void sgatlin_scores(double *scores, double *query, const double *x, const RouterWeights *w,
                    const Sgatlin *s);
// Step two: the K best of each channel, score and index [C,K]. scratch: 2·K ints. With a product
// router the score of neuron f = i·n + j is score i of the channel's first list plus score j of its
// second; with a flat router it is score f of its one list.
void sgatlin_route(double *score, int *index, int *scratch, const double *scores, const Sgatlin *s);
// Step three: y [D] from score and index of `saved`, the router's or any others; fills z.
void sgatlin_experts(double *y, const SgatlinToken *saved, const double *x, const SgatlinWeights *w,
                     const Sgatlin *s);

// Step three backward. With u = score·z: du = act'(u)·(out·dy), dscore = z·du, dz = score·du, dout
// += act(u)·dy, din += dz·x, dx += dz·in. dscore [C,K] is written; dx [D] and dw's in and out are
// added to.
void sgatlin_experts_backward(double *dx, double *dscore, const SgatlinWeights *dw,
                              const double *dy, const SgatlinToken *saved, const double *x,
                              const SgatlinWeights *w, const Sgatlin *s);
// Step two backward: dscores [lists, keys] is written, 0 for keys that were not selected. The
// selection itself has no gradient.
void sgatlin_route_backward(double *dscores, const double *dscore, const int *index,
                            const Sgatlin *s);
// Step one backward: adds to dx [D] and dw. scratch: Dk + D doubles.
void sgatlin_scores_backward(double *dx, const RouterWeights *dw, double *scratch,
                             const double *dscores, const double *query, const double *x,
                             const RouterWeights *w, const Sgatlin *s);

double sgatlin_activate(SgatlinActivation activation, double u);
double sgatlin_activate_derivative(SgatlinActivation activation, double u);
#endif
