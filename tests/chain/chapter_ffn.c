#include "tests/chain/chapter_ffn.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/04_product_keys/product_keys.h"
#include "chapters/05_peer/peer.h"
#include "tests/chain/chapter_moe.h"
#include <stdlib.h>
#include <string.h>

_Static_assert((int)PRODUCT_DENSE == (int)ROUTER_PRODUCT_DENSE && (int)DENSE == (int)ROUTER_DENSE &&
                   (int)PRODUCT_KEY_VALUE == (int)ROUTER_PRODUCT_KEY_VALUE &&
                   (int)KEY_VALUE == (int)ROUTER_KEY_VALUE,
               "chapter 06 numbers the routers as the reference does");
_Static_assert((int)IDENTITY == (int)ACTIVATION_IDENTITY && (int)RELU == (int)ACTIVATION_RELU &&
                   (int)GELU == (int)ACTIVATION_GELU && (int)SWISH == (int)ACTIVATION_SWISH,
               "chapter 06 numbers the activations as the reference does");
_Static_assert(sizeof(int) == sizeof(int32_t), "a chapter's int is an index of the reference");

Sgatlin chapter_sgatlin(const Config *config) {
    bool is_peer = strcmp(config->ffn->name, "peer") == 0; // it has no other router
    return (Sgatlin){ .router = is_peer ? PRODUCT_KEY_VALUE : (SgatlinRouter)config->router,
                      .activation = (SgatlinActivation)config->activation,
                      .D = config->D,
                      .F = config->F,
                      .C = config->C,
                      .K = config->K,
                      .Dk = config->Dk };
}

static bool is_product(const Sgatlin *s) { return sgatlin_lists(s) != s->C; }

double chapter_score(const Config *config, const double *scores, int c, int f) {
    Sgatlin s = chapter_sgatlin(config);
    size_t n = (size_t)sgatlin_keys(&s), list = (size_t)c * n;
    if (!is_product(&s)) return scores[list + f];
    return scores[list + f / n] + scores[list + s.C * n + f % n];
}

void chapter_expert_scores(double *rank, double *weight, const Config *config,
                           const double *scores) {
    if (config->ffn->ragged) {
        chapter_moe_row(rank, weight, config, scores);
        return;
    }
    for (int c = 0; c < config->C; c++) {
        for (int f = 0; f < config->F; f++) {
            size_t i = (size_t)c * config->F + f;
            rank[i] = weight[i] = chapter_score(config, scores, c, f);
        }
    }
}

void chapter_top(const Config *config, const double *scores, int c, double *score, int32_t *index) {
    Sgatlin s = chapter_sgatlin(config);
    int n = sgatlin_keys(&s);
    const double *list = scores + (size_t)c * n;
    if (is_product(&s)) {
        all_pairs_top_k(score, index, list, list + (size_t)s.C * n, n, s.K);
    } else {
        top_k(index, list, n, s.K);
        for (int k = 0; k < s.K; k++) score[k] = list[index[k]];
    }
}

static double *parameter(const LayerNumbers *numbers, const char *name) {
    return numbers->parameters + tensors_find(&numbers->tensors, name)->offset;
}

static double *gradient(const LayerNumbers *numbers, const char *name) {
    return numbers->gradients + tensors_find(&numbers->tensors, name)->offset;
}

// One token, whose rows of x, dy, y and dx begin at `row`. scratch: 6·F doubles.
static void mlp_token(LayerNumbers *numbers, size_t row, double *scratch) {
    const DenseSizes sizes = { numbers->config.D, numbers->config.F };
    const MlpSaved saved = { scratch, scratch + sizes.F };
    const MlpWeights w = { parameter(numbers, "up"), parameter(numbers, "down") },
                     dw = { gradient(numbers, "up"), gradient(numbers, "down") };
    const double *x = numbers->x + row;
    mlp_forward(numbers->y + row, &saved, x, &w, &sizes);
    mlp_backward(numbers->dx + row, &dw, saved.hidden + sizes.F, numbers->dy + row, &saved, x, &w,
                 &sizes);
}

static void glu_token(LayerNumbers *numbers, size_t row, double *scratch) {
    const DenseSizes sizes = { numbers->config.D, numbers->config.F };
    const GluSaved saved = { scratch, scratch + 2 * (size_t)sizes.F };
    const GluWeights w = { parameter(numbers, "up"), parameter(numbers, "up_bias"),
                           parameter(numbers, "down"), parameter(numbers, "down_bias") },
                     dw = { gradient(numbers, "up"), gradient(numbers, "up_bias"),
                            gradient(numbers, "down"), gradient(numbers, "down_bias") };
    const double *x = numbers->x + row;
    glu_forward(numbers->y + row, &saved, x, &w, &sizes);
    glu_backward(numbers->dx + row, &dw, saved.hidden + sizes.F, numbers->dy + row, &saved, x, &w,
                 &sizes);
}

// The chapter's token has views of the numbers, so that the layer writes its results there.
// scratch: z [C,K], the query and sgatlin_scratch doubles; ranks: 2·K ints.
static void sgatlin_token_run(LayerNumbers *numbers, int t, const Sgatlin *s, double *scratch,
                              int *ranks) {
    size_t row = (size_t)t * s->D, entries = (size_t)s->C * s->K;
    size_t keys = (size_t)sgatlin_lists(s) * sgatlin_keys(s);
    SgatlinToken token = { .z = scratch,
                           .query = scratch + entries,
                           .scores = numbers->scores + t * keys,
                           .score = numbers->score + t * entries,
                           .index = numbers->index + t * entries };
    SgatlinWeights w = { { parameter(numbers, "router.query"), parameter(numbers, "router.keys") },
                         parameter(numbers, "experts.in"),
                         parameter(numbers, "experts.out") };
    SgatlinWeights dw = { { gradient(numbers, "router.query"), gradient(numbers, "router.keys") },
                          gradient(numbers, "experts.in"),
                          gradient(numbers, "experts.out") };
    const double *x = numbers->x + row;
    if (numbers->given) { // the layer without its second step
        sgatlin_scores(token.scores, token.query, x, &w.router, s);
        sgatlin_experts(numbers->y + row, &token, x, &w, s);
    } else {
        sgatlin_forward(numbers->y + row, &token, ranks, x, &w, s);
    }
    sgatlin_backward(numbers->dx + row, &dw, token.query + sgatlin_query_width(s),
                     numbers->dy + row, &token, x, &w, s);
}

// scratch: gate and z [C,K], the query and peer_scratch doubles; ranks: 2·K ints.
static void peer_token_run(LayerNumbers *numbers, int t, double *scratch, int *ranks) {
    const Config *config = &numbers->config;
    Peer p = { .D = config->D, .F = config->F, .C = config->C, .K = config->K, .Dk = config->Dk };
    KeyValue router = peer_router(&p);
    size_t row = (size_t)t * p.D, entries = (size_t)p.C * p.K,
           keys = (size_t)key_value_lists(&router) * router.n;
    PeerToken token = { .gate = scratch,
                        .z = scratch + entries,
                        .query = scratch + 2 * entries,
                        .scores = numbers->scores + t * keys,
                        .score = numbers->score + t * entries,
                        .index = numbers->index + t * entries };
    PeerWeights w = { { parameter(numbers, "router.query"), parameter(numbers, "router.keys") },
                      parameter(numbers, "experts.in"),
                      parameter(numbers, "experts.out") };
    PeerWeights dw = { { gradient(numbers, "router.query"), gradient(numbers, "router.keys") },
                       gradient(numbers, "experts.in"),
                       gradient(numbers, "experts.out") };
    const double *x = numbers->x + row;
    if (numbers->given) { // the layer without its second step
        key_value_scores(token.scores, token.query, x, &w.router, &router);
        peer_experts(numbers->y + row, &token, x, &w, &p);
    } else {
        peer_forward(numbers->y + row, &token, ranks, x, &w, &p);
    }
    double *back = token.query + (size_t)key_value_lists(&router) * p.Dk;
    peer_backward(numbers->dx + row, &dw, back, numbers->dy + row, &token, x, &w, &p);
}

bool chapters_know(const Config *config) {
    const char *name = config->ffn->name;
    return strcmp(name, "mlp") == 0 || strcmp(name, "glu") == 0 || strcmp(name, "moe") == 0 ||
           strcmp(name, "peer") == 0 || strcmp(name, "sgatlin") == 0;
}

bool chapters_run(LayerNumbers *numbers, Error *error) {
    const char *name = numbers->config.ffn->name;
    if (!chapters_know(&numbers->config)) return fail(error, "kind %s has no chapter", name);
    if (numbers->config.ffn->ragged) {
        memset(numbers->gradients, 0, numbers->tensors.floats * sizeof *numbers->gradients);
        return chapter_moe_run(numbers, error);
    }
    Sgatlin s = chapter_sgatlin(&numbers->config);
    bool sparse = numbers->config.ffn->sparse;
    size_t doubles = 6 * (size_t)s.F;
    // peer also saves its gates; otherwise it needs as much as sgatlin with the same router
    if (sparse) doubles = 2 * (size_t)s.C * s.K + sgatlin_query_width(&s) + sgatlin_scratch(&s);
    double *scratch = malloc(doubles * sizeof *scratch);
    int *ranks = malloc((2 * (size_t)s.K + 1) * sizeof *ranks);
    bool ok = scratch != NULL && ranks != NULL;
    if (!ok) fail(error, "kind %s: out of memory for a token", name);
    if (ok) memset(numbers->gradients, 0, numbers->tensors.floats * sizeof *numbers->gradients);
    for (int t = 0; ok && t < numbers->N; t++) {
        if (strcmp(name, "peer") == 0) {
            peer_token_run(numbers, t, scratch, ranks);
        } else if (sparse) {
            sgatlin_token_run(numbers, t, &s, scratch, ranks);
        } else {
            bool is_mlp = strcmp(name, "mlp") == 0;
            (is_mlp ? mlp_token : glu_token)(numbers, (size_t)t * numbers->config.D, scratch);
        }
    }
    free(ranks);
    free(scratch);
    return ok;
}
