#include "chapters/07_language_model/feed_forward.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include <math.h>

// Standard deviation of the initial weights of a neuron with n inputs.
static double fan_in(int n) { return 1.0 / sqrt(n); }

// ---- mlp (chapter 01)

static void mlp_declare(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes) {
    int D = sizes->D, F = sizes->F;
    parameter_declare(walk, &w->mlp.up, "up", 0.0, fan_in(D), DECAYS, 2, (int[]){ D, F });
    parameter_declare(walk, &w->mlp.down, "down", 0.0, fan_in(F), DECAYS, 2, (int[]){ F, D });
}

static size_t mlp_doubles(const ModelSizes *sizes) { return 2 * (size_t)sizes->F; }
static size_t mlp_scratch(const ModelSizes *sizes) { return (size_t)sizes->F; }
static size_t no_memory(const ModelSizes *sizes) {
    (void)sizes;
    return 0;
}

static FeedForwardToken mlp_token(double *doubles, int *ints, const ModelSizes *sizes) {
    (void)ints;
    return (FeedForwardToken){ .mlp = { doubles, doubles + sizes->F } };
}

static void mlp(double *y, const FeedForwardToken *saved, const double *x,
                const FeedForwardWeights *w, const ModelSizes *sizes) {
    mlp_forward(y, &saved->mlp, x, &w->mlp, &(DenseSizes){ sizes->D, sizes->F });
}

static void mlp_back(double *dx, const FeedForwardWeights *dw, double *scratch, const double *dy,
                     const FeedForwardToken *saved, const double *x, const FeedForwardWeights *w,
                     const ModelSizes *sizes) {
    mlp_backward(dx, &dw->mlp, scratch, dy, &saved->mlp, x, &w->mlp,
                 &(DenseSizes){ sizes->D, sizes->F });
}

// ---- glu (chapter 01)

static void glu_declare(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes) {
    int D = sizes->D, F = sizes->F;
    parameter_declare(walk, &w->glu.up, "up", 0.0, fan_in(D), DECAYS, 2, (int[]){ D, 2 * F });
    parameter_declare(walk, &w->glu.up_bias, "up_bias", 0.0, 0.0, NO_DECAY, 1, (int[]){ 2 * F });
    parameter_declare(walk, &w->glu.down, "down", 0.0, fan_in(F), DECAYS, 2, (int[]){ F, D });
    parameter_declare(walk, &w->glu.down_bias, "down_bias", 0.0, 0.0, NO_DECAY, 1, (int[]){ D });
}

static size_t glu_doubles(const ModelSizes *sizes) { return 3 * (size_t)sizes->F; }
static size_t glu_scratch(const ModelSizes *sizes) { return 3 * (size_t)sizes->F; }

static FeedForwardToken glu_token(double *doubles, int *ints, const ModelSizes *sizes) {
    (void)ints;
    return (FeedForwardToken){ .glu = { doubles, doubles + 2 * (size_t)sizes->F } };
}

static void glu(double *y, const FeedForwardToken *saved, const double *x,
                const FeedForwardWeights *w, const ModelSizes *sizes) {
    glu_forward(y, &saved->glu, x, &w->glu, &(DenseSizes){ sizes->D, sizes->F });
}

static void glu_back(double *dx, const FeedForwardWeights *dw, double *scratch, const double *dy,
                     const FeedForwardToken *saved, const double *x, const FeedForwardWeights *w,
                     const ModelSizes *sizes) {
    glu_backward(dx, &dw->glu, scratch, dy, &saved->glu, x, &w->glu,
                 &(DenseSizes){ sizes->D, sizes->F });
}

// ---- moe (chapter 02)

Moe moe_of(const ModelSizes *sizes) {
    return (
        Moe){ .D = sizes->D, .F = sizes->F, .E = sizes->E, .K = sizes->K, .order = SOFTMAX_TOP_K };
}

static void moe_declare(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes) {
    int D = sizes->D, F = sizes->F, E = sizes->E;
    parameter_declare(walk, &w->moe.router, "router", 0.0, fan_in(D), DECAYS, 2, (int[]){ D, E });
    parameter_declare(walk, &w->moe.experts.up, "experts.up", 0.0, fan_in(D), DECAYS, 3,
                      (int[]){ E, D, 2 * F });
    parameter_declare(walk, &w->moe.experts.up_bias, "experts.up_bias", 0.0, 0.0, NO_DECAY, 2,
                      (int[]){ E, 2 * F });
    parameter_declare(walk, &w->moe.experts.down, "experts.down", 0.0, fan_in(F), DECAYS, 3,
                      (int[]){ E, F, D });
    parameter_declare(walk, &w->moe.experts.down_bias, "experts.down_bias", 0.0, 0.0, NO_DECAY, 2,
                      (int[]){ E, D });
}

static size_t moe_doubles(const ModelSizes *sizes) {
    Moe m = moe_of(sizes);
    return moe_tokens_doubles(&m, 1);
}

static size_t moe_ints(const ModelSizes *sizes) {
    Moe m = moe_of(sizes);
    return moe_tokens_ints(&m, 1);
}

static size_t moe_back_scratch(const ModelSizes *sizes) {
    Moe m = moe_of(sizes);
    return moe_scratch_doubles(&m, 1, m.K);
}

static FeedForwardToken moe_token(double *doubles, int *ints, const ModelSizes *sizes) {
    Moe m = moe_of(sizes);
    return (FeedForwardToken){ .moe = moe_tokens(doubles, ints, &m, 1) };
}

static void moe(double *y, const FeedForwardToken *saved, const double *x,
                const FeedForwardWeights *w, const ModelSizes *sizes) {
    Moe m = moe_of(sizes);
    MoeTokens tokens = saved->moe;
    moe_forward(y, &tokens, x, &w->moe, 1, &m);
}

static void moe_back(double *dx, const FeedForwardWeights *dw, double *scratch, const double *dy,
                     const FeedForwardToken *saved, const double *x, const FeedForwardWeights *w,
                     const ModelSizes *sizes) {
    Moe m = moe_of(sizes);
    MoeScratch s = moe_scratch(scratch, &m, 1, m.K);
    moe_backward(dx, &dw->moe, &s, dy, &saved->moe, x, &w->moe, &m);
}

// ---- peer (chapter 05)

Peer peer_of(const ModelSizes *sizes) {
    return (Peer){ .D = sizes->D, .F = sizes->F, .C = sizes->C, .K = sizes->K, .Dk = sizes->Dk };
}

// standard deviation of a standard normal distribution truncated at ±2, from which the paper's code
// draws the keys of key-value routers
static const double KEY_DEVIATION = 0.88;

static void peer_declare(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes) {
    Peer p = peer_of(sizes);
    int query[] = { 2, p.C, p.D, p.Dk }, keys[] = { 2, p.C, peer_keys(&p), p.Dk },
        experts[] = { p.F, p.D };
    parameter_declare(walk, &w->peer.router.query, "router.query", 0.0, fan_in(p.D), DECAYS, 4,
                      query);
    parameter_declare(walk, &w->peer.router.keys, "router.keys", 0.0, KEY_DEVIATION, DECAYS, 4,
                      keys);
    parameter_declare(walk, &w->peer.in, "experts.in", 0.0, fan_in(p.F), DECAYS, 2, experts);
    parameter_declare(walk, &w->peer.out, "experts.out", 0.0, fan_in(p.F), DECAYS, 2, experts);
}

static size_t peer_doubles(const ModelSizes *sizes) {
    Peer p = peer_of(sizes);
    return peer_token_doubles(&p);
}

// The index [C,K] of a gating, and scratch [2,K].
static size_t gating_ints(const ModelSizes *sizes) {
    return ((size_t)sizes->C + 2) * (size_t)sizes->K;
}

static size_t peer_back_scratch(const ModelSizes *sizes) {
    Peer p = peer_of(sizes);
    return peer_scratch(&p);
}

static FeedForwardToken peer_views(double *doubles, int *ints, const ModelSizes *sizes) {
    Peer p = peer_of(sizes);
    return (FeedForwardToken){ .peer = peer_token(doubles, ints, &p),
                               .scratch = ints + sizes->C * sizes->K };
}

static void peer(double *y, const FeedForwardToken *saved, const double *x,
                 const FeedForwardWeights *w, const ModelSizes *sizes) {
    Peer p = peer_of(sizes);
    peer_forward(y, &saved->peer, saved->scratch, x, &w->peer, &p);
}

static void peer_back(double *dx, const FeedForwardWeights *dw, double *scratch, const double *dy,
                      const FeedForwardToken *saved, const double *x, const FeedForwardWeights *w,
                      const ModelSizes *sizes) {
    Peer p = peer_of(sizes);
    peer_backward(dx, &dw->peer, scratch, dy, &saved->peer, x, &w->peer, &p);
}

// ---- sgatlin (chapter 06)

Sgatlin sgatlin_of(const ModelSizes *sizes) {
    return (Sgatlin){ .router = sizes->router,
                      .activation = sizes->activation,
                      .D = sizes->D,
                      .F = sizes->F,
                      .C = sizes->C,
                      .K = sizes->K,
                      .Dk = sizes->Dk };
}

static void router_declare(ParameterWalk *walk, RouterWeights *w, const Sgatlin *s) {
    int D = s->D, C = s->C, Dk = s->Dk, n = sgatlin_keys(s);
    double query = fan_in(D), shared = fan_in(Dk), own = KEY_DEVIATION;
    switch (s->router) {
    case PRODUCT_DENSE:
        parameter_declare(walk, &w->query, "router.query", 0.0, query, DECAYS, 2, (int[]){ D, Dk });
        parameter_declare(walk, &w->keys, "router.keys", 0.0, shared, DECAYS, 4,
                          (int[]){ Dk, 2, C, n });
        break;
    case PRODUCT_KEY_VALUE:
        parameter_declare(walk, &w->query, "router.query", 0.0, query, DECAYS, 4,
                          (int[]){ 2, C, D, Dk });
        parameter_declare(walk, &w->keys, "router.keys", 0.0, own, DECAYS, 4,
                          (int[]){ 2, C, n, Dk });
        break;
    case DENSE:
        parameter_declare(walk, &w->query, "router.query", 0.0, query, DECAYS, 2, (int[]){ D, Dk });
        parameter_declare(walk, &w->keys, "router.keys", 0.0, shared, DECAYS, 3,
                          (int[]){ Dk, C, n });
        break;
    case KEY_VALUE:
        parameter_declare(walk, &w->query, "router.query", 0.0, query, DECAYS, 3,
                          (int[]){ C, D, Dk });
        parameter_declare(walk, &w->keys, "router.keys", 0.0, own, DECAYS, 3, (int[]){ C, n, Dk });
        break;
    }
}

static void sgatlin_declare(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes) {
    Sgatlin s = sgatlin_of(sizes);
    int sgatlin[] = { s.C, s.F, s.D };
    router_declare(walk, &w->sgatlin.router, &s);
    parameter_declare(walk, &w->sgatlin.in, "experts.in", 0.0, fan_in(s.F), DECAYS, 3, sgatlin);
    parameter_declare(walk, &w->sgatlin.out, "experts.out", 0.0, fan_in(s.F), DECAYS, 3, sgatlin);
}

static size_t sgatlin_doubles(const ModelSizes *sizes) {
    Sgatlin s = sgatlin_of(sizes);
    return sgatlin_token_doubles(&s);
}

static size_t sgatlin_back_scratch(const ModelSizes *sizes) {
    Sgatlin s = sgatlin_of(sizes);
    return sgatlin_scratch(&s);
}

static FeedForwardToken sgatlin_views(double *doubles, int *ints, const ModelSizes *sizes) {
    Sgatlin s = sgatlin_of(sizes);
    return (FeedForwardToken){ .sgatlin = sgatlin_token(doubles, ints, &s),
                               .scratch = ints + sizes->C * sizes->K };
}

static void sgatlin(double *y, const FeedForwardToken *saved, const double *x,
                    const FeedForwardWeights *w, const ModelSizes *sizes) {
    Sgatlin s = sgatlin_of(sizes);
    sgatlin_forward(y, &saved->sgatlin, saved->scratch, x, &w->sgatlin, &s);
}

static void sgatlin_back(double *dx, const FeedForwardWeights *dw, double *scratch,
                         const double *dy, const FeedForwardToken *saved, const double *x,
                         const FeedForwardWeights *w, const ModelSizes *sizes) {
    Sgatlin s = sgatlin_of(sizes);
    sgatlin_backward(dx, &dw->sgatlin, scratch, dy, &saved->sgatlin, x, &w->sgatlin, &s);
}

// ---- none: what the others are compared with

static void none_declare(ParameterWalk *walk, FeedForwardWeights *w, const ModelSizes *sizes) {
    (void)walk, (void)w, (void)sizes;
}

static FeedForwardToken none_token(double *doubles, int *ints, const ModelSizes *sizes) {
    (void)doubles, (void)ints, (void)sizes;
    return (FeedForwardToken){ 0 };
}

static void none(double *y, const FeedForwardToken *saved, const double *x,
                 const FeedForwardWeights *w, const ModelSizes *sizes) {
    (void)saved, (void)x, (void)w;
    for (int d = 0; d < sizes->D; d++) y[d] = 0.0;
}

static void none_back(double *dx, const FeedForwardWeights *dw, double *scratch, const double *dy,
                      const FeedForwardToken *saved, const double *x, const FeedForwardWeights *w,
                      const ModelSizes *sizes) {
    (void)dw, (void)scratch, (void)dy;
    none(dx, saved, x, w, sizes);
}

TokenGating token_gating(const FeedForwardToken *saved, const ModelSizes *sizes) {
    const MoeTokens *m = &saved->moe;
    const PeerToken *p = &saved->peer;
    const SgatlinToken *s = &saved->sgatlin;
    switch (sizes->ffn) {
    case FEED_FORWARD_MOE:
        return (TokenGating){ m->p, m->gating.weight, m->gating.index, sizes->K };
    case FEED_FORWARD_PEER:
        return (TokenGating){ p->scores, p->score, p->index, sizes->C * sizes->K };
    case FEED_FORWARD_SGATLIN:
        return (TokenGating){ s->scores, s->score, s->index, sizes->C * sizes->K };
    default: return (TokenGating){ 0 };
    }
}

const FeedForward feed_forward_kinds[FEED_FORWARD_KINDS] = {
    { "mlp", mlp_declare, mlp_doubles, no_memory, mlp_scratch, mlp_token, mlp, mlp_back },
    { "glu", glu_declare, glu_doubles, no_memory, glu_scratch, glu_token, glu, glu_back },
    { "moe", moe_declare, moe_doubles, moe_ints, moe_back_scratch, moe_token, moe, moe_back },
    { "peer", peer_declare, peer_doubles, gating_ints, peer_back_scratch, peer_views, peer,
      peer_back },
    { "sgatlin", sgatlin_declare, sgatlin_doubles, gating_ints, sgatlin_back_scratch, sgatlin_views,
      sgatlin, sgatlin_back },
    { "none", none_declare, no_memory, no_memory, no_memory, none_token, none, none_back },
};
