// The experiments of the lesson. The output is always the same, except that of `cost`.
#include "chapters/demo.h"
#include "chapters/02_mixture_of_experts/balance.h"
#include "chapters/02_mixture_of_experts/moe_scores.h"
#include "chapters/02_mixture_of_experts/pictures.h"
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/diagram.h"
#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 3 };
static const char *const order_names[ORDERS] = { "softmax, top-K", "renormalised",
                                                 "top-K, softmax" };

static void normal(double *v, size_t n, double deviation, uint64_t seed, const char *name) {
    for (size_t i = 0; i < n; i++) v[i] = deviation * random_normal(random_key(seed, name), i);
}

// ---- a layer for N tokens, with its gradients and scratch memory, in one block

enum { TENSORS = 5 };

typedef struct {
    Moe m;
    int N;
    // router, up, up_bias, down, down_bias
    double *block, *tensors[TENSORS], *gradients[TENSORS];
    size_t count[TENSORS], parameters;
    MoeWeights w, dw;
    double *x, *target, *y, *dy, *dx; // [N,D] each
    MoeTokens tokens;
    MoeScratch scratch;
    int *ints;
} Layer;

static void layer_free(Layer *l) {
    free(l->block);
    free(l->ints);
    *l = (Layer){ 0 };
}

static double *take(double **from, size_t count) {
    double *taken = *from;
    *from += count;
    return taken;
}

static MoeWeights weights_of(double *const *t) {
    return (MoeWeights){ .router = t[0], .experts = { t[1], t[2], t[3], t[4] } };
}

static void layer_views(Layer *l, double *next) {
    size_t rows = (size_t)l->N * l->m.D;
    for (int i = 0; i < TENSORS; i++) l->tensors[i] = take(&next, l->count[i]);
    for (int i = 0; i < TENSORS; i++) l->gradients[i] = take(&next, l->count[i]);
    l->w = weights_of(l->tensors);
    l->dw = weights_of(l->gradients);
    double **each[] = { &l->x, &l->target, &l->y, &l->dy, &l->dx };
    for (int i = 0; i < 5; i++) *each[i] = take(&next, rows);
    l->tokens = moe_tokens(take(&next, moe_tokens_doubles(&l->m, l->N)), l->ints, &l->m, l->N);
    l->scratch = moe_scratch(next, &l->m, l->N, l->N * l->m.K);
}

// The experts are initialised like chapter 01's layers; the router's weights have a standard
// deviation of router / √D.
static bool layer_new(Layer *out, const Moe *m, int N, double router, uint64_t seed, Error *error) {
    size_t D = (size_t)m->D, F = (size_t)m->F, E = (size_t)m->E;
    *out =
        (Layer){ .m = *m, .N = N, .count = { D * E, E * D * 2 * F, E * 2 * F, E * F * D, E * D } };
    for (int i = 0; i < TENSORS; i++) out->parameters += out->count[i];
    size_t tokens = 5 * N * D + moe_tokens_doubles(m, N) + moe_scratch_doubles(m, N, N * m->K);
    out->block = calloc(2 * out->parameters + tokens, sizeof *out->block);
    out->ints = calloc(moe_tokens_ints(m, N), sizeof *out->ints);
    if (out->block == NULL || out->ints == NULL) {
        layer_free(out);
        return fail(error, "no memory for a layer of %d experts", m->E);
    }
    layer_views(out, out->block);
    normal(out->w.router, out->count[0], router / sqrt(m->D), seed, "router");
    normal(out->w.experts.up, out->count[1], 1.0 / sqrt(m->D), seed, "up");
    normal(out->w.experts.down, out->count[3], 1.0 / sqrt(m->F), seed, "down");
    return true;
}

static void forward(Layer *l) { moe_forward(l->y, &l->tokens, l->x, &l->w, l->N, &l->m); }

static void backward(Layer *l) {
    moe_backward(l->dx, &l->dw, &l->scratch, l->dy, &l->tokens, l->x, &l->w, &l->m);
}

// ---- orders: the same logits in three orders

enum { SHOWN_E = 4 };

// The weights of one token with these logits, and the gradient of the first weight.
static void show_order(const double *logits, int K, MoeOrder order) {
    const Moe m = { .D = 1, .F = 1, .E = SHOWN_E, .K = K, .order = order };
    double p[SHOWN_E], scratch[SHOWN_E], weight[SHOWN_E] = { 0 }, dlogits[SHOWN_E],
                                         first[SHOWN_E] = { 1 }, sum = 0.0;
    int start[2], index[SHOWN_E];
    MoeGating gating = { .start = start, .index = index, .weight = weight };
    softmax_row(p, logits, SHOWN_E);
    moe_route(&gating, scratch, logits, p, NULL, 1, &m);
    moe_route_backward(dlogits, first, &gating, p, &m);
    printf("  %d  %-14s ", K, order_names[order]);
    for (int k = 0; k < SHOWN_E; k++) printf(k < K ? " %.3f" : "     -", weight[k]);
    for (int k = 0; k < K; k++) sum += weight[k];
    printf("   %.3f  ", sum);
    for (int e = 0; e < SHOWN_E; e++) printf(" %6.3f", fabs(dlogits[e]) < 1e-9 ? 0.0 : dlogits[e]);
    printf("\n");
}

static double length(const double *v, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += v[i] * v[i];
    return sqrt(sum);
}

// A random layer in every order: the lengths of its outputs and of the router's gradient.
static bool show_lengths(int K, Error *error) {
    double answer[ORDERS], router[ORDERS];
    for (int order = 0; order < ORDERS; order++) {
        const Moe m = { .D = 16, .F = 16, .E = 8, .K = K, .order = (MoeOrder)order };
        Layer l;
        if (!layer_new(&l, &m, 100, 1.0, 3, error)) return false;
        normal(l.x, (size_t)l.N * m.D, 1.0, 3, "x");
        normal(l.dy, (size_t)l.N * m.D, 1.0, 3, "dy");
        forward(&l);
        backward(&l);
        answer[order] = length(l.y, (size_t)l.N * m.D) / sqrt(l.N);
        router[order] = length(l.dw.router, l.count[0]);
        layer_free(&l);
    }
    printf("  %d   %6.3f %6.3f %6.3f   %6.2f %6.2f %6.2f\n", K, answer[0], answer[1], answer[2],
           router[0], router[1], router[2]);
    return true;
}

static bool show_orders(const char *picture, Error *error) {
    (void)picture;
    const double logits[SHOWN_E] = { 2, 1, 0, -1 };
    printf("One token, logits 2 1 0 -1\n\n");
    printf("  K  order           weights of the chosen      sum    slope of the first weight\n");
    for (int K = 1; K <= SHOWN_E; K *= 2) {
        for (int order = 0; order < ORDERS; order++) show_order(logits, K, (MoeOrder)order);
    }
    printf("\n100 tokens, 8 experts, random weights; the orders as above, left to right\n\n");
    printf("  K   length of an answer    length of the router's gradient\n");
    for (int K = 1; K <= 8; K *= 2) {
        if (!show_lengths(K, error)) return false;
    }
    return true;
}

// ---- collapse: eight topics, eight experts, and which expert gets which topic

enum {
    D = 8,
    F = 3,
    E = 8,
    K = 2,
    TOPICS = 8,
    BATCH = 64,
    BATCHES = 4000,
    WINDOW = 20,
    WINDOWS = BATCHES / WINDOW,
    LAST = 50 // windows: the last 1,000 batches
};

static const double LEARNING_RATE = 0.03;

// A token of topic t is a point x near place[t], and its target is x · matrix[t]. All places have
// the vector `common` in them.
typedef struct {
    double common[D], place[TOPICS][D], matrix[TOPICS][D * D];
} World;

static World world_new(void) {
    World world;
    normal(world.common, D, 1.0, 7, "common");
    normal(world.place[0], TOPICS * D, 0.5, 7, "place");
    normal(world.matrix[0], TOPICS * D * D, 1.0 / sqrt(D), 7, "matrix");
    for (int t = 0; t < TOPICS; t++) {
        for (int d = 0; d < D; d++) world.place[t][d] += world.common[d];
    }
    return world;
}

static void draw_batch(Layer *l, const World *world, int batch) {
    uint64_t topics = random_key(1, "topic"), noise = random_key(2, "noise");
    for (int n = 0; n < l->N; n++) {
        uint64_t token = (uint64_t)batch * l->N + n;
        int topic = (int)random_below(topics, token, TOPICS);
        double *x = l->x + n * D;
        for (int d = 0; d < D; d++)
            x[d] = world->place[topic][d] + 0.2 * random_normal(noise, token * D + d);
        linear(l->target + n * D, x, world->matrix[topic], D, D);
    }
}

typedef struct {
    const char *name;
    double switch_alpha, z_alpha, bias_step; // 0: not used
    int dense; // neurons of a single glu in place of the experts; 0: E experts
} Setup;

static Moe moe_of(const Setup *setup) {
    int dense = setup->dense;
    return dense > 0 ? (Moe){ .D = D, .F = dense, .E = 1, .K = 1, .order = SOFTMAX_TOP_K }
                     : (Moe){ .D = D, .F = F, .E = E, .K = K, .order = SOFTMAX_TOP_K };
}

typedef struct {
    double first_logit; // how far, roughly, the first expert's logit starts above the others'
    uint64_t seed;
} Start;

// A run in windows of WINDOW batches: the mean loss, each expert's share of all entries, and the
// mean over tokens of the largest p.
typedef struct {
    double loss[WINDOWS], share[WINDOWS][E], largest_p[WINDOWS];
} History;

static void record(History *history, int batch, const Layer *l, const int *count, double loss) {
    int window = batch / WINDOW;
    history->loss[window] += loss / WINDOW;
    for (int e = 0; e < l->m.E; e++)
        history->share[window][e] += (double)count[e] / (BATCH * l->m.K * WINDOW);
    for (int n = 0; n < BATCH; n++) {
        double largest = 0.0;
        for (int e = 0; e < l->m.E; e++) largest = fmax(largest, l->tokens.p[n * l->m.E + e]);
        history->largest_p[window] += largest / (BATCH * WINDOW);
    }
}

static double square_loss(Layer *l) {
    double loss = 0.0;
    for (int i = 0; i < l->N * D; i++) {
        double off = l->y[i] - l->target[i];
        loss += off * off / l->N;
        l->dy[i] = 2.0 * off / l->N;
    }
    return loss;
}

// [step
// One batch: forward, the gradients of the task's loss and of the balancing, and a step downhill.
static double step(Layer *l, double *bias, int *count, const Setup *setup) {
    const MoeTokens *tokens = &l->tokens;
    const MoeScratch *scratch = &l->scratch;
    double *dlogits = scratch->dlogits, row[E];
    int experts = l->m.E;
    forward(l);
    double loss = square_loss(l);
    moe_counts(count, &tokens->gating, experts);
    memset(l->gradients[0], 0, l->parameters * sizeof(double));
    moe_experts_backward(l->dx, &l->dw, scratch, l->dy, tokens, l->x, &l->w, &l->m);
    moe_route_backward(dlogits, scratch->dweight, &tokens->gating, tokens->p, &l->m);
    if (setup->switch_alpha > 0)
        moe_switch_backward(dlogits, row, tokens->p, count, setup->switch_alpha, BATCH, experts);
    if (setup->z_alpha > 0)
        moe_z_backward(dlogits, row, tokens->logits, setup->z_alpha, BATCH, experts);
    moe_logits_backward(l->dx, l->dw.router, scratch->dtoken, dlogits, l->x, l->w.router, BATCH,
                        &l->m);
    moe_bias_step(bias, count, setup->bias_step, experts);
    for (size_t i = 0; i < l->parameters; i++)
        l->tensors[0][i] -= LEARNING_RATE * l->gradients[0][i];
    return loss;
}
// step]

static bool train(History *out, const Setup *setup, const Start *start, Error *error) {
    const Moe m = moe_of(setup);
    const World world = world_new();
    double bias[E] = { 0 }, square = pow(length(world.common, D), 2.0);
    int count[E];
    Layer l;
    if (!layer_new(&l, &m, BATCH, 0.1, start->seed, error)) return false;
    for (int d = 0; d < D && square > 0.0; d++)
        l.w.router[d * m.E] += start->first_logit * world.common[d] / square;
    if (setup->bias_step != 0.0) l.w.bias = bias;
    memset(out, 0, sizeof *out);
    for (int batch = 0; batch < BATCHES; batch++) {
        draw_batch(&l, &world, batch);
        double loss = step(&l, bias, count, setup);
        record(out, batch, &l, count, loss);
    }
    layer_free(&l);
    return true;
}

static double mean(const double *v, int n, int stride) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += v[(size_t)i * stride] / n;
    return sum;
}

static double final_loss(const History *history) {
    return mean(history->loss + WINDOWS - LAST, LAST, 1);
}

// How many experts get at least 1% of the entries at the end.
static int experts_in_use(const History *history) {
    int used = 0;
    for (int e = 0; e < E; e++) used += mean(&history->share[WINDOWS - LAST][e], LAST, E) >= 0.01;
    return used;
}

// A line of the tables: the average over `windows` windows from `first`.
static void show_windows(const char *name, const History *history, int first, int windows) {
    printf("  %-22s %6.2f  ", name, mean(history->loss + first, windows, 1));
    for (int e = 0; e < E; e++)
        printf("%4.0f", 100.0 * mean(&history->share[first][e], windows, E));
    printf("   %.2f\n", mean(history->largest_p + first, windows, 1));
}

static void show_head(const char *what) {
    printf("  %-22s %6s   share of each expert, percent  largest p\n", what, "loss");
}

static void show_final(const Setup *setup, const History *history) {
    if (setup->dense > 0)
        printf("  %-22s %6.2f\n", setup->name, final_loss(history));
    else
        show_windows(setup->name, history, WINDOWS - LAST, LAST);
}

static const Setup setups[] = {
    { .name = "one glu of 6 neurons", .dense = K * F },
    { .name = "one glu of 9 neurons", .dense = 9 },
    { .name = "nothing" },
    { .name = "Switch loss, 0.01", .switch_alpha = 0.01 },
    { .name = "Switch loss, 0.1", .switch_alpha = 0.1 },
    { .name = "Switch loss, 1", .switch_alpha = 1.0 },
    { .name = "z-loss, 0.001", .z_alpha = 0.001 },
    { .name = "z-loss, 0.01", .z_alpha = 0.01 },
    { .name = "z-loss, 0.1", .z_alpha = 0.1 },
    { .name = "z-loss, 0.3", .z_alpha = 0.3 },
    { .name = "z-loss, 1", .z_alpha = 1.0 },
    { .name = "z-loss, 3", .z_alpha = 3.0 },
    { .name = "bias, 0.001", .bias_step = 0.001 },
    { .name = "bias, 0.01", .bias_step = 0.01 },
    { .name = "one glu of 24 neurons", .dense = E * F },
};
enum { SETUPS = COUNT_OF(setups), NOTHING = 2, SWITCH = 5, Z = 8, BIAS = 13 };

// The picture: each run's shares over time, stacked.
static void draw_history(DrawList *list, float x, float y, const char *title,
                         const History *history) {
    const Plot plot = { { x, y, 2 * WINDOWS, 176 }, 0, BATCHES / 1000.0, 0, 100, false };
    const float width = plot.area.width / WINDOWS; // whole pixels
    plot_axes(list, &plot, "thousand batches", "");
    draw_text(list, x, y - 34, DIAGRAM_TEXT, COLOR_TEXT, title);
    for (int window = 0; window < WINDOWS; window++) {
        float top = y;
        for (int e = 0; e < E; e++) {
            float share = plot.area.height * (float)history->share[window][e];
            const Rect bar = { x + (float)window * width, top, width, share };
            draw_rect(list, bar, color_class(e));
            draw_rect(list, (Rect){ bar.x, top, width, share > 3 ? 1 : 0 }, COLOR_PANEL);
            top += share;
        }
    }
}

static bool collapse_picture(const char *path, const History *history, Error *error) {
    DrawList list = diagram_new(960, 690, "Which expert gets the tokens",
                                "each colour is one of eight experts, its height the percentage of "
                                "entries that it gets");
    draw_history(&list, 76, 140, "no balancing", &history[NOTHING]);
    draw_history(&list, 536, 140, "the Switch loss", &history[SWITCH]);
    draw_history(&list, 76, 430, "the z-loss", &history[Z]);
    draw_history(&list, 536, 430, "DeepSeek's bias", &history[BIAS]);
    draw_text_right(&list, 428, 398, DIAGRAM_NOTE, COLOR_TEXT, "a little for others, here");
    diagram_arrow(&list, 434, 408, 458, 426, 2, COLOR_TEXT);
    return diagram_write(&list, path, error);
}

static bool show_collapse(const char *picture, Error *error) {
    static const int shown[] = { 0, 4, 24, 49, 199 };
    static const Start start = { .seed = 1 };
    static History history[SETUPS];
    for (int i = 0; i < SETUPS; i++) {
        if (!train(&history[i], &setups[i], &start, error)) return false;
    }
    show_head("nothing done, batches");
    for (int i = 0; i < COUNT_OF(shown); i++) {
        char name[32];
        snprintf(name, sizeof name, "%4d to %4d", shown[i] * WINDOW + 1, (shown[i] + 1) * WINDOW);
        show_windows(name, &history[NOTHING], shown[i], 1);
    }
    printf("\n");
    show_head("the last 1,000 batches");
    for (int i = 0; i < SETUPS; i++) show_final(&setups[i], &history[i]);
    return picture == NULL || collapse_picture(picture, history, error);
}

// ---- router, gating: four tokens and their experts, before any training
static bool few_tokens(Layer *out, Error *error) {
    const Moe m = { .D = D, .F = F, .E = E, .K = K, .order = SOFTMAX_TOP_K };
    const World world = world_new();
    if (!layer_new(out, &m, 4, 1.0, 1, error)) return false;
    draw_batch(out, &world, 0);
    forward(out);
    return true;
}

static bool show_router(const char *picture, Error *error) {
    Layer l;
    if (!few_tokens(&l, error)) return false;
    bool ok = router_picture(&l.tokens, &l.m, picture, error);
    layer_free(&l);
    return ok;
}

static bool show_gating(const char *picture, Error *error) {
    Layer l;
    if (!few_tokens(&l, error)) return false;
    bool ok = gating_picture(&l.tokens.gating, E, picture, error);
    layer_free(&l);
    return ok;
}

// ---- sure: a router that starts out certain
static bool show_sure(const char *picture, Error *error) {
    static const Setup tried[] = {
        { .name = "nothing" },
        { .name = "Switch loss, 1", .switch_alpha = 1.0 },
        { .name = "z-loss, 0.1", .z_alpha = 0.1 },
        { .name = "bias, 0.01", .bias_step = 0.01 },
        { .name = "z-loss and Switch loss", .z_alpha = 0.1, .switch_alpha = 1.0 },
        { .name = "z-loss and bias", .z_alpha = 0.1, .bias_step = 0.01 },
    };
    const Start start = { .first_logit = 20.0, .seed = 1 };
    (void)picture;
    show_head("the last 1,000 batches");
    for (int i = 0; i < COUNT_OF(tried); i++) {
        History history;
        if (!train(&history, &tried[i], &start, error)) return false;
        show_final(&tried[i], &history);
    }
    return true;
}

// ---- starts: nine random starts, because one may be lucky or unlucky
enum { STARTS = 9 };

// By the formulas of the lesson's table.
static void show_size(const Setup *setup) {
    const Moe m = moe_of(setup);
    int router = m.E > 1 ? m.D * m.E : 0;
    printf("  %-22s %5d  %7d ", setup->name, 2 * router + 6 * m.K * m.D * m.F,
           router + m.E * (3 * m.D * m.F + 2 * m.F + m.D));
}

static void show_losses(const Setup *setup, const double *loss, const double *nothing) {
    int below = 0;
    show_size(setup);
    for (int start = 0; start < STARTS; start++) {
        printf(" %5.2f", loss[start]);
        below += loss[start] < nothing[start];
    }
    printf("  %5.2f  %5d\n", mean(loss, STARTS, 1), below);
}

static bool show_starts(const char *picture, Error *error) {
    static const int shown[] = { 0, 1, NOTHING, SWITCH, Z, BIAS - 1, BIAS, SETUPS - 1 };
    double loss[SETUPS][STARTS];
    int used[SETUPS][STARTS];
    (void)picture;
    for (int i = 0; i < COUNT_OF(shown); i++) {
        for (int start = 0; start < STARTS; start++) {
            const Start from = { .seed = (uint64_t)start + 1 };
            History history;
            if (!train(&history, &setups[shown[i]], &from, error)) return false;
            loss[shown[i]][start] = final_loss(&history);
            used[shown[i]][start] = experts_in_use(&history);
        }
    }
    printf("  %22s FLOPs  weights   loss from nine starts %34s  below nothing\n", "", "mean");
    for (int i = 0; i < COUNT_OF(shown); i++)
        show_losses(&setups[shown[i]], loss[shown[i]], loss[NOTHING]);
    printf("\n  %39s experts in use\n", "");
    for (int i = 0; i < COUNT_OF(shown); i++) {
        if (setups[shown[i]].dense > 0) continue;
        printf("  %-38s", setups[shown[i]].name);
        for (int start = 0; start < STARTS; start++) printf(" %5d", used[shown[i]][start]);
        printf("\n");
    }
    return true;
}

// ---- cost: time on this machine
// Microseconds per token: the fastest of five rounds.
static double forward_time(Layer *l) {
    double best = INFINITY;
    for (int round = 0; round < 5; round++) {
        double start = clock_seconds();
        forward(l);
        best = fmin(best, 1e6 * (clock_seconds() - start) / l->N);
    }
    return best;
}

static bool show_cost(const char *picture, Error *error) {
    (void)picture;
    printf("D = 256, F = 1024, one token, double   parameters   MFLOP   microseconds\n");
    for (int experts = 1; experts <= 8; experts *= 8) {
        const Moe m = {
            .D = 256, .F = 1024, .E = experts, .K = experts > 1 ? 2 : 1, .order = SOFTMAX_TOP_K
        };
        Layer l;
        if (!layer_new(&l, &m, 40, 1.0, 1, error)) return false;
        normal(l.x, (size_t)l.N * m.D, 1.0, 1, "x");
        double flops = 2e-6 * m.D * (m.E + 3.0 * m.K * m.F);
        printf("%d of %d experts, forward %25zu  %6.2f  %13.0f\n", m.K, m.E, l.parameters, flops,
               forward_time(&l));
        layer_free(&l);
    }
    return true;
}

static bool show_scoreboard(const char *picture, Error *error) {
    Learner learners[MAX_LEARNERS];
    return tasks_show("02", learners, moe_learners(learners), picture, error);
}

static const DemoPart parts[] = {
    { "orders", "softmax and top-K in three orders", NO_PICTURE, show_orders },
    { "softmax", "softmax of small and of large logits", ONLY_PICTURE, softmax_picture },
    { "router", "how a token gets to its experts", ONLY_PICTURE, show_router },
    { "gating", "a gating as lists and as a table", ONLY_PICTURE, show_gating },
    { "collapse", "a router that sends all to two experts, and remedies", WITH_PICTURE,
      show_collapse },
    { "sure", "a router that starts out certain", NO_PICTURE, show_sure },
    { "starts", "mixtures and dense layers from nine starts", NO_PICTURE, show_starts },
    { "cost", "weights, operations and time of one token on this machine", NO_PICTURE, show_cost },
    { "scoreboard", "the layers so far learn two tasks", WITH_PICTURE, show_scoreboard },
};

int main(int count, char **arguments) {
    return demo_main("chapter-02", parts, COUNT_OF(parts), count, arguments);
}
