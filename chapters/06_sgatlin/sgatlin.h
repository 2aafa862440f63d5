#ifndef SGATLIN_H
#define SGATLIN_H
#include <stddef.h>

// Sparsely gated linear neurons, one token at a time (the sgatlin paper). A router chooses K of F
// neurons in each of C channels; a neuron is two vectors, what it listens to (in) and what it says
// (out):
//   y = Σ_c Σ_k act(score[c,k] · (in[c,index[c,k]] · x)) · out[c,index[c,k]]          act(u) = u unless said otherwise
//
// Three steps, each callable alone, and between the second and the third stands the layer's only
// decision, the gating:
//   x → scores of all keys → gating (score, index) → y
// The caller owns all memory. Gradients are of a loss whose dL/dy is dy.

// Product routers have two lists of n = √F sub-keys a channel and choose by sums (chapter 04): F
// must be a square and K <= n. Flat ones have F keys a channel, and K <= F. "lists" counts the
// lists of all channels: 2·C or C.
//
//                       query               keys                scores
//   PRODUCT_DENSE       [D,Dk], shared      [Dk,2,C,n]          query · keys
//   PRODUCT_KEY_VALUE   [2,C,D,Dk]          [2,C,n,Dk]          query · keys / √(2 Dk)
//   DENSE               [D,Dk], shared      [Dk,C,F]            query · keys
//   KEY_VALUE           [C,D,Dk]            [C,F,Dk]            query · keys / √Dk
typedef enum { PRODUCT_DENSE, PRODUCT_KEY_VALUE, DENSE, KEY_VALUE } SgatlinRouter;
typedef enum { IDENTITY, RELU, GELU, SWISH } SgatlinActivation;

// What the layer is: the letters of the papers.
typedef struct {
    SgatlinRouter router;
    SgatlinActivation activation;
    int D, F, C, K, Dk; // width, neurons a channel, channels, chosen a channel, width of a key
} Sgatlin;

int sgatlin_lists(const Sgatlin *s);       // lists of keys: 2·C or C
int sgatlin_keys(const Sgatlin *s);        // keys of a list: n or F
int sgatlin_query_width(const Sgatlin *s); // doubles of one token's queries: Dk, or lists·Dk

// The parameters, or their gradients: query and keys as above, in and out [C,F,D].
typedef struct {
    double *query, *keys, *in, *out;
} SgatlinWeights;

// One token's numbers, saved from forward for backward: views of the caller's memory.
typedef struct {
    double *query;  // [query width]
    double *scores; // [lists, keys]: every key's, before any choice
    double *score;  // [C,K] the gating, highest first
    int *index;     // [C,K]
    double *z;      // [C,K] in · x of the chosen
} SgatlinToken;

size_t sgatlin_token_doubles(const Sgatlin *s); // what one token's views take; and C·K ints
SgatlinToken sgatlin_token(double *doubles, int *index, const Sgatlin *s);

// y [D] from x [D]; fills `saved`. scratch: 2·K ints.
void sgatlin_forward(double *y, const SgatlinToken *saved, int *scratch, const double *x,
                     const SgatlinWeights *w, const Sgatlin *s);

// dx [D] is written, gradient += . scratch: sgatlin_scratch doubles.
void sgatlin_backward(double *dx, const SgatlinWeights *gradient, double *scratch, const double *dy,
                      const SgatlinToken *saved, const double *x, const SgatlinWeights *w,
                      const Sgatlin *s);
size_t sgatlin_scratch(const Sgatlin *s);

// Step one: query [query width] and scores [lists, keys] from x [D].
void sgatlin_scores(double *scores, double *query, const double *x, const double *query_weights,
                    const double *keys, const Sgatlin *s);
// Step two: the K best of each channel, score and index [C,K]. scratch: 2·K ints. The score of neuron
// f = i·n + j is the sum of the channel's i-th score in its first list and j-th in its second; a
// flat router's is in its one list.
void sgatlin_route(double *score, int *index, int *scratch, const double *scores, const Sgatlin *s);
// Step three: y [D], and z [C,K] for the way back, from any gating, the router's or another.
void sgatlin_experts(double *y, double *z, const double *score, const int *index, const double *x,
                     const double *in, const double *out, const Sgatlin *s);

// The same three backwards. With u = score·z: du = act'(u)·(out·dy), dscore = z·du, dz = score·du,
// dout += act(u)·dy, din += dz·x, dx += dz·in. dscore [C,K] is written; dx [D], din, dout [C,F,D]
// are added to.
void sgatlin_experts_backward(double *dx, double *dscore, double *din, double *dout,
                              const double *dy, const double *score, const int *index,
                              const double *z, const double *x, const double *in, const double *out,
                              const Sgatlin *s);
// dscores [lists, keys] is written: what was not chosen gets 0. The choice itself has no gradient.
void sgatlin_route_backward(double *dscores, const double *dscore, const int *index,
                            const Sgatlin *s);
// dx [D], dquery_weights and dkeys are added to. scratch: Dk + D doubles.
void sgatlin_scores_backward(double *dx, double *dquery_weights, double *dkeys, double *scratch,
                             const double *dscores, const double *query, const double *x,
                             const double *query_weights, const double *keys, const Sgatlin *s);

double sgatlin_activate(SgatlinActivation activation, double u);
double sgatlin_activate_derivative(SgatlinActivation activation, double u);
#endif
