#ifndef CHAPTERS_02_MIXTURE_OF_EXPERTS_MOE_H
#define CHAPTERS_02_MIXTURE_OF_EXPERTS_MOE_H
#include "chapters/01_dense_ffn/dense_ffn.h"
#include <stddef.h>

// Mixture of experts: E dense layers (each a GLU, chapter 01), of which every token uses a few.
// Forward and backward, for N tokens at a time. Three steps, each callable alone; what the second
// hands to the third is the gating:
//   x → logits of all experts → gating (experts and weights, a list by token) → y
// The caller owns all memory. Gradients are of a loss whose dL/dy is dy.

// How a weight is computed from the logits. The sgatlin paper's baseline is SOFTMAX_TOP_K.
//   SOFTMAX_TOP_K  weight = p of the chosen expert, p the softmax over all E; the sum is below 1
//   RENORMALISED   the same, divided by the sum of the chosen p; the sum is 1
//   TOP_K_SOFTMAX  the softmax over the K chosen logits alone; the sum is 1
typedef enum { SOFTMAX_TOP_K, RENORMALISED, TOP_K_SOFTMAX } MoeOrder;

// The dimensions. 1 <= K <= E.
typedef struct {
    int D, F, E, K; // width, hidden width of an expert, experts, experts per token
    MoeOrder order;
} Moe;

// The parameters, or their gradients. bias [E] is not a parameter (see balance.h): it has no
// gradient, and may be NULL.
typedef struct {
    double *router;     // [D,E]
    GluWeights experts; // up [E,D,2F], up_bias [E,2F], down [E,F,D], down_bias [E,D]
    const double *bias;
} MoeWeights;

// The gating: which experts each of N tokens uses, and with what weights. Entries start[t] ..
// start[t+1]-1 belong to token t; a token may have any number of them, also none. Token choice
// gives K to each, highest first.
typedef struct {
    int N;
    int *start;     // [N+1]
    int *index;     // [start[N]] the expert
    double *weight; // [start[N]]
} MoeGating;

// What N tokens save from forward for backward: views of the caller's memory.
typedef struct {
    double *logits, *p; // [N,E]
    MoeGating gating;   // N·K entries in token choice
    double *experts;    // [entries, moe_saved(m)]
    double *ranking;    // [E]: scratch of moe_route
} MoeTokens;

size_t moe_saved(const Moe *m);                 // doubles that the experts save for one entry
size_t moe_tokens_doubles(const Moe *m, int N); // what the views take
size_t moe_tokens_ints(const Moe *m, int N);
MoeTokens moe_tokens(double *doubles, int *ints, const Moe *m, int N);

// The gradients between the steps, and scratch memory: views of the caller's memory.
typedef struct {
    double *dweight; // [entries]
    double *dlogits; // [N,E]
    double *danswer; // [D]: of one expert's output
    double *dtoken;  // [D]: one expert's part of a token's dx
    double *dglu;    // [3·F]: scratch of glu_backward
} MoeScratch;

size_t moe_scratch_doubles(const Moe *m, int N, int entries); // what the views take
MoeScratch moe_scratch(double *doubles, const Moe *m, int N, int entries);

// y [N,D] from x [N,D]; fills `tokens`.
void moe_forward(double *y, MoeTokens *tokens, const double *x, const MoeWeights *w, int N,
                 const Moe *m);
// dx [N,D] is written, dw added to.
void moe_backward(double *dx, const MoeWeights *dw, const MoeScratch *scratch, const double *dy,
                  const MoeTokens *tokens, const double *x, const MoeWeights *w, const Moe *m);

// Step one: logits [N,E] from x [N,D], and p [N,E], the softmax of each row.
void moe_logits(double *logits, double *p, const double *x, const double *router, int N,
                const Moe *m);
// Step two, token choice: every token takes the K experts with the highest logits, or, where there
// is a bias [E], with the highest p + bias; the weights do not depend on the bias. gating has a
// capacity of N·K entries. scratch: E doubles.
void moe_route(MoeGating *gating, double *scratch, const double *logits, const double *p,
               const double *bias, int N, const Moe *m);
// Step three: y [N,D] from tokens->gating, the router's or any other; fills tokens->experts.
void moe_experts(double *y, const MoeTokens *tokens, const double *x, const MoeWeights *w,
                 const Moe *m);

// The same three backward. Writes scratch->dweight; adds to dx [N,D] and to dw->experts.
void moe_experts_backward(double *dx, const MoeWeights *dw, const MoeScratch *scratch,
                          const double *dy, const MoeTokens *tokens, const double *x,
                          const MoeWeights *w, const Moe *m);
// Writes dlogits [N,E] from dweight [entries]. The selection itself has no gradient.
void moe_route_backward(double *dlogits, const double *dweight, const MoeGating *gating,
                        const double *p, const Moe *m);
// Adds to dx [N,D] and drouter [D,E]. scratch: D doubles.
void moe_logits_backward(double *dx, double *drouter, double *scratch, const double *dlogits,
                         const double *x, const double *router, int N, const Moe *m);
#endif
