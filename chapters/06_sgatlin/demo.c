// What makes this layer nonlinear, selection and scores, what it costs, and what it learns.
#include "chapters/demo.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/06_sgatlin/pictures.h"
#include "chapters/06_sgatlin/sgatlin.h"
#include "chapters/06_sgatlin/sgatlin_scores.h"
#include "chapters/06_sgatlin/square.h"
#include "chapters/diagram.h"
#include "reference/draw/paint.h"
#include "reference/io/progress.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void normal(double *v, size_t n, double deviation, const char *name) {
    for (size_t i = 0; i < n; i++) v[i] = deviation * random_normal(random_key(8, name), i);
}

// ---- a layer with random parameters and the memory of one token

typedef struct {
    Sgatlin s;
    SgatlinWeights w;
    SgatlinToken saved;
    double *block;
    int *index, *scratch;
} Layer;

static void layer_free(Layer *layer) {
    free(layer->block);
    free(layer->index);
    *layer = (Layer){ 0 };
}

static bool layer_new(Layer *out, const Sgatlin *s, Error *error) {
    size_t query = (size_t)s->D * sgatlin_query_width(s), experts = (size_t)s->C * s->F * s->D;
    size_t keys = (size_t)sgatlin_lists(s) * sgatlin_keys(s) * s->Dk;
    *out = (Layer){ .s = *s };
    out->block =
        malloc((query + keys + 2 * experts + sgatlin_token_doubles(s)) * sizeof *out->block);
    out->index = malloc(((size_t)s->C + 2) * s->K * sizeof *out->index);
    if (out->block == NULL || out->index == NULL) {
        layer_free(out);
        return fail(error, "no memory for a layer of %d x %d neurons", s->C, s->F);
    }
    out->w.router.query = out->block;
    out->w.router.keys = out->w.router.query + query;
    out->w.in = out->w.router.keys + keys;
    out->w.out = out->w.in + experts;
    out->saved = sgatlin_token(out->w.out + experts, out->index, s);
    out->scratch = out->index + (size_t)s->C * s->K;
    normal(out->w.router.query, query, 1.0 / sqrt(s->D), "query");
    normal(out->w.router.keys, keys, 1.0 / sqrt(s->Dk), "keys");
    normal(out->w.in, experts, 1.0 / sqrt(s->D), "in");
    normal(out->w.out, experts, 1.0 / sqrt(s->C * s->K), "out");
    return true;
}

static void forward(double *y, Layer *layer, const double *x) {
    sgatlin_forward(y, &layer->saved, layer->scratch, x, &layer->w, &layer->s);
}

// ---- when it is linear, and when not

enum { D = 6, F = 16, K = 3, Dk = 2 };

// v = u + a vector that does not change the query: one orthogonal to both of its columns.
static void same_query(double *v, const double *u, const double *query) {
    double column[Dk][D], e[D];
    normal(e, D, 1.0, "e");
    // Gram-Schmidt: each column against those before it, at last e against all of them
    for (int k = 0; k <= Dk; k++) {
        double *next = k < Dk ? column[k] : e, length = 0.0;
        for (int d = 0; k < Dk && d < D; d++) next[d] = query[d * Dk + k];
        for (int j = 0; j < k; j++) {
            double dot = 0.0;
            for (int d = 0; d < D; d++) dot += next[d] * column[j][d];
            for (int d = 0; d < D; d++) next[d] -= dot * column[j][d];
        }
        for (int d = 0; d < D; d++) length += next[d] * next[d];
        for (int d = 0; k < Dk && d < D; d++) next[d] /= sqrt(length);
    }
    for (int d = 0; d < D; d++) v[d] = u[d] + e[d];
}

static void show_gating(const char *name, Layer *layer, const double *x) {
    double y[D];
    forward(y, layer, x);
    printf("  %-10s", name);
    for (int k = 0; k < K; k++)
        printf("  neuron%3d score %6.3f", layer->saved.index[k], layer->saved.score[k]);
    printf("\n");
}

static double distance(const double *a, const double *b) {
    double sum = 0.0;
    for (int d = 0; d < D; d++) sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sqrt(sum);
}

static void midpoint(double *out, const double *a, const double *b) {
    for (int d = 0; d < D; d++) out[d] = (a[d] + b[d]) / 2;
}

// The distance between the layer's output at the midpoint of a and b and the midpoint of its
// outputs.
static double nonlinearity(Layer *layer, const double *a, const double *b) {
    double middle[D], of_a[D], of_b[D], of_middle[D], expected[D];
    midpoint(middle, a, b);
    forward(of_a, layer, a);
    forward(of_b, layer, b);
    forward(of_middle, layer, middle);
    midpoint(expected, of_a, of_b);
    return distance(of_middle, expected);
}

// The same with the gating of the layer's last input for all three.
static double frozen_nonlinearity(Layer *layer, const double *a, const double *b) {
    const Sgatlin *s = &layer->s;
    double middle[D], of_a[D], of_b[D], of_middle[D], expected[D];
    midpoint(middle, a, b);
    sgatlin_experts(of_a, &layer->saved, a, &layer->w, s);
    sgatlin_experts(of_b, &layer->saved, b, &layer->w, s);
    sgatlin_experts(of_middle, &layer->saved, middle, &layer->w, s);
    midpoint(expected, of_a, of_b);
    return distance(of_middle, expected);
}

// W [D,D] = Σ score · out inᵀ over the selected neurons: with this gating, y = W x for every input.
static void write_matrix(double *W, const Layer *layer) {
    memset(W, 0, D * D * sizeof *W);
    for (int k = 0; k < K; k++) {
        const double *in = layer->w.in + layer->index[k] * D,
                     *out = layer->w.out + layer->index[k] * D;
        for (int o = 0; o < D; o++) {
            for (int i = 0; i < D; i++) W[o * D + i] += layer->saved.score[k] * out[o] * in[i];
        }
    }
}

// By Gaussian elimination, which overwrites W.
static int matrix_rank(double *W) {
    int rank = 0;
    for (int column = 0; column < D && rank < D; column++) {
        int best = rank;
        for (int row = rank; row < D; row++) {
            if (fabs(W[row * D + column]) > fabs(W[best * D + column])) best = row;
        }
        if (fabs(W[best * D + column]) < 1e-9) continue;
        for (int i = 0; i < D; i++) {
            double swapped = W[best * D + i];
            W[best * D + i] = W[rank * D + i];
            W[rank * D + i] = swapped;
        }
        for (int row = rank + 1; row < D; row++) {
            double factor = W[row * D + column] / W[rank * D + column];
            for (int i = 0; i < D; i++) W[row * D + i] -= factor * W[rank * D + i];
        }
        rank++;
    }
    return rank;
}

static bool show_linearity(Error *error) {
    const Sgatlin s = { .router = PRODUCT_DENSE, .D = D, .F = F, .C = 1, .K = K, .Dk = Dk };
    double u[D], v[D], w[D], twice[D], y[D], y2[D], W[D * D];
    Layer layer;
    if (!layer_new(&layer, &s, error)) return false;
    normal(u, D, 1.0, "u");
    normal(w, D, 1.0, "w");
    same_query(v, u, layer.w.router.query);
    printf("A layer of %d neurons, D = %d; %d are selected\n\n", F, D, K);
    show_gating("u", &layer, u);
    show_gating("v", &layer, v);
    show_gating("w", &layer, w);
    printf("\nThe distance between f((a + b) / 2) and (f(a) + f(b)) / 2\n\n");
    printf("  u and v, the same gating      %.4f   (v is %.4f away from u)\n",
           nonlinearity(&layer, u, v), distance(u, v));
    printf("  u and w, different gatings    %.4f\n", nonlinearity(&layer, u, w));
    forward(y, &layer, u);
    printf("  u and w, the gating of u      %.4f\n", frozen_nonlinearity(&layer, u, w));
    write_matrix(W, &layer);
    printf("\nThe matrix of u's gating: %d x %d numbers, rank %d\n", D, D, matrix_rank(W));
    for (int d = 0; d < D; d++) twice[d] = 2 * u[d];
    forward(y2, &layer, twice);
    printf("f(2u) is %.4f times f(u): the scores double too\n", y2[0] / y[0]);
    layer_free(&layer);
    return true;
}

// u's way through this layer.
static bool show_layer(const char *picture, Error *error) {
    const Sgatlin s = { .router = PRODUCT_DENSE, .D = D, .F = F, .C = 1, .K = K, .Dk = Dk };
    double u[D], y[D];
    Layer layer;
    if (!layer_new(&layer, &s, error)) return false;
    normal(u, D, 1.0, "u");
    forward(y, &layer, u);
    bool ok = layer_picture(u, y, &layer.saved, &layer.w, &s, picture, error);
    layer_free(&layer);
    return ok;
}

// A neuron whose score is a, and which listens for b.
static bool show_product(Error *error) {
    const Sgatlin s = { .router = PRODUCT_DENSE, .D = 2, .F = 1, .C = 1, .K = 1, .Dk = 1 };
    const double x[2] = { 0.37, -0.81 };
    double y[2];
    Layer layer;
    if (!layer_new(&layer, &s, error)) return false;
    // [product
    layer.w.router.query[0] = 1.0, layer.w.router.query[1] = 0.0; // the query is a
    layer.w.router.keys[0] = 1.0, layer.w.router.keys[1] = 0.0;   // the score is 1·a + 0·a
    layer.w.in[0] = 0.0, layer.w.in[1] = 1.0;                     // in · x is b
    layer.w.out[0] = 1.0, layer.w.out[1] = 0.0;
    // product]
    forward(y, &layer, x);
    printf("\nOne neuron multiplies: f(%.2f, %.2f) = %.4f\n\n", x[0], x[1], y[0]);
    layer_free(&layer);
    return true;
}

// ---- the cost, at the sizes of the paper's TinyStories models

static const Sgatlin paper = {
    .router = PRODUCT_DENSE, .D = 256, .F = 1024, .C = 8, .K = 8, .Dk = 128
};

static void show_cost(const char *name, long parameters, long touched) {
    printf("  %-26s %8ld %8ld %8ld %8ld\n", name, parameters, touched, 2 * touched, 4 * touched);
}

static void show_costs(void) {
    const Sgatlin *s = &paper;
    printf("One token, forward, D = %d, parameters of 4 bytes\n\n", s->D);
    printf("  %-26s %8s %8s %8s %8s\n", "", "numbers", "touched", "FLOPs", "bytes");
    show_cost("mlp, F = 1024", 2L * s->D * s->F, 2L * s->D * s->F);
    long experts = 2L * s->C * s->F * s->D, selected = 2L * s->C * s->K * s->D;
    for (int router = PRODUCT_DENSE; router <= KEY_VALUE; router++) {
        static const char *const names[] = { "product_dense", "product_key_value", "dense",
                                             "key_value" };
        Sgatlin other = *s;
        char name[64];
        other.router = (SgatlinRouter)router;
        long own = (long)s->D * sgatlin_query_width(&other) +
                   (long)sgatlin_lists(&other) * sgatlin_keys(&other) * s->Dk;
        snprintf(name, sizeof name, "sgatlin, %s", names[router]);
        show_cost(name, own + experts, own + selected);
    }
}

// ---- the picture: a plane of inputs, coloured by the selected neurons, and by one output

enum { SIDE = 440, PLANE_D = 8, MAX_PAIRS = 16 }; // 16: color_class has as many colors

typedef struct {
    int pair; // of the selected neurons, numbered as they are found
    double y;
} Pixel;

// The number of a pair, whose neurons are the bits of `set`.
static int pair_number(uint64_t sets[MAX_PAIRS], int *count, uint64_t set) {
    int i = 0;
    while (i < *count && sets[i] != set) i++;
    if (i == *count && i < MAX_PAIRS) sets[(*count)++] = set;
    return i;
}

static bool evaluate(Pixel *pixels, Error *error) {
    const Sgatlin s = { .router = PRODUCT_DENSE, .D = PLANE_D, .F = 64, .C = 1, .K = 2, .Dk = 4 };
    uint64_t sets[MAX_PAIRS];
    int pairs = 0;
    double origin[PLANE_D], across[PLANE_D], down[PLANE_D], x[PLANE_D], y[PLANE_D];
    Layer layer;
    if (!layer_new(&layer, &s, error)) return false;
    normal(origin, PLANE_D, 1.0, "origin");
    normal(across, PLANE_D, 1.0, "across");
    normal(down, PLANE_D, 1.0, "down");
    for (int i = 0; i < SIDE * SIDE; i++) {
        for (int d = 0; d < PLANE_D; d++) {
            x[d] = origin[d] + (2.0 * (i % SIDE) / SIDE - 1.0) * across[d] +
                   (2.0 * (i / SIDE) / SIDE - 1.0) * down[d];
        }
        forward(y, &layer, x);
        uint64_t set = 0;
        for (int k = 0; k < s.K; k++) set |= (uint64_t)1 << layer.index[k];
        pixels[i] = (Pixel){ pair_number(sets, &pairs, set), y[0] };
    }
    layer_free(&layer);
    return true;
}

// The color of a pixel of the left half: that of its neurons, or dark at a border.
static Color color_at(const Pixel *pixels, int x, int y) {
    const Pixel *pixel = pixels + y * SIDE + x;
    bool edge =
        (x > 0 && pixel[-1].pair != pixel->pair) || (y > 0 && pixel[-SIDE].pair != pixel->pair);
    return edge ? COLOR_BACKGROUND : color_blend(color_class(pixel->pair), COLOR_PANEL, 0.25);
}

static void draw_sets(DrawList *list, float left, float top, const Pixel *pixels) {
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0, end; x < SIDE; x = end) { // pixels of one color in one rectangle
            Color color = color_at(pixels, x, y);
            for (end = x + 1; end < SIDE && color_at(pixels, end, y) == color;) end++;
            draw_rect(list, (Rect){ left + (float)x, top + (float)y, (float)(end - x), 1 }, color);
        }
    }
}

static void draw_heights(DrawList *list, float left, float top, const Pixel *pixels) {
    double largest = 0.0;
    for (int i = 0; i < SIDE * SIDE; i++) largest = fmax(largest, fabs(pixels[i].y));
    for (int y = 0; y < SIDE; y++) {
        float values[SIDE]; // steps of one color keep the file small
        for (int x = 0; x < SIDE; x++)
            values[x] = (float)round(32 * cbrt(pixels[y * SIDE + x].y / largest));
        draw_cells(list, (Rect){ left, top + (float)y, SIDE, 1 }, 1, SIDE, values, -32, 32);
    }
}

static bool show_pieces(const char *picture, Error *error) {
    Pixel *pixels = malloc((size_t)SIDE * SIDE * sizeof *pixels);
    if (pixels == NULL) return fail(error, "%s: no memory for a picture", picture);
    DrawList list = draw_new(960, 556, font_find());
    bool ok = evaluate(pixels, error);
    if (ok) {
        draw_round_rect(&list, (Rect){ 8, 8, 944, 540 }, 6, COLOR_PANEL);
        draw_text(&list, 24, 24, TEXT_LARGE, COLOR_TEXT, "which 2 of 64 neurons are chosen");
        draw_text(&list, 496, 24, TEXT_LARGE, COLOR_TEXT, "the first number that comes out");
        draw_sets(&list, 24, 64, pixels);
        draw_heights(&list, 496, 64, pixels);
        diagram_scale(&list, 496, 514, "below 0", "above 0");
        ok = paint_png(&list, picture, error);
    }
    draw_free(&list);
    free(pixels);
    return ok;
}

// ---- time, of this chapter's own plain code

enum { MLP, SCORES, ROUTING, NEURONS, PARTS };

// Adds the seconds of one token to each part.
static void time_token(double seconds[PARTS], double *y, Layer *layer, const MlpSaved *mlp_saved,
                       const double *x, const MlpWeights *mlp) {
    const Sgatlin *s = &layer->s;
    const SgatlinToken *saved = &layer->saved;
    double start[PARTS + 1];
    start[MLP] = clock_seconds();
    mlp_forward(y, mlp_saved, x, mlp, &(DenseSizes){ s->D, s->F });
    start[SCORES] = clock_seconds();
    sgatlin_scores(saved->scores, saved->query, x, &layer->w.router, s);
    start[ROUTING] = clock_seconds();
    sgatlin_route(saved->score, saved->index, layer->scratch, saved->scores, s);
    start[NEURONS] = clock_seconds();
    sgatlin_experts(y, saved, x, &layer->w, s);
    start[PARTS] = clock_seconds();
    for (int part = 0; part < PARTS; part++) seconds[part] += start[part + 1] - start[part];
}

static bool show_time(const char *picture, Error *error) {
    (void)picture;
    enum { TOKENS = 1000 };
    size_t width = (size_t)paper.D, neurons = (size_t)paper.F;
    double *block = malloc((2 * width + 2 * neurons + 2 * width * neurons) * sizeof *block);
    double seconds[PARTS] = { 0 };
    Layer layer;
    if (block == NULL) return fail(error, "no memory for an mlp of %zu neurons", neurons);
    double *x = block, *y = x + width;
    const MlpSaved saved = { y + width, y + width + neurons };
    const MlpWeights mlp = { saved.hidden + neurons, saved.hidden + neurons + width * neurons };
    bool ok = layer_new(&layer, &paper, error);
    if (ok) {
        normal(mlp.up, 2 * width * neurons, 0.03, "up");
        for (int t = 0; t < TOKENS; t++) {
            for (size_t d = 0; d < width; d++)
                x[d] = random_uniform(9, (size_t)t * width + d) - 0.5;
            time_token(seconds, y, &layer, &saved, x, &mlp);
        }
        for (int part = 0; part < PARTS; part++) seconds[part] *= 1e6 / TOKENS;
        printf(
            "microseconds per token, forward: mlp %.0f; sgatlin %.0f (scores %.0f, routing %.0f, "
            "neurons %.0f)\n",
            seconds[MLP], seconds[SCORES] + seconds[ROUTING] + seconds[NEURONS], seconds[SCORES],
            seconds[ROUTING], seconds[NEURONS]);
        layer_free(&layer);
    }
    free(block);
    return ok;
}

static bool show_linear(const char *picture, Error *error) {
    (void)picture;
    if (!show_linearity(error) || !show_product(error)) return false;
    show_costs();
    return true;
}

static bool show_scoreboard(const char *picture, Error *error) {
    Learner learners[MAX_LEARNERS];
    return tasks_show("06", learners, sgatlin_learners(learners), picture, error);
}

static bool show_rates(const char *picture, Error *error) {
    (void)picture, (void)error;
    Learner learners[MAX_LEARNERS];
    tasks_show_rates(learners, sgatlin_learners(learners));
    return true;
}

static const DemoPart parts[] = {
    { "linear", "when the layer is linear, and what it costs", NO_PICTURE, show_linear },
    { "pieces", "the selected neurons and an output, over a plane of inputs", ONLY_PICTURE,
      show_pieces },
    { "layer", "the way from x to y", ONLY_PICTURE, show_layer },
    { "jump", "how one neuron makes way for another", ONLY_PICTURE, jump_picture },
    { "time", "times this chapter's own code", NO_PICTURE, show_time },
    { "square", "what the layer learns where it has nothing to choose", WITH_PICTURE, show_square },
    { "scoreboard", "the layers so far learn two tasks", WITH_PICTURE, show_scoreboard },
    { "rates", "the scoreboard's medians at four learning rates", NO_PICTURE, show_rates },
};

int main(int count, char **arguments) {
    return demo_main("chapter-06", parts, COUNT_OF(parts), count, arguments);
}
