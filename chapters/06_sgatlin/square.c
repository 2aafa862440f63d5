#include "chapters/06_sgatlin/square.h"
#include "chapters/06_sgatlin/sgatlin_scores.h"
#include "reference/draw/chart.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// [square
// What input i adds to the score of neuron f of channel c: its part of the query, times the two
// sub-keys that the score is a sum of. keys [Dk,2,C,n]
static double score_weight(const SgatlinWeights *w, const Sgatlin *s, int c, int f, int i) {
    int n = sgatlin_keys(s);
    double sum = 0.0;
    for (int k = 0; k < s->Dk; k++) {
        const double *first = w->router.keys + ((2 * k) * s->C + c) * n,
                     *second = w->router.keys + ((2 * k + 1) * s->C + c) * n;
        sum += w->router.query[i * s->Dk + k] * (first[f / n] + second[f % n]);
    }
    return sum;
}

void sgatlin_square(double *square, const SgatlinToken *saved, const SgatlinWeights *w,
                    const Sgatlin *s) {
    memset(square, 0, (size_t)s->D * s->D * sizeof *square);
    for (int slot = 0; slot < s->C * s->K; slot++) {
        int c = slot / s->K, f = saved->index[slot];
        const double *in = w->in + (c * s->F + f) * s->D, *out = w->out + (c * s->F + f) * s->D;
        for (int i = 0; i < s->D; i++) {
            double score = score_weight(w, s, c, f, i);
            for (int j = 0; j < s->D; j++) square[i * s->D + j] += score * in[j] * out[0];
        }
    }
}
// square]

// ---- the polynomial that is learned where there is nothing to choose

enum { SHOWN_STARTS = 5 };

// Without the sign of a number that is printed as 0.
static double rounded(double v) { return fabs(v) < 0.00005 ? 0.0 : v; }

static void show_polynomials(const Learner *learner, const Task *task, const char *const *names) {
    Sgatlin s = *(const Sgatlin *)learner->sizes;
    int D = s.D = task->D, nothing_to_choose[2] = { 0 };
    const SgatlinToken saved = { .index = nothing_to_choose };
    printf("%s, without a choice: the polynomial learned\n  start", task->name);
    for (int i = 0; i < D * (D + 1) / 2; i++) printf("%9s", names[i]);
    printf("     loss\n");
    for (int start = 1; start <= SHOWN_STARTS; start++) {
        double w[LEARNER_MAX_DOUBLES], square[TASK_MAX_D * TASK_MAX_D];
        double loss = learner_train(w, learner, task, LEARNER_RATE, (uint64_t)start);
        const SgatlinWeights weights = sgatlin_views(w, &s);
        sgatlin_square(square, &saved, &weights, &s);
        printf("  %5d", start);
        for (int i = 0; i < D; i++) {
            for (int j = i; j < D; j++)
                printf("%9.4f", rounded(square[i * D + j] + (i == j ? 0.0 : square[j * D + i])));
        }
        printf("%9.4f\n", loss);
    }
}

// ---- the picture: the wave as three layers learn it

enum { DRAWN = 9 * TASK_MAX_POINTS };

// y [DRAWN]: the predictions at x [DRAWN], in pieces of a task's size.
static void predict(double *y, const double *x, const Learner *learner, const double *w) {
    for (int first = 0; first < DRAWN; first += TASK_MAX_POINTS) {
        Task piece = { .D = 2, .points = TASK_MAX_POINTS };
        double out[2 * TASK_MAX_POINTS];
        for (int i = 0; i < piece.points; i++) {
            piece.x[2 * i] = x[first + i];
            piece.x[2 * i + 1] = 1.0;
        }
        learner->pass(out, NULL, w, &piece, learner->sizes);
        for (int i = 0; i < piece.points; i++) y[first + i] = out[2 * i];
    }
}

// y [DRAWN]: those of the start whose loss is in the middle.
static void predict_typical(double *y, const double *x, const Learner *learner, const Task *task) {
    double w[LEARNER_MAX_DOUBLES], loss[LEARNER_STARTS], sorted[LEARNER_STARTS];
    int typical = 0;
    for (int i = 0; i < LEARNER_STARTS; i++)
        sorted[i] = loss[i] = learner_train(w, learner, task, LEARNER_RATE, (uint64_t)i + 1);
    sort_doubles(sorted, LEARNER_STARTS);
    while (loss[typical] != sorted[LEARNER_STARTS / 2 - 1]) typical++;
    learner_train(w, learner, task, LEARNER_RATE, (uint64_t)typical + 1);
    predict(y, x, learner, w);
}

static bool draw_wave(const char *path, const Learner *learners, Error *error) {
    static const int shown[] = { 0, SGATLIN_LEARNER, NO_CHOICE_LEARNER };
    const Task task = wave_task();
    double x[DRAWN], target[DRAWN], y[COUNT_OF(shown)][DRAWN];
    for (int i = 0; i < DRAWN; i++) {
        x[i] = -2.0 + 4.0 * i / (DRAWN - 1);
        target[i] = wave(x[i]);
    }
    for (int i = 0; i < COUNT_OF(shown); i++) predict_typical(y[i], x, &learners[shown[i]], &task);
    const Series series[] = {
        { "the wave", COLOR_TEXT, x, target, DRAWN },
        { learners[shown[0]].name, color_class(1), x, y[0], DRAWN },
        { learners[shown[1]].name, COLOR_ACCENT, x, y[1], DRAWN },
        { learners[shown[2]].name, COLOR_DIM, x, y[2], DRAWN },
    };
    const Chart chart = { .title = "The wave, as layers learn it from a typical start",
                          .x_label = "x",
                          .series = series,
                          .series_count = COUNT_OF(series) };
    return chart_write_png(&chart, path, error);
}

bool show_square(const char *picture, Error *error) {
    static const char *const of_product[] = { "a*a", "a*b", "a", "b*b", "b", "1" },
                             *const of_wave[] = { "x*x", "x", "1" };
    const Task product = product_task(), line = wave_task();
    Learner learners[MAX_LEARNERS];
    sgatlin_learners(learners);
    show_polynomials(&learners[NO_CHOICE_LEARNER], &product, of_product);
    printf("\n");
    show_polynomials(&learners[NO_CHOICE_LEARNER], &line, of_wave);
    return picture == NULL || draw_wave(picture, learners, error);
}
