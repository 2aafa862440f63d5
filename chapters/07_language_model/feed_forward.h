#ifndef CHAPTER_07_FEED_FORWARD_H
#define CHAPTER_07_FEED_FORWARD_H
#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/05_peer/peer.h"
#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/07_language_model/parameters.h"

// The layer that this course is about, as the model sees it: one of several kinds, each a row of a
// table. The other chapters explain what is in them.

typedef enum {
    FEED_FORWARD_MLP,
    FEED_FORWARD_GLU,
    FEED_FORWARD_MOE,
    FEED_FORWARD_PEER,
    FEED_FORWARD_SGATLIN,
    FEED_FORWARD_KINDS
} FeedForwardKind;

// What a model is: the letters of the papers. E is moe's alone; C and Dk are peer's and sgatlin's,
// and K theirs and moe's; router and activation are sgatlin's alone. The moe is the authors'
// baseline: token choice, weights by the softmax over all E.
typedef struct {
    FeedForwardKind ffn;
    int V, T, D, L, Dh; // vocabulary, the most tokens of a sequence, width, layers, width of a head
    // hidden width; moe: of an expert; peer: experts; sgatlin: neurons a channel
    int F;
    int E, C, K, Dk;
    SgatlinRouter router;
    SgatlinActivation activation;
} ModelSizes;

// The weights, or their gradients; a kind uses its own.
typedef struct {
    MlpWeights mlp;
    GluWeights glu;
    MoeWeights moe;
    PeerWeights peer;
    SgatlinWeights sgatlin;
} FeedForwardWeights;

// One token's numbers, saved from forward for backward.
typedef struct {
    MlpSaved mlp;
    GluSaved glu;
    MoeTokens moe; // N = 1
    PeerToken peer;
    SgatlinToken sgatlin;
    int *scratch; // peer, sgatlin: [2,K]
} FeedForwardToken;

typedef struct {
    const char *name;
    void (*declare)(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes);
    // that a token's numbers take
    size_t (*doubles)(const ModelSizes *sizes), (*ints)(const ModelSizes *sizes);
    // doubles, for one way back
    size_t (*scratch)(const ModelSizes *sizes);
    FeedForwardToken (*token)(double *doubles, int *ints, const ModelSizes *sizes);
    // y [D] from x [D]
    void (*forward)(double *y, const FeedForwardToken *saved, const double *x,
                    const FeedForwardWeights *w, const ModelSizes *sizes);
    // dx [D] is written, dw added to
    void (*backward)(double *dx, const FeedForwardWeights *dw, double *scratch, const double *dy,
                     const FeedForwardToken *saved, const double *x, const FeedForwardWeights *w,
                     const ModelSizes *sizes);
} FeedForward;

extern const FeedForward feed_forward_kinds[FEED_FORWARD_KINDS];
Moe moe_of(const ModelSizes *sizes);
Peer peer_of(const ModelSizes *sizes);
Sgatlin sgatlin_of(const ModelSizes *sizes);

// What a router chose for a token: views of what is saved of it. count is 0 for the dense kinds.
typedef struct {
    const double *scores; // every key's; moe: the softmax over all experts
    const double *score;  // [count] moe: the weight
    const int *index;     // [count]
    int count;            // moe: K; peer, sgatlin: [C,K]
} TokenGating;
TokenGating token_gating(const FeedForwardToken *saved, const ModelSizes *sizes);
#endif
