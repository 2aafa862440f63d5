// What two heads select from a pool of experts, what more experts cost, and how many are used.
#include "chapters/demo.h"
#include "chapters/04_product_keys/product_keys.h"
#include "chapters/05_peer/expert_usage.h"
#include "chapters/05_peer/peer.h"
#include "chapters/05_peer/peer_scores.h"
#include "chapters/diagram.h"
#include "reference/draw/paint.h"
#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void normal(double *v, size_t n, double deviation, const char *name) {
    for (size_t i = 0; i < n; i++) v[i] = deviation * random_normal(random_key(5, name), i);
}

// ---- a layer with random parameters and the memory of one token

typedef struct {
    Peer p;
    PeerWeights w;
    PeerToken saved;
    double *block, *x, *y;
    int *index, *scratch;
} Layer;

static void layer_free(Layer *layer) {
    free(layer->block);
    free(layer->index);
    *layer = (Layer){ 0 };
}

static size_t key_count(const Peer *p) { return 2 * (size_t)p->C * peer_keys(p) * p->Dk; }
static size_t query_count(const Peer *p) { return 2 * (size_t)p->C * p->D * p->Dk; }
static size_t expert_count(const Peer *p) { return 2 * (size_t)p->F * p->D; }

static bool layer_new(Layer *out, const Peer *p, Error *error) {
    size_t query = query_count(p), keys = key_count(p), experts = expert_count(p);
    *out = (Layer){ .p = *p };
    out->block = malloc((query + keys + experts + peer_token_doubles(p) + 2 * (size_t)p->D) *
                        sizeof *out->block);
    out->index = malloc(((size_t)p->C + 2) * p->K * sizeof *out->index);
    if (out->block == NULL || out->index == NULL) {
        layer_free(out);
        return fail(error, "no memory for a pool of %d experts", p->F);
    }
    out->w.router.query = out->block;
    out->w.router.keys = out->w.router.query + query;
    out->w.in = out->w.router.keys + keys;
    out->w.out = out->w.in + experts / 2;
    out->x = out->w.in + experts;
    out->y = out->x + p->D;
    out->saved = peer_token(out->y + p->D, out->index, p);
    out->scratch = out->index + (size_t)p->C * p->K;
    normal(out->w.router.query, query, 1.0 / sqrt(p->D), "query");
    normal(out->w.router.keys, keys, 1.0, "keys");
    // The same 4096 numbers repeated: random enough here, and a million experts are filled within a
    // second.
    normal(out->w.in, experts < 4096 ? experts : 4096, 1.0 / sqrt(p->D), "experts");
    for (size_t i = 4096; i < experts; i++) out->w.in[i] = out->w.in[i - 4096];
    return true;
}

static void forward(Layer *layer) {
    peer_forward(layer->y, &layer->saved, layer->scratch, layer->x, &layer->w, &layer->p);
}

// ---- what two heads select

static bool show_heads(Error *error) {
    const Peer p = { .D = 6, .F = 16, .C = 2, .K = 3, .Dk = 4 };
    Layer layer;
    if (!layer_new(&layer, &p, error)) return false;
    normal(layer.x, (size_t)p.D, 1.0, "x");
    forward(&layer);
    printf("%d experts, %d heads, %d experts per head, one token\n\n", p.F, p.C, p.K);
    for (int c = 0; c < p.C; c++) {
        double sum = 0.0;
        printf("  head %d, experts", c);
        for (int slot = c * p.K; slot < (c + 1) * p.K; slot++) {
            printf("%s %d (%.3f, gate %.3f)", slot % p.K ? "," : "", layer.saved.index[slot],
                   layer.saved.score[slot], layer.saved.gate[slot]);
            sum += layer.saved.gate[slot];
        }
        printf("; sum of gates %.3f\n", sum);
    }
    layer_free(&layer);
    return true;
}

// ---- the cost of a pool, counted

static const int pools[] = { 1024, 4096, 16384, 65536, 262144, 1048576 };
enum { POOLS = COUNT_OF(pools) };

static void show_costs(void) {
    Peer p = { .D = 256, .C = 8, .K = 8, .Dk = 128 };
    printf("\nThe cost of one token: D = %d, %d heads, %d experts per head, keys of %d numbers\n\n",
           p.D, p.C, p.K, p.Dk);
    printf("  %8s %11s %10s   %s\n", "", "numbers", "numbers", "multiplications");
    printf("  %8s %11s %10s %9s %9s %9s %12s\n", "experts", "stored", "touched", "queries",
           "scores", "experts", "flat scores");
    for (int i = 0; i < POOLS; i++) {
        p.F = pools[i];
        size_t query = query_count(&p), keys = key_count(&p),
               selected = 2 * (size_t)p.C * p.K * p.D;
        printf("  %8d %11zu %10zu %9zu %9zu %9zu %12zu\n", p.F, query + keys + expert_count(&p),
               query + keys + selected, query, keys, selected, (size_t)p.C * p.F * 2 * p.Dk);
    }
}

// ---- usage

enum { TOKENS = 4096 };

// total [F] is written: the sum of each expert's gates over TOKENS tokens, each of them `common`
// times a vector that all share plus a vector of its own.
static bool sum_gates(double *total, const Peer *p, double common, Error *error) {
    Layer layer;
    uint64_t common_key = random_key(5, "common"), own_key = random_key(5, "own");
    if (!layer_new(&layer, p, error)) return false;
    for (int f = 0; f < p->F; f++) total[f] = 0.0;
    for (size_t t = 0; t < TOKENS; t++) {
        for (size_t d = 0; d < (size_t)p->D; d++) {
            layer.x[d] =
                common * random_normal(common_key, d) + random_normal(own_key, t * p->D + d);
        }
        forward(&layer);
        expert_usage_add(total, &layer.saved, p);
    }
    layer_free(&layer);
    return true;
}

static const Peer usage_sizes = { .D = 32, .F = 1024, .C = 4, .K = 8, .Dk = 16 };
static const double commons[] = { 0, 1, 3 };
enum { COMMONS = COUNT_OF(commons) };

static bool show_usage(Error *error) {
    double *total = malloc((size_t)usage_sizes.F * sizeof *total);
    bool ok = total != NULL || fail(error, "no memory for %d totals", usage_sizes.F);
    printf("\nExpert usage: %d experts, %d heads, %d experts per head, %d tokens\n\n",
           usage_sizes.F, usage_sizes.C, usage_sizes.K, TOKENS);
    printf("  common part     usage   unevenness (at most %.4f)\n", log(usage_sizes.F));
    for (int i = 0; ok && i < COMMONS; i++) {
        ok = sum_gates(total, &usage_sizes, commons[i], error);
        if (ok)
            printf("  %11g  %7.1f%% %12.4f\n", commons[i], 100 * expert_usage(total, usage_sizes.F),
                   expert_unevenness(total, usage_sizes.F));
    }
    free(total);
    return ok;
}

// ---- the picture: the pool as a square of n x n experts, coloured by their totals

enum { SIDE = 32, CELL = 9, PANEL = SIDE * CELL };

static void draw_totals(DrawList *list, float left, float top, const double *total) {
    float values[SIDE * SIDE];
    double max = 0.0;
    for (int f = 0; f < usage_sizes.F; f++) max = fmax(max, total[f]);
    for (int f = 0; f < usage_sizes.F; f++)
        values[f] = total[f] > 0.0 ? (float)sqrt(total[f] / max) : NAN;
    draw_cells(list, (Rect){ left, top, PANEL, PANEL }, SIDE, SIDE, values, 0, 1);
}

static bool draw(const char *path, Error *error) {
    static const char *const titles[COMMONS] = { "tokens share nothing",
                                                 "shared part as large as the rest",
                                                 "shared part three times the rest" };
    DrawList list =
        diagram_new(960, 520, "How much each expert speaks", "every cell is one expert");
    double *total = malloc((size_t)usage_sizes.F * sizeof *total);
    bool ok = total != NULL || fail(error, "no memory for %d totals", usage_sizes.F);
    for (int i = 0; ok && i < COMMONS; i++) {
        char text[64];
        float left = DIAGRAM_LEFT + (float)i * (PANEL + 20), top = 134;
        ok = sum_gates(total, &usage_sizes, commons[i], error);
        if (!ok) break;
        draw_text(&list, left, top - 30, DIAGRAM_NOTE, COLOR_TEXT, titles[i]);
        draw_totals(&list, left, top, total);
        snprintf(text, sizeof text, "usage %.1f%%, unevenness %.2f",
                 100 * expert_usage(total, usage_sizes.F), expert_unevenness(total, usage_sizes.F));
        draw_text(&list, left, top + PANEL + 10, DIAGRAM_NOTE, COLOR_DIM, text);
    }
    free(total);
    diagram_scale(&list, DIAGRAM_LEFT, 466, "never: grey; little",
                  "as much as the loudest of the square (root scale)");
    if (ok) return diagram_write(&list, path, error);
    draw_free(&list);
    return false;
}

// ---- time, of this chapter's own plain code

enum { QUERIES, SCORES, ROUTING, EXPERTS, ALL_PAIRS, PARTS };
enum { ROUNDS = 3, WARM = 20, TIMED = 100 };

// The seconds of each part for one token.
static void time_token(double seconds[PARTS], Layer *layer, double *all_score, int *all_index) {
    const Peer *p = &layer->p;
    const PeerToken *saved = &layer->saved;
    KeyValue router = peer_router(p), no_keys = router;
    int n = router.n;
    double start[PARTS + 1];
    no_keys.n = 0;
    start[QUERIES] = clock_seconds();
    key_value_scores(saved->scores, saved->query, layer->x, &layer->w.router, &no_keys);
    start[SCORES] = clock_seconds();
    for (int list = 0; list < key_value_lists(&router); list++) {
        key_scores(saved->scores + (size_t)list * n, saved->query + (size_t)list * p->Dk,
                   layer->w.router.keys + (size_t)list * n * p->Dk, n, p->Dk);
    }
    start[ROUTING] = clock_seconds();
    peer_route(saved->score, saved->index, layer->scratch, saved->scores, p);
    start[EXPERTS] = clock_seconds();
    peer_experts(layer->y, saved, layer->x, &layer->w, p);
    start[ALL_PAIRS] = clock_seconds();
    for (int c = 0; c < p->C; c++) {
        const double *first = saved->scores + (size_t)c * n, *second = first + (size_t)p->C * n;
        all_pairs_top_k(all_score, all_index, first, second, n, p->K);
    }
    start[PARTS] = clock_seconds();
    for (int part = 0; part < PARTS; part++) seconds[part] = start[part + 1] - start[part];
}

// Lowers each part to its fastest time over these tokens, to exclude delays by other programs.
static bool time_pool(double microseconds[PARTS], const Peer *p, Error *error) {
    double score[16], seconds[PARTS];
    int index[16];
    Layer layer;
    if (!layer_new(&layer, p, error)) return false;
    for (int t = 0; t < WARM + TIMED; t++) {
        for (size_t d = 0; d < (size_t)p->D; d++)
            layer.x[d] = random_normal(9, (size_t)t * p->D + d);
        time_token(seconds, &layer, score, index);
        for (int part = 0; t >= WARM && part < PARTS; part++)
            microseconds[part] = fmin(microseconds[part], 1e6 * seconds[part]);
    }
    layer_free(&layer);
    return true;
}

static void print_times(double times[POOLS][PARTS]) {
    printf("%9s %8s %7s %7s %8s %10s %10s   %s\n", "experts", "queries", "scores", "routing",
           "experts", "the layer", "all pairs", "growth: layer sqrt(F)   pairs    F");
    double first = 0.0;
    for (int i = 0; i < POOLS; i++) {
        double layer = 0.0;
        for (int part = 0; part < ALL_PAIRS; part++) layer += times[i][part];
        if (i == 0) first = layer;
        printf("%9d %8.1f %7.1f %7.1f %8.1f %10.1f %10.1f %15.1f %7.0f %7.0f %4d\n", pools[i],
               times[i][QUERIES], times[i][SCORES], times[i][ROUTING], times[i][EXPERTS], layer,
               times[i][ALL_PAIRS], layer / first, sqrt((double)pools[i] / pools[0]),
               times[i][ALL_PAIRS] / times[0][ALL_PAIRS], pools[i] / pools[0]);
    }
}

// Several rounds over all pools, because a machine may be slow for some seconds.
static bool show_time(const char *picture, Error *error) {
    (void)picture;
    Peer p = { .D = 64, .C = 8, .K = 8, .Dk = 64 };
    double times[POOLS][PARTS];
    for (int i = 0; i < POOLS * PARTS; i++) times[i / PARTS][i % PARTS] = INFINITY;
    printf("microseconds per token, forward: D = %d, %d heads, %d experts per head, keys of %d "
           "numbers\n\n",
           p.D, p.C, p.K, p.Dk);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < POOLS; i++) {
            p.F = pools[i];
            if (!time_pool(times[i], &p, error)) return false;
        }
    }
    print_times(times);
    return true;
}

static bool show_pool(const char *picture, Error *error) {
    if (!show_heads(error)) return false;
    show_costs();
    return show_usage(error) && (picture == NULL || draw(picture, error));
}

static bool show_scoreboard(const char *picture, Error *error) {
    Learner learners[MAX_LEARNERS];
    return tasks_show("05", learners, peer_learners(learners), picture, error);
}

static const DemoPart parts[] = {
    { "pool", "what two heads select, what experts cost, how many are used", WITH_PICTURE,
      show_pool },
    { "time", "times this chapter's own code, up to a million experts", NO_PICTURE, show_time },
    { "scoreboard", "the layers so far learn two tasks", WITH_PICTURE, show_scoreboard },
};

int main(int count, char **arguments) {
    return demo_main("chapter-05", parts, COUNT_OF(parts), count, arguments);
}
