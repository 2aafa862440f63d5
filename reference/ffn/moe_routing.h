#ifndef REFERENCE_FFN_MOE_ROUTING_H
#define REFERENCE_FFN_MOE_ROUTING_H
#include "reference/config/config.h"
#include "reference/data/special_tokens.h"
#include "reference/ffn/gating.h"

// Who chooses (chapters 02 and 03). The scores of a router are a table [N,E], one row per token and
// one column per expert. A routing cuts it into pools and takes the best entries of each:
//   routing             pool                     entries taken
//   token               a row                    K
//   expert              a column                 tokens·capacity/E, rounded down
//   unified, step       one time step of all rows of the batch
//                                                tokens·K, rounded to nearest, halves to even
//   unified, sequence   a sequence               as above
// The higher score wins, equal scores go to the lower index (of the pool, row by row), NaN loses to
// every number.
typedef struct {
    const Config *config;
    int B, T; // N = B·T
    // [B,T]: the tokens that were read; may be NULL. Where TOKEN_PAD was read, the row is in no
    // pool of several tokens, or padding would take places from text. Token choice treats padding
    // like any other token, as the sgatlin paper's code does.
    const int32_t *tokens;
    const float *logits; // [N,E]
    const float *bias;   // [E]: token choice ranks by p + bias; may be NULL
    float *p;            // [N,E]: softmax over the experts; moe_routing_softmax writes it
    float *log_sum;      // [N]: log Σ e^logit, likewise
} MoeRouting;

// The maximum number of entries for N tokens, however they are divided into rows.
size_t moe_routing_entries(const Config *config, int N);
void moe_routing_softmax(const MoeRouting *routing);

// Writes score [N,E], the weight of every expert, by which pools of several tokens are ranked: p,
// or for unified routing (1 - alpha)·p + alpha·sigmoid(logit)·2/E. Then the gating: each token's
// entries, highest rank first. keys [N,E] is scratch.
void moe_routing_select(Gating *gating, const MoeRouting *routing, float *score, uint32_t *keys);

// dtable [N,E]: on entry the gradient of the scores, 0 for experts not taken; on return that of the
// logits.
void moe_routing_backward(const MoeRouting *routing, float *dtable);

// Whether token t is padding.
static inline bool moe_routing_pad(const MoeRouting *routing, int t) {
    return routing->tokens != NULL && routing->tokens[t] == TOKEN_PAD;
}
#endif
