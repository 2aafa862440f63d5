#include "tests/support/plain_ffn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double *parameter(const LayerNumbers *plain, const char *name) {
    return plain->parameters + tensors_find(&plain->tensors, name)->offset;
}

static double *gradient(const LayerNumbers *plain, const char *name) {
    return plain->gradients + tensors_find(&plain->tensors, name)->offset;
}

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

// gelu in its tanh form: u/2 (1 + tanh(sqrt(2/pi) (u + 0.044715 u³)))
static double gelu(double u, double *derivative) {
    const double root = 0.7978845608028654;
    double t = tanh(root * (u + 0.044715 * u * u * u));
    *derivative = 0.5 * (1.0 + t) + 0.5 * u * (1.0 - t * t) * root * (1.0 + 3.0 * 0.044715 * u * u);
    return 0.5 * u * (1.0 + t);
}

double plain_activation(Activation activation, double u, double *derivative) {
    switch (activation) {
    case ACTIVATION_RELU: *derivative = u > 0.0; return u > 0.0 ? u : 0.0;
    case ACTIVATION_GELU: return gelu(u, derivative);
    case ACTIVATION_SWISH: *derivative = sigmoid(u) * (1.0 + u * (1.0 - sigmoid(u))); return u * sigmoid(u);
    default: *derivative = 1.0; return u;
    }
}

// y (D) = x (D) up (D,F) → gelu → down (F,D)
static void mlp_token(LayerNumbers *plain, const double *x, const double *dy, double *y, double *dx) {
    int D = plain->config.D, F = plain->config.F;
    const double *up = parameter(plain, "up"), *down = parameter(plain, "down");
    double *dup = gradient(plain, "up"), *ddown = gradient(plain, "down");
    for (int f = 0; f < F; f++) {
        double u = 0.0, slope, dhidden = 0.0;
        for (int d = 0; d < D; d++) u += x[d] * up[(size_t)d * F + f];
        double hidden = gelu(u, &slope);
        for (int d = 0; d < D; d++) {
            y[d] += hidden * down[(size_t)f * D + d];
            ddown[(size_t)f * D + d] += hidden * dy[d];
            dhidden += dy[d] * down[(size_t)f * D + d];
        }
        double du = dhidden * slope;
        for (int d = 0; d < D; d++) {
            dup[(size_t)d * F + f] += x[d] * du;
            dx[d] += up[(size_t)d * F + f] * du;
        }
    }
}

// One hidden unit of the GLU: a = g·sigmoid(1.702 g)·(u + 1) with both clamped; slopes by the inputs g and u.
static double glu_unit(double g, double u, double *by_g, double *by_u) {
    double low = fmin(g, 7.0), mid = fmax(-7.0, fmin(u, 7.0)), s = sigmoid(1.702 * low);
    *by_g = g < 7.0 ? (s + low * 1.702 * s * (1.0 - s)) * (mid + 1.0) : 0.0;
    *by_u = u > -7.0 && u < 7.0 ? low * s : 0.0;
    return low * s * (mid + 1.0);
}

static void glu_token(LayerNumbers *plain, const double *x, const double *dy, double *y, double *dx) {
    int D = plain->config.D, F = plain->config.F;
    const double *up = parameter(plain, "up"), *up_bias = parameter(plain, "up_bias");
    const double *down = parameter(plain, "down"), *down_bias = parameter(plain, "down_bias");
    double *dup = gradient(plain, "up"), *dup_bias = gradient(plain, "up_bias");
    double *ddown = gradient(plain, "down"), *ddown_bias = gradient(plain, "down_bias");
    for (int d = 0; d < D; d++) {
        y[d] += down_bias[d];
        ddown_bias[d] += dy[d];
    }
    for (int f = 0; f < F; f++) {
        double g = up_bias[f], u = up_bias[F + f], by_g, by_u, da = 0.0;
        for (int d = 0; d < D; d++) {
            g += x[d] * up[(size_t)d * 2 * F + f];
            u += x[d] * up[(size_t)d * 2 * F + F + f];
        }
        double a = glu_unit(g, u, &by_g, &by_u);
        for (int d = 0; d < D; d++) {
            y[d] += a * down[(size_t)f * D + d];
            ddown[(size_t)f * D + d] += a * dy[d];
            da += dy[d] * down[(size_t)f * D + d];
        }
        dup_bias[f] += da * by_g;
        dup_bias[F + f] += da * by_u;
        for (int d = 0; d < D; d++) {
            dup[(size_t)d * 2 * F + f] += x[d] * da * by_g;
            dup[(size_t)d * 2 * F + F + f] += x[d] * da * by_u;
            dx[d] += up[(size_t)d * 2 * F + f] * da * by_g + up[(size_t)d * 2 * F + F + f] * da * by_u;
        }
    }
}

// All four routers are one: `groups` lists of `keys` keys each. The product routers have two lists a channel (group
// p·C + c) and add their scores; the dense ones share one query; the key-value ones have a query a group and a scale.
static bool is_product(const Config *config) {
    return config->router == ROUTER_PRODUCT_DENSE || config->router == ROUTER_PRODUCT_KEY_VALUE;
}

static bool shares_query(const Config *config) {
    return config->router == ROUTER_PRODUCT_DENSE || config->router == ROUTER_DENSE;
}

static int side(const Config *config) { return (int)lround(sqrt(config->F)); }

int plain_score_groups(const Config *config) { return is_product(config) ? 2 * config->C : config->C; }

int plain_score_keys(const Config *config) { return is_product(config) ? side(config) : config->F; }

static double scale(const Config *config) {
    if (config->router == ROUTER_PRODUCT_KEY_VALUE) return 1.0 / sqrt(2.0 * config->Dk);
    return config->router == ROUTER_KEY_VALUE ? 1.0 / sqrt(config->Dk) : 1.0;
}

// Where element d of a group's query column lies in router.query, for input row `in`.
static size_t query_at(const Config *config, int group, int in, int d) {
    size_t base = shares_query(config) ? 0 : (size_t)group * config->D * config->Dk;
    return base + (size_t)in * config->Dk + d;
}

// Where element d of a key lies in router.keys: [Dk,groups,keys] for the shared query, else [groups,keys,Dk].
static size_t key_at(const Config *config, int group, int key, int d) {
    size_t groups = (size_t)plain_score_groups(config), keys = (size_t)plain_score_keys(config);
    if (shares_query(config)) return ((size_t)d * groups + group) * keys + key;
    return ((size_t)group * keys + key) * config->Dk + d;
}

static void make_query(const LayerNumbers *plain, const double *x, int group, double *query) {
    const double *weights = parameter(plain, "router.query");
    for (int d = 0; d < plain->config.Dk; d++) {
        query[d] = 0.0;
        for (int in = 0; in < plain->config.D; in++)
            query[d] += x[in] * weights[query_at(&plain->config, group, in, d)];
    }
}

static void make_scores(const LayerNumbers *plain, const double *x, double *query, double *scores) {
    const Config *config = &plain->config;
    const double *weights = parameter(plain, "router.keys");
    int groups = plain_score_groups(config), keys = plain_score_keys(config);
    for (int group = 0; group < groups; group++) {
        make_query(plain, x, group, query);
        for (int key = 0; key < keys; key++) {
            double sum = 0.0;
            for (int d = 0; d < config->Dk; d++) sum += query[d] * weights[key_at(config, group, key, d)];
            scores[(size_t)group * keys + key] = sum * scale(config);
        }
    }
}

double plain_score(const Config *config, const double *scores, int c, int f) {
    int keys = plain_score_keys(config);
    if (!is_product(config)) return scores[(size_t)c * keys + f];
    return scores[(size_t)c * keys + f / keys] + scores[(size_t)(config->C + c) * keys + f % keys];
}

void plain_top(const Config *config, const double *scores, int c, double *score, int32_t *index) {
    int count = 0; // an insertion into the K best so far; a later index only passes a lower score
    for (int f = 0; f < config->F; f++) {
        double s = plain_score(config, scores, c, f);
        int at = count;
        while (at > 0 && s > score[at - 1]) at--;
        if (at == config->K) continue;
        if (count < config->K) count++;
        for (int k = count - 1; k > at; k--) {
            score[k] = score[k - 1];
            index[k] = index[k - 1];
        }
        score[at] = s;
        index[at] = f;
    }
}

// The gradient of one key's score, back to the key, the query's weights and x.
static void score_backward(LayerNumbers *plain, const double *x, double *query, int group, int key, double ds,
                           double *dx) {
    const Config *config = &plain->config;
    const double *keys = parameter(plain, "router.keys"), *weights = parameter(plain, "router.query");
    double *dkeys = gradient(plain, "router.keys"), *dweights = gradient(plain, "router.query");
    make_query(plain, x, group, query);
    for (int d = 0; d < config->Dk; d++) {
        double part = ds * scale(config), dquery = part * keys[key_at(config, group, key, d)];
        dkeys[key_at(config, group, key, d)] += part * query[d];
        for (int in = 0; in < config->D; in++) {
            dweights[query_at(config, group, in, d)] += x[in] * dquery;
            dx[in] += weights[query_at(config, group, in, d)] * dquery;
        }
    }
}

// One chosen expert: y += act(score · w_in·x) w_out; returns d_score.
static double expert_token(LayerNumbers *plain, size_t row, double score, const double *x, const double *dy, double *y,
                           double *dx) {
    int D = plain->config.D;
    const double *in = parameter(plain, "experts.in") + row * D, *out = parameter(plain, "experts.out") + row * D;
    double *din = gradient(plain, "experts.in") + row * D, *dout = gradient(plain, "experts.out") + row * D;
    double z = 0.0, back = 0.0, slope;
    for (int d = 0; d < D; d++) {
        z += in[d] * x[d];
        back += out[d] * dy[d];
    }
    double active = plain_activation(plain->config.activation, score * z, &slope), du = slope * back;
    for (int d = 0; d < D; d++) {
        y[d] += active * out[d];
        dout[d] += active * dy[d];
        din[d] += du * score * x[d];
        dx[d] += du * score * in[d];
    }
    return z * du;
}

static void sgatlin_token(LayerNumbers *plain, int t, double *query) {
    const Config *config = &plain->config;
    int D = config->D, C = config->C, K = config->K, n = plain_score_keys(config);
    const double *x = plain->x + (size_t)t * D, *dy = plain->dy + (size_t)t * D;
    double *y = plain->y + (size_t)t * D, *dx = plain->dx + (size_t)t * D;
    double *scores = plain->scores + (size_t)t * plain_score_groups(config) * n;
    make_scores(plain, x, query, scores);
    for (int c = 0; c < C; c++) {
        double *score = plain->score + ((size_t)t * C + c) * K;
        int32_t *index = plain->index + ((size_t)t * C + c) * K;
        if (!plain->given) plain_top(config, scores, c, score, index);
        for (int k = 0; k < K; k++) {
            double ds = expert_token(plain, (size_t)c * config->F + index[k], score[k], x, dy, y, dx);
            int first = is_product(config) ? index[k] / n : index[k];
            score_backward(plain, x, query, c, first, ds, dx);
            if (is_product(config)) score_backward(plain, x, query, C + c, index[k] % n, ds, dx);
        }
    }
}

bool plain_ffn_knows(const Config *config) {
    const char *name = config->ffn->name;
    return strcmp(name, "mlp") == 0 || strcmp(name, "glu") == 0 || strcmp(name, "sgatlin") == 0;
}

bool plain_ffn_run(LayerNumbers *plain, Error *error) {
    const char *name = plain->config.ffn->name;
    if (!plain_ffn_knows(&plain->config)) return fail(error, "kind %s has no plain version in tests/support", name);
    size_t rows = (size_t)plain->N * (size_t)plain->config.D;
    double *query = malloc((size_t)(plain->config.Dk + 1) * sizeof *query);
    if (query == NULL) return fail(error, "kind %s: no memory for a query", name);
    memset(plain->y, 0, rows * sizeof *plain->y);
    memset(plain->dx, 0, rows * sizeof *plain->dx);
    memset(plain->gradients, 0, plain->tensors.floats * sizeof *plain->gradients);
    for (int t = 0; t < plain->N; t++) {
        size_t at = (size_t)t * plain->config.D;
        if (name[0] == 'm') mlp_token(plain, plain->x + at, plain->dy + at, plain->y + at, plain->dx + at);
        if (name[0] == 'g') glu_token(plain, plain->x + at, plain->dy + at, plain->y + at, plain->dx + at);
        if (name[0] == 's') sgatlin_token(plain, t, query);
    }
    free(query);
    return true;
}
