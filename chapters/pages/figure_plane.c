#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/pages/figures.h"
#include "reference/numbers/random.h"
#include <math.h>

// The layer and the plane of the chapter's picture.
enum { D = 8, F = 64, SIDE = 8, K = 2, Dk = 4, STEPS = 9 };

typedef struct {
    double query[D * Dk], keys[Dk * 2 * SIDE], in[F * D], out[F * D];
    double origin[D], across[D], down[D];
    double saved[256];
    int index[K], scratch[2 * K];
} Plane;

static void normal(double *v, int n, double deviation, const char *name) {
    for (int i = 0; i < n; i++) v[i] = deviation * random_normal(random_key(8, name), (uint64_t)i);
}

static void plane_new(Plane *p) {
    normal(p->query, D * Dk, 1.0 / sqrt(D), "query");
    normal(p->keys, Dk * 2 * SIDE, 1.0 / sqrt(Dk), "keys");
    normal(p->in, F * D, 1.0 / sqrt(D), "in");
    normal(p->out, F * D, 1.0 / sqrt(K), "out");
    normal(p->origin, D, 1.0, "origin");
    normal(p->across, D, 1.0, "across");
    normal(p->down, D, 1.0, "down");
}

// What the layer makes of the input origin + u·across + v·down.
static json_t *check(Plane *p, double u, double v) {
    const Sgatlin s = { .router = PRODUCT_DENSE, .D = D, .F = F, .C = 1, .K = K, .Dk = Dk };
    const SgatlinWeights w = { { p->query, p->keys }, p->in, p->out };
    SgatlinToken saved = sgatlin_token(p->saved, p->index, &s);
    double x[D], y[D];
    for (int d = 0; d < D; d++) x[d] = p->origin[d] + u * p->across[d] + v * p->down[d];
    sgatlin_forward(y, &saved, p->scratch, x, &w, &s);
    json_t *out = json_object();
    json_add(&out, "u", json_real(u));
    json_add(&out, "v", json_real(v));
    json_add(&out, "index", json_integers(saved.index, K));
    json_add(&out, "score", json_reals(saved.score, K));
    json_add(&out, "y", json_reals(y, D));
    return out;
}

json_t *plane_numbers(void) {
    Plane p;
    json_t *out = json_object(), *checks = json_array();
    plane_new(&p);
    for (int i = 0; i < STEPS * STEPS; i++) {
        double u = 2.0 * (i % STEPS) / (STEPS - 1) - 1.0, v = 2.0 * (i / STEPS) / (STEPS - 1) - 1.0;
        json_add_item(&checks, check(&p, u, v));
    }
    json_add(&out, "K", json_integer(K));
    json_add(&out, "query", json_reals(p.query, D * Dk));
    json_add(&out, "keys", json_reals(p.keys, Dk * 2 * SIDE));
    json_add(&out, "in", json_reals(p.in, F * D));
    json_add(&out, "out", json_reals(p.out, F * D));
    json_add(&out, "origin", json_reals(p.origin, D));
    json_add(&out, "across", json_reals(p.across, D));
    json_add(&out, "down", json_reals(p.down, D));
    json_add(&out, "checks", checks);
    return out;
}
