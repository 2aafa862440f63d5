#ifndef REFERENCE_FFN_MOE_ROUTING_H
#define REFERENCE_FFN_MOE_ROUTING_H
#include "reference/config/config.h"
#include "reference/data/special_tokens.h"
#include "reference/ffn/gating.h"

// Which experts get which tokens (chapters 02 and 03). A router's scores are a table [N,E] with one
// row per token and one column per expert. Every routing divides it into pools and selects the best
// cells of each:
//   token               a row                       K of it
//   expert              a column                    tokens·capacity/E of it, rounded down
//   unified, step       a time step of all rows     tokens·K of it, rounded half to even
//   unified, sequence   a sequence                  as above
// The higher score wins, equal scores go to the lower index (of the pool, row by row), NaN loses to
// every number.
typedef struct {
    const Config *config;
    int B, T;
    // [B,T] or NULL: the input tokens. TOKEN_PAD is in no pool of several tokens, where it would
    // take places from text. Token choice treats it like any other token, as the authors do.
    const int32_t *tokens;
    const float *logits; // [N,E]
    const float *bias;   // [E], or NULL: token choice picks by p + bias
    // [N,E], [N]: the softmax over the experts, and log Σ e^logit; moe_routing_softmax writes
    float *p, *log_sum;
} MoeRouting;

// the most that N tokens can be given, in whatever shape they come
size_t moe_routing_entries(const Config *config, int N);
void moe_routing_softmax(const MoeRouting *choice);

// Writes score [N,E], which ranks the experts of a routing with pools and is the weight everywhere:
// p, or of the unified pool (1 - alpha)·p + alpha·sigmoid(logit)·2/E. Then the list: each token's
// entries by rank. keys [N,E] is scratch.
void moe_routing_select(Gating *gating, const MoeRouting *choice, float *score, uint32_t *keys);

// dtable [N,E]: on entry the gradient of the scores, 0 where none was taken; on return that of the
// logits.
void moe_routing_backward(const MoeRouting *choice, float *dtable);

static inline bool moe_routing_pad(const MoeRouting *choice, int t) {
    return choice->tokens != NULL && choice->tokens[t] == TOKEN_PAD;
}
#endif
