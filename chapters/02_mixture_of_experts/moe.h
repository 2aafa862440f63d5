#ifndef CHAPTER_02_MOE_H
#define CHAPTER_02_MOE_H
#include <stddef.h>

// Mixture of experts: E dense layers (each a GLU, chapter 01), of which every token uses a few.
// Forward and backward, for N tokens at a time. Three steps, each callable alone, and between the
// second and the third stands the gating:
//   x → logits of all experts → gating (a list of experts and weights by token) → y
// The caller owns all memory. Gradients are of a loss whose dL/dy is dy.

// How a weight comes from the logits. The sgatlin authors' baseline is SOFTMAX_TOP_K. K = 1 .. E.
//   SOFTMAX_TOP_K      weight = p of the chosen, p the softmax over all E     they add up to less than 1
//   RENORMALISED       the same, divided by the sum of the chosen p           they add up to 1
//   TOP_K_SOFTMAX      the softmax over the K chosen logits alone             they add up to 1
typedef enum { SOFTMAX_TOP_K, RENORMALISED, TOP_K_SOFTMAX } MoeOrder;

// What the layer is: the letters of the papers.
typedef struct {
    int D, F, E, K; // width, hidden width of an expert, experts, chosen by a token
    MoeOrder order;
} Moe;

// The parameters, or their gradients. bias [E] is no parameter (see balance.h): it has no gradient,
// and may be NULL.
typedef struct {
    double *router;           // [D,E]
    double *up, *up_bias;     // [E,D,2F], [E,2F]
    double *down, *down_bias; // [E,F,D], [E,D]
    const double *bias;
} MoeWeights;

// The gating: which experts each of N tokens uses, and how much of each. Entries start[t] ..
// start[t+1]-1 are token t's; a token may have any number of them, none too. Token choice gives
// each K, highest first.
typedef struct {
    int N;
    int *start;     // [N+1]
    int *index;     // [start[N]] the expert
    double *weight; // [start[N]]
} MoeGating;

// Step one: logits [N,E] from x [N,D], and p [N,E], the softmax of each row.
void moe_logits(double *logits, double *p, const double *x, const double *router, int N,
                const Moe *m);
// Step two, token choice: every token takes the K experts with the highest logits, or, where there
// is a bias [E], with the highest p + bias; the weights never see the bias. gating has scratch for N·K
// entries. scratch: E doubles.
void moe_route(MoeGating *gating, double *scratch, const double *logits, const double *p,
               const double *bias, int N, const Moe *m);
// Step three: y [N,D] from any gating. saved: moe_saved(m) doubles an entry, for the way back.
void moe_experts(double *y, double *saved, const MoeGating *gating, const double *x,
                 const MoeWeights *w, const Moe *m);
size_t moe_saved(const Moe *m);

// The same three backwards. dweight [entries] is written; dx [N,D] and the experts' gradients are
// added to. scratch: moe_scratch(m) doubles.
void moe_experts_backward(double *dx, double *dweight, const MoeWeights *gradient, double *scratch,
                          const double *dy, const double *saved, const MoeGating *gating,
                          const double *x, const MoeWeights *w, const Moe *m);
// dlogits [N,E] is written. The choice itself has no gradient.
void moe_route_backward(double *dlogits, const double *dweight, const MoeGating *gating,
                        const double *p, const Moe *m);
// dx [N,D] and drouter [D,E] are added to. scratch: moe_scratch(m) doubles.
void moe_logits_backward(double *dx, double *drouter, double *scratch, const double *dlogits,
                         const double *x, const double *router, int N, const Moe *m);
size_t moe_scratch(const Moe *m);

// The layer whole. What N tokens keep from forward for backward: views of the caller's memory.
typedef struct {
    double *logits, *p; // [N,E]
    MoeGating gating;   // N·K entries
    double *experts;    // [N·K, moe_saved(m)]
    double *scratch;    // [E]
} MoeTokens;

size_t moe_tokens_doubles(const Moe *m, int N); // what the views take
size_t moe_tokens_ints(const Moe *m, int N);
MoeTokens moe_tokens(double *doubles, int *ints, const Moe *m, int N);

// y [N,D] from x [N,D]; fills `tokens`.
void moe_forward(double *y, MoeTokens *tokens, const double *x, const MoeWeights *w, int N,
                 const Moe *m);
// dx [N,D] is written, gradient += . scratch: N·(K + E) + moe_scratch(m) doubles.
void moe_backward(double *dx, const MoeWeights *gradient, double *scratch, const double *dy,
                  const MoeTokens *tokens, const double *x, const MoeWeights *w, int N,
                  const Moe *m);
#endif
