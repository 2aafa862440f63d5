#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

double border(int *leaving, int *entering, const double *score, const double *slope,
              const int *index, int F, int K);
void jump(double *change, double score, int leaving, int entering, const double *x,
          const double *in, const double *out, int D);

// Scores 3, 2 and 1; the last rises three times as fast as the middle one, and catches up with the
// first at 2/3.
START_TEST(the_faster_one_enters_first)
{
    int leaving = -1, entering = -1;
    double t = border(&leaving, &entering, (double[]){ 3, 2, 1 }, (double[]){ 0, 1, 3 },
                      (int[]){ 0 }, 3, 1);
    expect_number("t", t, 2.0 / 3.0, 1e-15);
    expect_number("leaving", leaving, 0, 0);
    expect_number("entering", entering, 2, 0);
}
END_TEST

// 1 and 3 are selected. 3 overtakes 1 at once, which changes nothing; neuron 0 meets 1, which
// falls, at 4.
START_TEST(the_selected_may_change_ranks)
{
    const double score[] = { -1, 3, -9, 2.9 }, slope[] = { 0, -1, 0, 5 };
    int leaving = -1, entering = -1;
    double t = border(&leaving, &entering, score, slope, (int[]){ 1, 3 }, 4, 2);
    expect_number("t", t, 4.0, 1e-15);
    expect_number("leaving", leaving, 1, 0);
    expect_number("entering", entering, 0, 0);
}
END_TEST

// Neurons that fall further back have no border ahead. With K = F there is none at all.
START_TEST(some_lines_meet_no_border)
{
    int leaving = -1, entering = -1;
    double fall_back = border(&leaving, &entering, (double[]){ 2, 1, 0 }, (double[]){ 1, 1, -4 },
                              (int[]){ 0 }, 3, 1);
    ck_assert_msg(isinf(fall_back), "t is %g, expected infinity: nobody catches up", fall_back);
    double all =
        border(&leaving, &entering, (double[]){ 2, 1 }, (double[]){ 0, 9 }, (int[]){ 0, 1 }, 2, 2);
    ck_assert_msg(isinf(all), "t is %g, expected infinity: all are selected", all);
    ck_assert_msg(leaving == -1 && entering == -1, "leaving or entering was written");
}
END_TEST

enum { D = 6, F = 20, K = 4, Dk = 5, LINES = 24 };

// A layer with random weights, and the memory of one token.
typedef struct {
    Sgatlin s;
    SgatlinWeights w;
    SgatlinToken saved;
    double *block;
    int index[K], scratch[2 * K];
} Layer;

static void open_layer(Layer *l) {
    *l = (Layer){ .s = { .router = DENSE, .D = D, .F = F, .C = 1, .K = K, .Dk = Dk } };
    size_t query = (size_t)D * Dk, keys = (size_t)Dk * F, experts = (size_t)F * D,
           all = query + keys + 2 * experts;
    l->block = calloc(all + sgatlin_token_doubles(&l->s), sizeof *l->block);
    ck_assert_ptr_nonnull(l->block);
    for (size_t i = 0; i < all; i++) l->block[i] = random_normal(5, i);
    double *in = l->block + query + keys;
    l->w = (SgatlinWeights){ { l->block, l->block + query }, in, in + experts };
    l->saved = sgatlin_token(l->block + all, l->index, &l->s);
}

// The layer at x + t·step.
static void forward_at(Layer *l, double *y, double t, const double *x, const double *step) {
    double point[D];
    for (int d = 0; d < D; d++) point[d] = x[d] + t * step[d];
    sgatlin_forward(y, &l->saved, l->scratch, point, &l->w, &l->s);
}

static bool contains(const int *index, int f) {
    bool found = false;
    for (int k = 0; k < K; k++) found = found || index[k] == f;
    return found;
}

// All of `before` are selected at x + t·step, except `left` (-1: no exception).
static void expect_selected(Layer *l, const int *before, int left, double t, const double *x,
                            const double *step) {
    double y[D];
    forward_at(l, y, t, x, step);
    for (int k = 0; k < K; k++) {
        ck_assert_msg(contains(l->index, before[k]) == (before[k] != left),
                      "at t = %g neuron %d is %s; by your border it %s", t, before[k],
                      before[k] != left ? "not selected" : "selected",
                      before[k] != left ? "is" : "has left");
    }
}

// Along random lines: the layer's selection is the same up to the border and differs after it, and
// its output jumps by `change`.
START_TEST(the_layer_agrees)
{
    Layer l;
    double x[D], step[D], score[F], slope[F], query[Dk], before[D], after[D], change[D], point[D];
    int selected[K], leaving = -1, entering = -1;
    open_layer(&l);
    for (uint64_t d = 0; d < D; d++) {
        x[d] = random_normal(10 + _i, d);
        step[d] = random_normal(50 + _i, d);
    }
    sgatlin_scores(slope, query, step, &l.w.router, &l.s);
    sgatlin_scores(score, query, x, &l.w.router, &l.s);
    forward_at(&l, before, 0.0, x, step);
    for (int k = 0; k < K; k++) selected[k] = l.index[k];
    double t = border(&leaving, &entering, score, slope, selected, F, K);
    ck_assert_msg(isfinite(t) && t > 0.0, "this line has a border; t is %g", t);
    for (int i = 1; i < 10; i++) expect_selected(&l, selected, -1, 0.1 * i * t, x, step);
    forward_at(&l, before, t * (1 - 1e-9), x, step);
    expect_selected(&l, selected, leaving, t * (1 + 1e-9), x, step);
    ck_assert_msg(contains(l.index, entering), "neuron %d did not enter", entering);
    forward_at(&l, after, t * (1 + 1e-9), x, step);
    for (int d = 0; d < D; d++) point[d] = x[d] + t * step[d];
    jump(change, score[leaving] + t * slope[leaving], leaving, entering, point, l.w.in, l.w.out, D);
    for (int d = 0; d < D; d++) { // the difference of 2e-9 in t changes the output by up to 2.2e-6
        ck_assert_msg(fabs(after[d] - before[d] - change[d]) < 1e-5,
                      "change[%d] is %.9g, expected %.9g", d, change[d], after[d] - before[d]);
    }
    free(l.block);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_faster_one_enters_first },
        { the_selected_may_change_ranks },
        { some_lines_meet_no_border },
        { the_layer_agrees, LINES },
    };
    return run_tests("06-2 the border", tests, COUNT_OF(tests));
}
