#ifndef CHAPTER_03_CHOICE_H
#define CHAPTER_03_CHOICE_H
#include "chapters/02_mixture_of_experts/moe.h"
#include <stdbool.h>

// Who chooses? A router's scores are a table: a row for each of N = B·T tokens (T of each of B
// sequences), a column for each of E experts. To route_tokens is to take some of its cells. Every rule of
// this chapter cuts the table into pools and takes the best cells of each; a rule is its way of
// cutting:
//   TOKEN_CHOICE        a row               each token takes its best experts   token choice (chapter 02)
//   EXPERT_CHOICE     a column            each expert takes its best tokens   expert choice (Zhou 2022, section 3.2)
//   UNIFIED_SEQUENCE   a sequence's rows   the best pairs of its T·E           USMoE, pool `sequence` (Do 2025)
//   UNIFIED_STEP       a time step's rows  the best pairs of its B·E           USMoE, pool `step`: one row a sequence
typedef enum {
    TOKEN_CHOICE,
    EXPERT_CHOICE,
    UNIFIED_SEQUENCE,
    UNIFIED_STEP,
    ROUTING_KINDS
} RoutingKind;

typedef struct {
    RoutingKind kind;
    double budget; // experts a token, on average: K, or what Zhou calls the capacity factor
    // share of the expert's view in the score, 0 .. 1; 0 in token choice and in expert choice
    double alpha;
} RoutingRule;

// The score of each pair of token and expert, U [N,E] from logits [N,E] and p [N,E], their softmax
// over the experts:
//   Q = sigmoid(logits)·2/E         the expert's view, on p's scale, and blind to all other tokens and experts
//   U = (1 - alpha)·p + alpha·Q     U is p itself at alpha = 0
void unified_scores(double *score, const double *logits, const double *p, double alpha, int N,
                    int E);
// dlogits [N,E] is written, from dscore [N,E].
void unified_scores_backward(double *dlogits, const double *dscore, const double *logits,
                             const double *p, double alpha, int N, int E);

// How many cells of one pool are taken, where `tokens` tokens have a part in it: an expert's
// column, tokens·budget/E rounded down; the other pools, tokens·budget rounded, halves to the even
// number. Never more than there are.
int pool_capacity(const RoutingRule *rule, int tokens, int E);
// The cells that are taken of the whole table: as many entries as a gating must have scratch for.
int routed_entries(const RoutingRule *rule, int B, int T, int E);

// The gating from score [B,T,E]: the best cells of each pool, weighed by their scores. The higher
// score wins, equal scores go to the lower index, NaN loses to every number. pad [B,T] (NULL: none)
// is true where a token is only filling: it is in no pool and gets no expert. Each token's entries
// stand highest first.
// scratch: B·T·E doubles; ints: 3·B·T·E.
void route_tokens(MoeGating *gating, double *scratch, int *ints, const double *score,
                  const bool *pad, const RoutingRule *rule, int B, int T, int E);
// dscore [N,E] is written: what was not chosen gets 0. The choice itself has no gradient.
void route_tokens_backward(double *dscore, const double *dweight, const MoeGating *gating, int E);

// The layer whole: chapter 02's router and experts (of Moe it uses D, F and E), and one of the
// rules between them. What B·T tokens keep from forward for backward: views of the caller's memory.
typedef struct {
    double *logits, *p, *score; // [N,E]
    MoeGating gating;           // routed_entries
    double *experts;            // [entries, moe_saved(m)]
    double *scratch;            // [N,E]
    int *ints;                  // [3,N,E]
} RoutedTokens;

// what the views take
size_t routed_tokens_doubles(const RoutingRule *rule, const Moe *m, int B, int T);
size_t routed_tokens_ints(const RoutingRule *rule, const Moe *m, int B, int T);
RoutedTokens routed_tokens(double *doubles, int *ints, const RoutingRule *rule, const Moe *m, int B,
                           int T);

// y [B,T,D] from x [B,T,D]; fills `tokens`. y is 0 where no expert was given.
void routed_forward(double *y, RoutedTokens *tokens, const double *x, const bool *pad,
                    const MoeWeights *w, const RoutingRule *rule, const Moe *m, int B, int T);
// dx [B,T,D] is written, gradient += . scratch: routed_scratch doubles.
void routed_backward(double *dx, const MoeWeights *gradient, double *scratch, const double *dy,
                     const RoutedTokens *tokens, const double *x, const MoeWeights *w,
                     const RoutingRule *rule, const Moe *m);
size_t routed_scratch(const RoutingRule *rule, const Moe *m, int B, int T);
#endif
