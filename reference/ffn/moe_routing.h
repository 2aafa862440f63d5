#ifndef REFERENCE_FFN_MOE_ROUTING_H
#define REFERENCE_FFN_MOE_ROUTING_H
#include "reference/config/config.h"
#include "reference/data/special_tokens.h"
#include "reference/ffn/gating.h"

// Who chooses (chapters 02 and 03). A router's scores are a table with a row a token and a column
// an expert, [N,E]. Every routing cuts it into pools and takes the best cells of each:
//   token               a row                       K of it
//   expert              a column                    tokens·capacity/E of it, rounded down
//   unified, step       a time step of all rows     tokens·K of it, rounded, halves to the even number
//   unified, sequence   a sequence                  as above
// The higher score wins, equal scores go to the lower index (of the pool, row by row), NaN loses to
// every number.
typedef struct {
    const Config *config;
    int B, T;
    // [B,T] or NULL: what was read. Where it is TOKEN_PAD the row is in no pool of several tokens, or padding would
    // take places from text. Token choice, where it takes nothing from anybody, treats it like any
    // other, as the authors do.
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
