#ifndef CHAPTERS_03_WHO_CHOOSES_ROUTING_H
#define CHAPTERS_03_WHO_CHOOSES_ROUTING_H
#include "chapters/02_mixture_of_experts/moe.h"
#include <stdbool.h>

// Routing rules. A router's scores are a table with one row per token (N = B·T tokens, T of each of
// B sequences) and one column per expert; routing selects some of its cells. Every rule of this
// chapter divides the table into pools and takes the best cells of each:
//   TOKEN_CHOICE      pool: a row; each token takes its best experts (chapter 02)
//   EXPERT_CHOICE     pool: a column; each expert takes its best tokens (Zhou 2022, section 3.2)
//   UNIFIED_SEQUENCE  pool: the rows of a sequence; the best pairs of its T·E (USMoE, Do 2025)
//   UNIFIED_STEP      pool: the rows of a time step, one per sequence; the best pairs of its B·E
typedef enum {
    TOKEN_CHOICE,
    EXPERT_CHOICE,
    UNIFIED_SEQUENCE,
    UNIFIED_STEP,
    ROUTING_KINDS
} RoutingKind;

typedef struct {
    RoutingKind kind;
    double budget; // experts per token on average: K, or what Zhou calls the capacity factor
    double alpha;  // weight of Q in the score, 0 .. 1; 0 in token choice and in expert choice
} RoutingRule;

// The scores U [N,E] of all pairs, from logits [N,E] and p [N,E], their softmax over the experts:
//   Q = sigmoid(logits)·2/E         on p's scale, but independent of all other tokens and experts
//   U = (1 - alpha)·p + alpha·Q     p itself at alpha = 0
void unified_scores(double *score, const double *logits, const double *p, double alpha, int N,
                    int E);
// dlogits [N,E] is written, from dscore [N,E].
void unified_scores_backward(double *dlogits, const double *dscore, const double *logits,
                             const double *p, double alpha, int N, int E);

// How many cells of one pool are taken, if the pool covers `tokens` tokens: of an expert's column
// tokens·budget/E, rounded down; of the others tokens·budget, rounded half to even. Never more than
// there are.
int pool_capacity(const RoutingRule *rule, int tokens, int E);
// How many cells of the whole table are taken at most: the capacity that a gating needs.
int routed_entries(const RoutingRule *rule, int B, int T, int E);

typedef struct {
    int B, T, E;
    const double *score; // [B,T,E]
    const bool *pad;     // [B,T]: padding, which is in no pool and gets no expert. NULL: none
} RoutingTable;

// The gating: the best cells of each pool, weighted by their scores. The higher score wins, equal
// scores go to the lower index, NaN loses to every number. Each token's entries are sorted, highest
// first. scratch: B·T·E doubles; ints: 3·B·T·E.
void route_tokens(MoeGating *gating, double *scratch, int *ints, const RoutingTable *table,
                  const RoutingRule *rule);
// dscore [N,E] is written: 0 where a cell was not taken. The selection itself has no gradient.
void route_tokens_backward(double *dscore, const double *dweight, const MoeGating *gating, int E);

// The whole layer: chapter 02's router and experts, with one of the rules between them.
typedef struct {
    Moe m; // D, F and E are used
    RoutingRule rule;
} RoutedMoe;

// What B·T tokens save from forward for backward: views of the caller's memory.
typedef struct {
    MoeTokens moe; // with a gating of routed_entries
    double *score; // [N,E]
    double *pool;  // [N,E], and
    int *ints;     // [3,N,E]: scratch of route_tokens
} RoutedTokens;

size_t routed_tokens_doubles(const RoutedMoe *layer, int B, int T); // what the views take
size_t routed_tokens_ints(const RoutedMoe *layer, int B, int T);
RoutedTokens routed_tokens(double *doubles, int *ints, const RoutedMoe *layer, int B, int T);

// y [B,T,D] from x [B,T,D]; fills `tokens`. y is 0 where a token got no expert. pad as above.
void routed_forward(double *y, RoutedTokens *tokens, const double *x, const bool *pad,
                    const MoeWeights *w, const RoutedMoe *layer, int B, int T);
// dx [B,T,D] is written, dw added to. scratch: routed_scratch doubles.
void routed_backward(double *dx, const MoeWeights *dw, double *scratch, const double *dy,
                     const RoutedTokens *tokens, const double *x, const MoeWeights *w,
                     const RoutedMoe *layer);
size_t routed_scratch(const RoutedMoe *layer, int B, int T);
#endif
