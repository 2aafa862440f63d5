#include "reference/ffn/key_router.h"
#include "reference/ffn/top_k.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <math.h>
#include <string.h>

// Tokens per block: their scores fit the second-level cache; a multiple of LANES.
enum { TOKENS = 128 };

// How the four routers differ.
typedef struct {
    int parts, lists, n; // lists = parts·C lists of n keys each
    int depth;           // floats of a key: Dk
    int width;           // floats of a token's queries: depth, or lists·depth
    bool shared;  // one query for all lists and keys [depth,lists,n]; else one query per list and
                  // keys [lists,n,depth]
    int together; // lists scored by one matrix product
    float scale;
} Shape;

bool key_router_is_product(Router router) {
    return router == ROUTER_PRODUCT_DENSE || router == ROUTER_PRODUCT_KEY_VALUE;
}

static Shape shape_of(const Config *config) {
    Shape shape = { .parts = key_router_is_product(config->router) ? 2 : 1 };
    shape.lists = shape.parts * config->C;
    shape.n = shape.parts == 2 ? config_keys(config) : config->F;
    shape.depth = config->Dk;
    shape.shared = config->router == ROUTER_PRODUCT_DENSE || config->router == ROUTER_DENSE;
    shape.width = shape.shared ? config->Dk : shape.lists * config->Dk;
    // Short lists are scored together; a flat router's list is long enough alone.
    shape.together = config->router == ROUTER_PRODUCT_DENSE ? shape.lists : 1;
    shape.scale = shape.shared ? 1.0f : 1.0f / sqrtf((float)(shape.parts * config->Dk));
    return shape;
}

// Query and keys of a list are two linear maps, one after the other: scores = (x Wq) keysᵀ. Their
// product [D,n] is the same for all tokens, and for short lists it is cheaper to apply: D·n instead
// of Dk·(D + n) multiplications per token and list (a quarter at the paper's TinyStories size). It
// is computed once per call, which pays from some number of tokens on. Returns the maximum number
// of tokens, up to N, of a pass that does not fold: memory for N tokens also suffices for those.
static int max_unfolded(const Config *config, const Shape *s, int N) {
    double D = config->D, Dk = config->Dk, n = s->n;
    double saved_per_token = Dk * (D + n) - D * n, max = floor(D * n * Dk / saved_per_token);
    bool never = config->router != ROUTER_PRODUCT_KEY_VALUE || saved_per_token <= 0.0;
    return never || N <= max ? N : (int)max;
}

static bool folds(const Config *config, const Shape *s, int N) {
    return max_unfolded(config, s, N) < N;
}

// The folded router is a shared one: x itself is the query, and the keys are [D,lists,n].
static Shape folded_shape(const Config *config, const Shape *s) {
    Shape folded = *s;
    folded.depth = folded.width = config->D;
    folded.shared = true;
    folded.together = s->lists;
    folded.scale = 1.0f;
    return folded;
}

static size_t folded_floats(const Config *config, const Shape *s) {
    return (size_t)config->D * s->lists * s->n;
}

// folded [D,lists,n] = scale · query · keysᵀ of each list
static void fold(float *folded, const Shape *s, const KeyRouter *router) {
    const float *query = router->query, *keys = router->keys;
    int D = router->config->D, columns = s->lists * s->n, Dk = s->depth;
    for (int list = 0; list < s->lists; list++) {
        matmul(folded + (size_t)list * s->n, columns, matrix(query + (size_t)list * D * Dk, D, Dk),
               transpose(matrix(keys + (size_t)list * s->n * Dk, s->n, Dk)), s->scale, false);
    }
}

// The gradients of both factors from that of the product.
static void fold_backward(const KeyRouterGradients *gradients, const Shape *s, const float *dfolded,
                          const KeyRouter *router) {
    int D = router->config->D, columns = s->lists * s->n, Dk = s->depth;
    for (int list = 0; list < s->lists; list++) {
        Matrix d = strided(dfolded + (size_t)list * s->n, D, s->n, columns);
        size_t weights = (size_t)list * D * Dk, own = (size_t)list * s->n * Dk;
        matmul(gradients->query + weights, Dk, d, matrix(router->keys + own, s->n, Dk), s->scale,
               false);
        matmul(gradients->keys + own, Dk, transpose(d), matrix(router->query + weights, D, Dk),
               s->scale, false);
    }
}

size_t key_router_saved(const Config *config, int N) {
    Shape s = shape_of(config);
    return (size_t)max_unfolded(config, &s, N) * s.width;
}

bool key_router_valid(const Config *config, Error *error) {
    int n = config_keys(config);
    bool product = key_router_is_product(config->router);
    if (product && n * n != config->F) {
        return fail(
            error,
            "F=%d is not a square: product keys need F = n·n experts; try --set F=%d or F=%d",
            config->F, n * n, (n + 1) * (n + 1));
    }
    if (product && config->K > n) {
        return fail(error,
                    "K=%d is more than n=%d, the square root of F=%d: use --set K=%d or a larger F",
                    config->K, n, config->F, n);
    }
    if (config->K > config->F) {
        return fail(error, "K=%d is more than F=%d experts: use --set K=%d or a larger F",
                    config->K, config->F, config->F);
    }
    return true;
}

void key_router_declare(Tensors *tensors, const Config *config, const char *prefix) {
    Shape s = shape_of(config);
    int D = config->D, Dk = config->Dk, C = config->C;
    if (s.shared) {
        tensors_add(tensors, prefix, "router.query", INIT_LECUN, D, true, 2, (int[]){ D, Dk });
    } else if (s.parts == 2) {
        tensors_add(tensors, prefix, "router.query", INIT_LECUN, D, true, 4,
                    (int[]){ 2, C, D, Dk });
    } else {
        tensors_add(tensors, prefix, "router.query", INIT_LECUN, D, true, 3, (int[]){ C, D, Dk });
    }
    switch (config->router) {
    case ROUTER_PRODUCT_DENSE:
        tensors_add(tensors, prefix, "router.keys", INIT_LECUN, Dk, true, 4,
                    (int[]){ Dk, 2, C, s.n });
        break;
    case ROUTER_DENSE:
        tensors_add(tensors, prefix, "router.keys", INIT_LECUN, Dk, true, 3, (int[]){ Dk, C, s.n });
        break;
    case ROUTER_PRODUCT_KEY_VALUE:
        tensors_add(tensors, prefix, "router.keys", INIT_TRUNCATED, 0, true, 4,
                    (int[]){ 2, C, s.n, Dk });
        break;
    default:
        tensors_add(tensors, prefix, "router.keys", INIT_TRUNCATED, 0, true, 3,
                    (int[]){ C, s.n, Dk });
    }
}

int key_router_keys(const Config *config) {
    Shape s = shape_of(config);
    return s.lists * s.n;
}

double key_router_flops(const Config *config) {
    Shape s = shape_of(config);
    double D = config->D, Dk = config->Dk;
    return (s.shared ? 1 : s.lists) * 2 * Dk * D + 2.0 * s.lists * s.n * Dk;
}

// One thread's part of the scratch: the scores of a block, transposed, and the results of top_k.
typedef struct {
    float *scores; // [lists·n,TOKENS] of a product router, [n,TOKENS] of a flat one (scores_stride)
    float *a_score, *b_score, *best_score;   // [K,LANES] each
    int32_t *a_index, *b_index, *best_index; // [K,LANES] each
} Worker;

static size_t worker_layout(Worker *worker, float *block, const Shape *s, int K) {
    size_t used = 0, list = (size_t)K * LANES;
    int lists = s->parts == 2 ? s->lists : 1; // a flat router is done with a list before the next
    worker->scores = floats_take(block, &used, (size_t)lists * s->n * TOKENS);
    worker->a_score = floats_take(block, &used, list);
    worker->b_score = floats_take(block, &used, list);
    worker->best_score = floats_take(block, &used, list);
    worker->a_index = (int32_t *)floats_take(block, &used, list);
    worker->b_index = (int32_t *)floats_take(block, &used, list);
    worker->best_index = (int32_t *)floats_take(block, &used, list);
    return used;
}

// Floats from one key's scores to the next. A single token's scores are a row, which matmul makes
// without packing the keys; top_k then also chooses for lanes that belong to no token, as always
// where a block ends.
static int scores_stride(int rows) { return rows == 1 ? 1 : TOKENS; }

// scores [count·n,stride] of `count` lists from `list` on, transposed: row i has key i's scores of
// `rows` tokens, so that the top-k reads the same key of neighbouring tokens at once.
static void score_lists(float *scores, const Shape *s, const float *query_out, const float *keys,
                        int list, int count, int rows) {
    int Dk = s->depth, stride = scores_stride(rows);
    if (s->shared) {
        Matrix some = strided(keys + (size_t)list * s->n, Dk, count * s->n, s->lists * s->n);
        matmul_serial(scores, stride, transpose(some),
                      transpose(strided(query_out, rows, Dk, s->width)), s->scale, false);
    } else {
        Matrix queries = strided(query_out + (size_t)list * Dk, rows, Dk, s->width);
        matmul_serial(scores, stride, matrix(keys + (size_t)list * s->n * Dk, s->n, Dk),
                      transpose(queries), s->scale, false);
    }
}

// best of product keys, whose two lists are a and b [n,LANES], their rows `stride` apart
static void best_of_product(const Worker *worker, const float *a, const float *b, int stride, int n,
                            int K) {
    top_k_lanes(worker->a_score, worker->a_index, a, stride, n, K);
    top_k_lanes(worker->b_score, worker->b_index, b, stride, n, K);
    product_top_k_lanes(worker->best_score, worker->best_index, worker->a_score, worker->a_index,
                        worker->b_score, worker->b_index, n, K);
}

// The K best of a lane become those of channel c of token t.
static void take_lane(Gating *gating, const Worker *worker, int lane, int t, int c) {
    int K = gating->K;
    size_t entry = ((size_t)t * gating->C + c) * K;
    for (int k = 0; k < K; k++) {
        gating->score[entry + k] = worker->best_score[k * LANES + lane];
        gating->index[entry + k] = worker->best_index[k * LANES + lane];
    }
}

// The K best experts of channel c for LANES tokens from t on; the block's tokens begin at t0.
static void select_experts(Gating *gating, const Worker *worker, const Shape *s, int c, int t0,
                           int t, int rows) {
    int K = gating->K, lanes = min_int(rows - t, LANES), stride = scores_stride(rows);
    if (s->parts == 2) {
        const float *a = worker->scores + (size_t)c * s->n * stride + t;
        best_of_product(worker, a, a + (size_t)gating->C * s->n * stride, stride, s->n, K);
    } else {
        top_k_lanes(worker->best_score, worker->best_index, worker->scores + t, stride, s->n, K);
    }
    for (int lane = 0; lane < lanes; lane++) take_lane(gating, worker, lane, t0 + t + lane, c);
}

// The K best experts of a single token t for LANES channels from c on. Its scores fill one of the
// TOKENS parts of the memory for them; the lists are transposed into the next ones.
static void select_channels(Gating *gating, const Worker *worker, const Shape *s, int t, int c) {
    int n = s->n, lanes = min_int(gating->C - c, LANES);
    const float *from = worker->scores + (size_t)c * n;
    float *a = worker->scores + (size_t)s->lists * n, *b = a + (size_t)n * LANES;
    for (int lane = 0; lane < lanes; lane++) {
        for (int i = 0; i < n; i++) {
            a[i * LANES + lane] = from[(size_t)lane * n + i];
            b[i * LANES + lane] = from[((size_t)gating->C + lane) * n + i];
        }
    }
    best_of_product(worker, a, b, LANES, n, gating->K);
    for (int lane = 0; lane < lanes; lane++) take_lane(gating, worker, lane, t, c + lane);
}

// Copies the block's scores of `together` lists from `list` on to key_scores [N,lists·n].
static void show_scores(float *key_scores, const float *scores, const Shape *s, int list, int t0,
                        int rows) {
    for (int t = 0; t < rows; t++) {
        float *row = key_scores + ((size_t)(t0 + t) * s->lists + list) * s->n;
        for (int i = 0; i < s->together * s->n; i++)
            row[i] = scores[(size_t)i * scores_stride(rows) + t];
    }
}

static void select_of_products(Gating *gating, const Worker *worker, const Shape *s, int t0,
                               int rows) {
    if (rows == 1) {
        for (int c = 0; c < gating->C; c += LANES) select_channels(gating, worker, s, t0, c);
        return;
    }
    for (int c = 0; c < gating->C; c++) {
        for (int t = 0; t < rows; t += LANES) select_experts(gating, worker, s, c, t0, t, rows);
    }
}

// Scores and top-k of one block of tokens, whose queries are query_out [rows,width].
static void route_block(const Shape *s, Gating *gating, Worker *worker, const float *query_out,
                        const float *keys, int t0, int rows) {
    bool product = s->parts == 2;
    for (int list = 0; list < s->lists; list += s->together) {
        float *scores = worker->scores + (product ? (size_t)list * s->n * scores_stride(rows) : 0);
        score_lists(scores, s, query_out, keys, list, s->together, rows);
        if (gating->key_scores != NULL) show_scores(gating->key_scores, scores, s, list, t0, rows);
        for (int t = 0; !product && t < rows; t += LANES)
            select_experts(gating, worker, s, list, t0, t, rows);
    }
    if (product) select_of_products(gating, worker, s, t0, rows);
}

// A single block runs in the calling thread, so a decoder, which reads one token at a time, may run
// in any thread.
static void route(const Shape *s, Gating *gating, const float *query_out, const float *keys,
                  float *scratch) {
    Worker worker;
    int N = gating->N;
    size_t floats = worker_layout(&worker, scratch, s, gating->K);
    if (N <= TOKENS) {
        route_block(s, gating, &worker, query_out, keys, 0, N);
        return;
    }
#pragma omp parallel for schedule(dynamic) private(worker)
    for (int t0 = 0; t0 < N; t0 += TOKENS) {
        worker_layout(&worker, scratch + floats * (size_t)parallel_thread(), s, gating->K);
        int rows = min_int(N - t0, TOKENS);
        route_block(s, gating, &worker, query_out + (size_t)t0 * s->width, keys, t0, rows);
    }
}

static void forward_folded(Gating *gating, const float *x, const KeyRouter *router,
                           float *scratch) {
    const Config *config = router->config;
    Shape s = shape_of(config), folded = folded_shape(config, &s);
    size_t used = 0;
    float *product = floats_take(scratch, &used, folded_floats(config, &s));
    fold(product, &s, router);
    route(&folded, gating, x, product, scratch + used);
}

void key_router_forward(Gating *gating, float *saved, const float *x, const KeyRouter *router,
                        float *scratch) {
    Shape s = shape_of(router->config);
    int N = gating->N, D = router->config->D, Dk = router->config->Dk;
    if (folds(router->config, &s, N)) {
        forward_folded(gating, x, router, scratch);
        return;
    }
    for (int list = 0; list < (s.shared ? 1 : s.lists); list++) {
        matmul(saved + (size_t)list * Dk, s.width, matrix(x, N, D),
               matrix(router->query + (size_t)list * D * Dk, D, Dk), 1.0f, false);
    }
    route(&s, gating, saved, router->keys, scratch);
}

// The key of a list that made the score of an expert: of product keys, the first list of a channel
// has the rows and the second the columns of the n×n experts.
static int key_of(const Shape *s, int C, int list, int expert) {
    if (s->parts == 1) return expert;
    return list < C ? expert / s->n : expert % s->n;
}

// dscores [N,together·n] of the lists from `list` on: zero except at the chosen keys. The score of
// product keys is the sum of two scores, and both get its gradient (chapter 06).
static void spread_gradient(float *dscores, const Shape *s, const float *dscore,
                            const Gating *gating, int list) {
    int K = gating->K, C = gating->C, columns = s->together * s->n;
#pragma omp parallel for
    for (int t = 0; t < gating->N; t++) {
        float *row = dscores + (size_t)t * columns;
        memset(row, 0, (size_t)columns * sizeof *row);
        for (int l = list; l < list + s->together; l++) {
            size_t entry = ((size_t)t * C + l % C) * K;
            float *keys = row + (size_t)(l - list) * s->n;
            for (int k = 0; k < K; k++)
                keys[key_of(s, C, l, gating->index[entry + k])] += dscore[entry + k];
        }
    }
}

// score = scale · query · key
typedef struct {
    const float *query_out; // [N,width]
    const float *keys;
    const float *dscores; // [N,together·n]
    float *dquery_out;    // [N,width], overwritten, or with `add` added to
    float *dkeys;         // overwritten
    bool add;
} ScoresBackward;

// Of the lists from `list` on.
static void scores_backward(const ScoresBackward *b, const Shape *s, int list, int N) {
    int Dk = s->depth, columns = s->together * s->n;
    Matrix dscores = matrix(b->dscores, N, columns);
    if (s->shared) { // keys [Dk,lists·n]
        size_t first = (size_t)list * s->n;
        int width = s->lists * s->n;
        Matrix keys = strided(b->keys + first, Dk, columns, width);
        matmul(b->dquery_out, Dk, dscores, transpose(keys), 1.0f, b->add || list > 0);
        matmul(b->dkeys + first, width, transpose(matrix(b->query_out, N, Dk)), dscores, 1.0f,
               false);
    } else { // keys [lists,n,Dk]
        size_t first = (size_t)list * s->n * Dk, column = (size_t)list * Dk;
        Matrix queries = strided(b->query_out + column, N, Dk, s->width);
        matmul(b->dquery_out + column, s->width, dscores, matrix(b->keys + first, s->n, Dk),
               s->scale, b->add);
        matmul(b->dkeys + first, Dk, transpose(dscores), queries, s->scale, false);
    }
}

static void backward_folded(float *dx, const KeyRouterGradients *gradients, const float *dscore,
                            const Gating *gating, const float *x, const KeyRouter *router,
                            float *scratch) {
    const Config *config = router->config;
    Shape s = shape_of(config), folded = folded_shape(config, &s);
    size_t used = 0, size = folded_floats(config, &s);
    float *dscores = floats_take(scratch, &used, (size_t)gating->N * folded.together * folded.n);
    float *product = floats_take(scratch, &used, size),
          *dproduct = floats_take(scratch, &used, size);
    fold(product, &s, router);
    spread_gradient(dscores, &folded, dscore, gating, 0);
    ScoresBackward scores = { x, product, dscores, dx, dproduct, .add = true };
    scores_backward(&scores, &folded, 0, gating->N);
    fold_backward(gradients, &s, dproduct, router);
}

void key_router_backward(float *dx, const KeyRouterGradients *gradients, const float *dscore,
                         const Gating *gating, const float *saved, const float *x,
                         const KeyRouter *router, float *scratch) {
    Shape s = shape_of(router->config);
    int N = gating->N, D = router->config->D, Dk = router->config->Dk;
    if (folds(router->config, &s, N)) {
        backward_folded(dx, gradients, dscore, gating, x, router, scratch);
        return;
    }
    size_t used = 0;
    float *dscores = floats_take(scratch, &used, (size_t)N * s.together * s.n);
    float *dquery_out = floats_take(scratch, &used, (size_t)N * s.width);
    ScoresBackward scores = { saved, router->keys, dscores, dquery_out, gradients->keys, false };
    for (int list = 0; list < s.lists; list += s.together) {
        spread_gradient(dscores, &s, dscore, gating, list);
        scores_backward(&scores, &s, list, N);
    }
    for (int list = 0; list < (s.shared ? 1 : s.lists); list++) {
        Matrix dq = strided(dquery_out + (size_t)list * Dk, N, Dk, s.width);
        size_t first = (size_t)list * D * Dk;
        matmul(dx, D, dq, transpose(matrix(router->query + first, D, Dk)), 1.0f, true);
        matmul(gradients->query + first, Dk, transpose(matrix(x, N, D)), dq, 1.0f, false);
    }
}

size_t key_router_scratch(const Config *config, int N, int threads) {
    Shape s = shape_of(config);
    Worker unused;
    size_t forward = 0, backward = 0, folded = 0, tokens = (size_t)max_unfolded(config, &s, N);
    if (folds(config, &s, N)) {
        floats_take(NULL, &forward, folded_floats(config, &s));
        floats_take(NULL, &folded, (size_t)N * s.lists * s.n);
        for (int i = 0; i < 2; i++) floats_take(NULL, &folded, folded_floats(config, &s));
    }
    forward += worker_layout(&unused, NULL, &s, config->K) * (size_t)threads;
    floats_take(NULL, &backward, tokens * s.together * s.n);
    floats_take(NULL, &backward, tokens * s.width);
    return max_size(forward, max_size(backward, folded));
}
