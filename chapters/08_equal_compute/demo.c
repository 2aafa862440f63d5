// Counts what a budget of FLOPs buys for each kind of layer, and tests the search for the best size
// on a loss whose minimum is known.
#include "chapters/demo.h"
#include "chapters/08_equal_compute/best_size.h"
#include "chapters/08_equal_compute/count.h"
#include "chapters/08_equal_compute/pictures.h"
#include "chapters/08_equal_compute/scales.h"
#include "chapters/08_equal_compute/traffic.h"
#include "reference/draw/chart.h"
#include "reference/draw/paint.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>

enum { KINDS = FEED_FORWARD_LAYERS, B = 8, FIRST_PAPER = 8, SCALES = 15 };

static const char *const scale_names[SCALES] = { "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8",
                                                 "2",  "3",  "4",  "5",  "6",  "7",  "8" };

static ModelSizes at_scale(int kind, int scale) {
    ModelSizes sizes = { 0 };
    if (scale < FIRST_PAPER)
        quarter_scale(&sizes, (FeedForwardKind)kind, scale + 1);
    else
        paper_scale(&sizes, (FeedForwardKind)kind, scale - FIRST_PAPER + 2);
    return sizes;
}

static void print_kinds(const char *before, int width) {
    printf("%s", before);
    for (int kind = 0; kind < KINDS; kind++) printf("%*s", width, feed_forward_kinds[kind].name);
    printf("\n");
}

// ---- the scales

static void show_scales(void) {
    printf("The scales: parameters in millions, and GFLOP of a training step of %d sequences\n\n",
           B);
    printf("                 parameters, millions                 GFLOP per step\n");
    printf("scale       mlp     glu     moe    peer sgatlin       mlp      glu      moe     peer  "
           "sgatlin\n");
    for (int scale = 0; scale < SCALES; scale++) {
        printf("%5s ", scale_names[scale]);
        for (int kind = 0; kind < KINDS; kind++) {
            ModelSizes sizes = at_scale(kind, scale);
            printf("%8.*f", scale < FIRST_PAPER ? 2 : 0, 1e-6 * count_weights(&sizes).stored);
        }
        printf(" ");
        for (int kind = 0; kind < KINDS; kind++) {
            ModelSizes sizes = at_scale(kind, scale);
            printf("%9.*f", scale < FIRST_PAPER ? 2 : 0, 1e-9 * step_flops(&sizes, B));
        }
        printf("\n");
    }
}

// ---- what one budget buys

static void show_purchases(double budget, const int *scales, int count) {
    printf("\nWhat %.0e FLOPs buy, in steps of %d sequences\n\n", budget, B);
    printf("scale  kind      parameters    active    steps  tokens, millions  logits' share  FLOPs "
           "with them\n");
    for (int i = 0; i < count; i++) {
        for (int kind = 0; kind < KINDS; kind++) {
            ModelSizes sizes = at_scale(kind, scales[i]);
            Weights w = count_weights(&sizes);
            Purchase p;
            if (!buy_training(&p, budget, &sizes, B)) {
                printf("%5s  %-8s less than one step\n", scale_names[scales[i]],
                       feed_forward_kinds[kind].name);
                continue;
            }
            printf("%5s  %-8s %11.0f %9.0f %8.0f %17.2f %13.1f%% %16.2e\n", scale_names[scales[i]],
                   feed_forward_kinds[kind].name, w.stored, w.active, p.steps, 1e-6 * p.tokens,
                   100 * (1 - p.flops / p.full), p.full);
        }
    }
}

// ---- bytes

static void show_traffic(int scale) {
    static const double tokens[] = { 1, 64, 2048, 65536 };
    printf("\nFLOPs per byte moved, one feed-forward layer forward, scale %s\n\n",
           scale_names[scale]);
    print_kinds("                              ", 9);
    for (int i = 0; i < 4; i++) {
        printf("%6.0f tokens, weights once   ", tokens[i]);
        for (int kind = 0; kind < KINDS; kind++) {
            ModelSizes sizes = at_scale(kind, scale);
            Traffic t = layer_traffic(&sizes, tokens[i]);
            printf("%9.2f", t.flops / t.bytes_once);
        }
        printf("\n");
    }
    printf("%6.0f tokens, at each use    ", tokens[2]);
    for (int kind = 0; kind < KINDS; kind++) {
        ModelSizes sizes = at_scale(kind, scale);
        Traffic t = layer_traffic(&sizes, tokens[2]);
        printf("%9.2f", t.flops / t.bytes_per_use);
    }
    printf("\n");
}

// ---- a loss whose minimum is known

// Hoffmann et al. 2022, equation 10: the loss of N parameters trained on D tokens is 1.69 +
// 406.4/N^0.34 + 410.7/D^0.28. Training costs 6·N·D FLOPs, so D = budget/(6·N), and the best N has
// a closed form.
static double known_loss(double N, double budget) {
    return 1.69 + 406.4 / pow(N, 0.34) + 410.7 / pow(budget / (6 * N), 0.28);
}

static double known_best(double budget) {
    return pow(0.34 * 406.4 / (0.28 * 410.7), 1 / 0.62) * pow(budget / 6, 0.28 / 0.62);
}

enum { MAX_SIZES = 5, TRIALS = 6, NOISES = 3 };
static const double KNOWN_BUDGET = 6e18, NOISE = 0.01;

static const struct {
    const char *name;
    int count;
    // the first size, as a multiple of the best, and the factor between neighbours
    double first, factor;
} trials[TRIALS] = {
    { "three, each the double", 3, 0.6, 2 }, { "five, each the double", 5, 0.3, 2 },
    { "three, each four times", 3, 0.3, 4 }, { "five, each four times", 5, 0.05, 4 },
    { "all too small", 3, 0.1, 2 },          { "all too large", 3, 2.5, 2 }
};

// Runs that differ only in their seed have different losses. noise 1: the largest size's loss is
// too high and the smallest's as much too low; noise 2: the one in the middle is too high.
static BestSizeVerdict try_sizes(Parabola *out, double sizes[MAX_SIZES], double losses[MAX_SIZES],
                                 int trial, int noise) {
    int count = trials[trial].count;
    for (int i = 0; i < count; i++) {
        sizes[i] = known_best(KNOWN_BUDGET) * trials[trial].first * pow(trials[trial].factor, i);
        losses[i] = known_loss(sizes[i], KNOWN_BUDGET);
    }
    if (noise == 1) {
        losses[0] -= NOISE;
        losses[count - 1] += NOISE;
    }
    if (noise == 2) losses[count / 2] += NOISE;
    return best_size(out, sizes, losses, count);
}

static void show_trial(int trial) {
    static const char *const verdicts[] = { "found", "smaller!", "larger!", "none", "too few" };
    double best = known_best(KNOWN_BUDGET);
    for (int noise = 0; noise < NOISES; noise++) {
        double sizes[MAX_SIZES], losses[MAX_SIZES];
        Parabola fit;
        BestSizeVerdict verdict = try_sizes(&fit, sizes, losses, trial, noise);
        if (noise == 0) {
            printf("%-23s %5.2f to %5.2f ", trials[trial].name, sizes[0] / best,
                   sizes[trials[trial].count - 1] / best);
        }
        printf("  %8s %6.2f", verdicts[verdict], fit.parameters / best);
    }
    printf("\n");
}

static void show_known_loss(void) {
    double best = known_best(KNOWN_BUDGET), lowest = known_loss(best, KNOWN_BUDGET);
    printf(
        "\nA loss whose best size is known: %.0f million parameters, %.4f nats at %.0e FLOPs\n\n",
        1e-6 * best, lowest, KNOWN_BUDGET);
    printf("The cost of a different size, in nats:");
    for (double factor = 0.25; factor <= 4; factor *= 2) {
        if (factor != 1)
            printf("  %g times it %.3f", factor, known_loss(factor * best, KNOWN_BUDGET) - lowest);
    }
    printf("\n\nVerdict and size found, all sizes as multiples of the best; noise: %g nats\n\n",
           NOISE);
    printf("sizes tried                               no noise     noise at the ends   in the "
           "middle\n");
    for (int trial = 0; trial < TRIALS; trial++) show_trial(trial);
}

// ---- pictures

enum { WIDTH = 1000, PANEL = 290, LABELS = 110, BAR = 32, SPACE = 12, PARTS = 5, DRAWN_SCALES = 2 };
static const char *const part_names[PARTS] = { "projections", "attention", "router", "experts",
                                               "logits" };

static void part_values(double out[PARTS], int kind, int scale) {
    ModelSizes sizes = at_scale(kind, scale);
    Flops f = count_flops(&sizes);
    const double values[PARTS] = { f.projections, f.attention, f.router, f.experts, f.logits };
    for (int part = 0; part < PARTS; part++) out[part] = values[part] / sizes.T;
}

static void draw_legend(DrawList *list, float y) {
    float x = LABELS;
    for (int part = 0; part < PARTS; part++) {
        draw_rect(list, (Rect){ x, y + 2, 16, 16 }, color_class(part));
        x = draw_text(list, x + 24, y, TEXT_NORMAL, COLOR_TEXT, part_names[part]) + 30;
    }
}

// One bar per kind: the FLOPs of a token. A budget counts the parts to the left of the white mark.
static void draw_bars(DrawList *list, float top, int scale) {
    char title[96];
    double values[KINDS][PARTS], longest = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        double sum = 0;
        part_values(values[kind], kind, scale);
        for (int part = 0; part < PARTS; part++) sum += values[kind][part];
        longest = fmax(longest, sum);
    }
    snprintf(title, sizeof title,
             "scale %s: FLOPs of one token, forward; the longest bar is %.*f million",
             scale_names[scale], scale < FIRST_PAPER ? 2 : 0, 1e-6 * longest);
    draw_text(list, LABELS, top, TEXT_SMALL, COLOR_DIM, title);
    for (int kind = 0; kind < KINDS; kind++) {
        float x = LABELS, y = top + 30 + (float)(kind * (BAR + SPACE));
        draw_text_right(list, LABELS - 12, y + 5, TEXT_NORMAL, COLOR_TEXT,
                        feed_forward_kinds[kind].name);
        for (int part = 0; part < PARTS; part++) {
            float width = (float)(values[kind][part] / longest) * (WIDTH - LABELS - 32);
            draw_rect(list, (Rect){ x, y, width, BAR }, color_class(part));
            x += width;
            if (part == PARTS - 2) draw_rect(list, (Rect){ x - 2, y - 4, 3, BAR + 8 }, 0xffffff);
        }
    }
}

static bool show_parts(const char *picture, Error *error) {
    static const int scales[DRAWN_SCALES] = { 1, FIRST_PAPER + 2 }; // q2 and 4
    DrawList list = draw_new(WIDTH, DRAWN_SCALES * PANEL + 50, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, WIDTH - 16, (float)list.height - 16 }, 6, COLOR_PANEL);
    draw_legend(&list, 22);
    for (int i = 0; i < DRAWN_SCALES; i++) draw_bars(&list, 62 + (float)i * PANEL, scales[i]);
    bool ok = paint_png(&list, picture, error);
    draw_free(&list);
    return ok;
}

// The known loss, and parabolas fitted to sizes around the best one and to sizes that are too
// small.
static bool show_valley(const char *picture, Error *error) {
    enum { POINTS = 61, DRAWN = 3, SERIES = 1 + 2 * DRAWN };
    static const struct {
        int trial, noise;
        const char *name;
    } drawn[DRAWN] = { { 1, 0, "five sizes around" },
                       { 4, 0, "three too small" },
                       { 4, 2, "one of them unlucky" } };
    double best = known_best(KNOWN_BUDGET), N[POINTS], known[POINTS], parabola[DRAWN][POINTS];
    double dot_N[DRAWN][2 * MAX_SIZES], dots[DRAWN][2 * MAX_SIZES];
    Series series[SERIES] = { { "the loss itself", COLOR_DIM, N, known, POINTS } };
    for (int i = 0; i < POINTS; i++) {
        N[i] = best * pow(2.0, i / 8.0 - 4.0);
        known[i] = known_loss(N[i], KNOWN_BUDGET);
    }
    for (int d = 0; d < DRAWN; d++) {
        int count = trials[drawn[d].trial].count;
        double sizes[MAX_SIZES], losses[MAX_SIZES];
        Parabola fit;
        try_sizes(&fit, sizes, losses, drawn[d].trial, drawn[d].noise);
        for (int i = 0; i < POINTS; i++)
            parabola[d][i] = N[i] > 0.8 * sizes[0] ? parabola_loss(&fit, N[i]) : NAN;
        for (int i = 0; i < count; i++) { // a single point between NANs is drawn as a dot
            dot_N[d][2 * i] = sizes[i];
            dots[d][2 * i] = losses[i];
            dot_N[d][2 * i + 1] = dots[d][2 * i + 1] = NAN;
        }
        series[1 + 2 * d] = (Series){ drawn[d].name, color_class(d), N, parabola[d], POINTS };
        series[2 + 2 * d] = (Series){ NULL, color_class(d), dot_N[d], dots[d], 2 * count };
    }
    Chart chart = { .title = "Where is the lowest point? Dots are the sizes tried",
                    .x_label = "parameters",
                    .y_label = "loss, nats per token",
                    .log_x = true,
                    .series = series,
                    .series_count = SERIES };
    return chart_write_png(&chart, picture, error);
}

static bool show_budget(const char *picture, Error *error) {
    static const int ours[] = { 0, 1, 2 }, papers[] = { FIRST_PAPER + 2 };
    (void)picture, (void)error;
    show_scales();
    show_purchases(4e12, ours, 3);
    show_purchases(6e18, papers, 1);
    show_traffic(1);
    show_traffic(FIRST_PAPER + 2);
    show_known_loss();
    return true;
}

static bool show_roofline(const char *picture, Error *error) {
    const int scale = FIRST_PAPER + 2; // 4
    ModelSizes sizes[KINDS];
    for (int kind = 0; kind < KINDS; kind++) sizes[kind] = at_scale(kind, scale);
    return roofline_picture(sizes, scale_names[scale], picture, error);
}

static bool show_results(const char *picture, Error *error) {
    ModelSizes sizes[KINDS][RESULT_SCALES];
    for (int kind = 0; kind < KINDS; kind++)
        for (int scale = 0; scale < RESULT_SCALES; scale++)
            sizes[kind][scale] = at_scale(kind, scale);
    return results_picture(sizes, picture, error);
}

static const DemoPart parts[] = {
    { "budget", "what a budget buys, and the search for the best size", NO_PICTURE, show_budget },
    { "parts", "the FLOPs of a token, by part of the model", ONLY_PICTURE, show_parts },
    { "valley", "a known loss, and parabolas fitted to a few sizes", ONLY_PICTURE, show_valley },
    { "roofline", "how fast each layer can run", ONLY_PICTURE, show_roofline },
    { "results", "the perplexities of the experiment", ONLY_PICTURE, show_results },
};

int main(int count, char **arguments) {
    return demo_main("chapter-08", parts, COUNT_OF(parts), count, arguments);
}
