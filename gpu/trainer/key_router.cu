#include "gpu/04_product_keys/3_network.cuh"
#include "gpu/04_product_keys/backward_2_gather.cuh"
#include "key_router.cuh"
#include <algorithm>
#include <vector>
extern "C" {
#include "reference/ffn/key_router.h"
}

// Tokens whose scores are in memory at once.
enum { ROUTER_TOKENS = 16384 };

// How the routers differ, see reference/ffn/key_router.c.
struct RouterShape {
    int parts, lists, n; // lists = parts·C lists of n keys each
    int width;           // floats of a token's queries: Dk, or lists·Dk
    bool shared;         // one query for all lists and keys [Dk,lists,n]; else [lists,n,Dk]
    float scale;
};

static RouterShape shape_of(const Config *config) {
    bool product_keys = key_router_is_product(config->router);
    bool shared = config->router == ROUTER_PRODUCT_DENSE || config->router == ROUTER_DENSE;
    int parts = product_keys ? 2 : 1, lists = parts * config->C;
    return { parts,
             lists,
             product_keys ? config_keys(config) : config->F,
             shared ? config->Dk : lists * config->Dk,
             shared,
             shared ? 1.0f : 1.0f / sqrtf((float)(parts * config->Dk)) };
}

static KeySizes key_sizes(const RouterShape *s, const Config *config, int T) {
    return { T, config->C, s->n, config->K, s->parts };
}

bool device_router_valid(const Config *config, Error *error) {
    RouterShape s = shape_of(config);
    const char *refusal =
        refuse_keys(key_sizes(&s, config, std::min(config->T, (int)ROUTER_TOKENS)));
    if (refusal == NULL && config->K > MAX_CHOSEN) refusal = "K is more than 768";
    return refusal == NULL || fail(error, "this device cannot do that: %s", refusal);
}

size_t device_router_saved(const Config *config, int N) {
    return (size_t)N * (size_t)shape_of(config).width;
}

// The scores of some tokens or their gradients, and the gradient of those tokens' queries.
struct RouterScratch {
    float *scores, *dquery_out; // [tokens,lists·n], [tokens,width]
};
static size_t scratch_layout(RouterScratch *out, float *block, const RouterShape *s, int N) {
    size_t used = 0, tokens = (size_t)std::min(N, (int)ROUTER_TOKENS);
    out->scores = floats_take(block, &used, tokens * (size_t)s->lists * (size_t)s->n);
    out->dquery_out = floats_take(block, &used, tokens * (size_t)s->width);
    return used;
}
size_t device_router_scratch(const Config *config, int N) {
    RouterShape s = shape_of(config);
    RouterScratch unused;
    return scratch_layout(&unused, NULL, &s, N);
}

// ---- forward and backward, ROUTER_TOKENS tokens at a time

// scores [lists·n,rows] of the queries [rows,width]: key-major, as select_keys reads them best.
static void score_lists(const Gpu *gpu, float *scores, const RouterShape *s, int Dk,
                        const float *query_out, const float *keys, int rows) {
    if (s->shared) {
        product(gpu, scores, rows, transpose(matrix(keys, Dk, s->lists * s->n)),
                transpose(matrix(query_out, rows, Dk)), 1.0f, false);
        return;
    }
    for (int list = 0; list < s->lists; list++) {
        Matrix queries = strided(query_out + (size_t)list * Dk, rows, Dk, s->width);
        product(gpu, scores + (size_t)list * s->n * rows, rows,
                matrix(keys + (size_t)list * s->n * Dk, s->n, Dk), transpose(queries), s->scale,
                false);
    }
}

// Copies scores [keys,rows] to the host's key_scores [rows,keys].
static void show_scores(const Gpu *gpu, float *key_scores, const float *scores, int keys,
                        int rows) {
    std::vector<float> host((size_t)keys * (size_t)rows);
    CHECK(cudaMemcpyAsync(host.data(), scores, host.size() * sizeof(float), cudaMemcpyDeviceToHost,
                          gpu->stream));
    CHECK(cudaStreamSynchronize(gpu->stream));
    for (int t = 0; t < rows; t++) {
        for (int key = 0; key < keys; key++)
            key_scores[(size_t)t * keys + key] = host[(size_t)key * rows + t];
    }
}

void device_router_forward(const Gpu *gpu, Gating *gating, float *key_scores, float *saved,
                           const float *x, const DeviceRouter *router, float *scratch) {
    const Gpu fp32 = products_in_fp32(gpu);
    const Config *config = router->config;
    RouterShape s = shape_of(config);
    RouterScratch own;
    int N = gating->N, C = gating->C, K = gating->K, D = config->D, Dk = config->Dk;
    int keys = s.lists * s.n;
    scratch_layout(&own, scratch, &s, N);
    for (int list = 0; list < (s.shared ? 1 : s.lists); list++) {
        product(&fp32, saved + (size_t)list * Dk, s.width, matrix(x, N, D),
                matrix(router->query + (size_t)list * D * Dk, D, Dk), 1.0f, false);
    }
    for (int t0 = 0; t0 < N; t0 += ROUTER_TOKENS) {
        int rows = std::min(N - t0, (int)ROUTER_TOKENS);
        size_t entry = (size_t)t0 * C * K;
        score_lists(&fp32, own.scores, &s, Dk, saved + (size_t)t0 * s.width, router->keys, rows);
        if (key_scores != NULL)
            show_scores(gpu, key_scores + (size_t)t0 * keys, own.scores, keys, rows);
        KeySizes sizes = key_sizes(&s, config, rows);
        CHECK(select_keys(gating->score + entry, gating->index + entry,
                          key_major(own.scores, sizes), sizes, gpu->stream));
    }
}

// Of rows tokens: writes dquery_out [rows,width], writes or adds to dkeys.
static void scores_backward(const Gpu *gpu, float *dquery_out, float *dkeys, const RouterShape *s,
                            int Dk, const float *dscores, const float *query_out, const float *keys,
                            int rows, bool add) {
    int columns = s->lists * s->n;
    if (s->shared) {
        Matrix d = matrix(dscores, rows, columns);
        product(gpu, dquery_out, Dk, d, transpose(matrix(keys, Dk, columns)), 1.0f, false);
        product(gpu, dkeys, columns, transpose(matrix(query_out, rows, Dk)), d, 1.0f, add);
        return;
    }
    for (int list = 0; list < s->lists; list++) {
        size_t first = (size_t)list * s->n * Dk, column = (size_t)list * Dk;
        Matrix d = strided(dscores + (size_t)list * s->n, rows, s->n, columns);
        Matrix queries = strided(query_out + column, rows, Dk, s->width);
        product(gpu, dquery_out + column, s->width, d, matrix(keys + first, s->n, Dk), s->scale,
                false);
        product(gpu, dkeys + first, Dk, transpose(d), queries, s->scale, add);
    }
}

void device_router_backward(const Gpu *gpu, float *dx, float *dquery, float *dkeys,
                            const float *dscore, const Gating *gating, const float *saved,
                            const float *x, const DeviceRouter *router, float *scratch) {
    const Gpu fp32 = products_in_fp32(gpu);
    const Config *config = router->config;
    RouterShape s = shape_of(config);
    RouterScratch own;
    int N = gating->N, C = gating->C, K = gating->K, D = config->D, Dk = config->Dk;
    scratch_layout(&own, scratch, &s, N);
    for (int t0 = 0; t0 < N; t0 += ROUTER_TOKENS) {
        int rows = std::min(N - t0, (int)ROUTER_TOKENS);
        size_t entry = (size_t)t0 * C * K;
        CHECK(spread_gradient(own.scores, dscore + entry, gating->index + entry,
                              key_sizes(&s, config, rows), gpu->stream));
        scores_backward(&fp32, own.dquery_out, dkeys, &s, Dk, own.scores,
                        saved + (size_t)t0 * s.width, router->keys, rows, t0 > 0);
        for (int list = 0; list < (s.shared ? 1 : s.lists); list++) {
            Matrix dq = strided(own.dquery_out + (size_t)list * Dk, rows, Dk, s.width);
            size_t first = (size_t)list * D * Dk, row = (size_t)t0 * D;
            product(&fp32, dx + row, D, dq, transpose(matrix(router->query + first, D, Dk)), 1.0f,
                    true);
            product(&fp32, dquery + first, Dk, transpose(matrix(x + row, rows, D)), dq, 1.0f,
                    t0 > 0);
        }
    }
}
