#ifndef CHAPTERS_07_LANGUAGE_MODEL_FEED_FORWARD_H
#define CHAPTERS_07_LANGUAGE_MODEL_FEED_FORWARD_H
#include "chapters/02_mixture_of_experts/moe.h"
#include "chapters/05_peer/peer.h"
#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/07_language_model/parameters.h"

// The layer that this course is about, as the model sees it: one of several kinds, each a row of a
// table. What they compute is in the other chapters.

typedef enum {
    FEED_FORWARD_MLP,
    FEED_FORWARD_GLU,
    FEED_FORWARD_MOE,
    FEED_FORWARD_PEER,
    FEED_FORWARD_SGATLIN,
    FEED_FORWARD_NONE, // no layer, for comparison: contributes 0
    FEED_FORWARD_KINDS,
    FEED_FORWARD_LAYERS = FEED_FORWARD_NONE // the kinds that are layers
} FeedForwardKind;

// The hyperparameters of a model. E is used by moe alone, C and Dk by peer and sgatlin, K by these
// three, router and activation by sgatlin alone. The moe is the paper's baseline: token choice,
// weighted by the softmax over all E experts.
typedef struct {
    FeedForwardKind ffn;
    int V, T, D, L, Dh; // vocabulary, maximum sequence length, width, layers, width of a head
    int F; // hidden width; moe: of one expert; peer: experts; sgatlin: neurons per channel
    int E, C, K, Dk;
    SgatlinRouter router;
    SgatlinActivation activation;
} ModelSizes;

// The parameters, or their gradients; each kind uses its own.
typedef struct {
    MlpWeights mlp;
    GluWeights glu;
    MoeWeights moe;
    PeerWeights peer;
    SgatlinWeights sgatlin;
} FeedForwardWeights;

// What one token saves from forward for backward.
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
    // what `token` needs, and doubles of scratch for `backward`
    size_t (*doubles)(const ModelSizes *sizes), (*ints)(const ModelSizes *sizes);
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

// The gating of one token: views of `saved`. count is 0 for the dense kinds.
typedef struct {
    const double *scores; // of all keys; moe: the softmax over all experts
    const double *score;  // [count] moe: the weights
    const int *index;     // [count]
    int count;            // moe: K; peer, sgatlin: C·K
} TokenGating;
TokenGating token_gating(const FeedForwardToken *saved, const ModelSizes *sizes);
#endif
