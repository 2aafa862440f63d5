#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

double border(int *leaves, int *comes, const double *score, const double *slope, const int *index,
              int F, int K);
void jump(double *change, double score, int leaves, int comes, const double *x, const double *in,
          const double *out, int D);

// 3, 2 and 1; the last gains 3 for every 1 of the middle one, and is level with the first at 2/3.
START_TEST(the_quicker_one_comes_first)
{
    int leaves = -1, comes = -1;
    double t =
        border(&leaves, &comes, (double[]){ 3, 2, 1 }, (double[]){ 0, 1, 3 }, (int[]){ 0 }, 3, 1);
    ck_assert_double_eq_tol(t, 2.0 / 3.0, 1e-15);
    ck_assert_int_eq(leaves, 0);
    ck_assert_int_eq(comes, 2);
}
END_TEST

// Chosen are 1 and 3. 3 rises past 1 at once, which changes nothing; neuron 0 meets 1, which falls,
// at 4.
START_TEST(the_chosen_may_change_places)
{
    const double score[] = { -1, 3, -9, 2.9 }, slope[] = { 0, -1, 0, 5 };
    int leaves = -1, comes = -1;
    double t = border(&leaves, &comes, score, slope, (int[]){ 1, 3 }, 4, 2);
    ck_assert_double_eq_tol(t, 4.0, 1e-15);
    ck_assert_int_eq(leaves, 1);
    ck_assert_int_eq(comes, 0);
}
END_TEST

// What falls behind was level in the past: no border lies ahead. With K = F there is none at all.
START_TEST(some_lines_meet_no_border)
{
    int leaves = -1, comes = -1;
    ck_assert(isinf(border(&leaves, &comes, (double[]){ 2, 1, 0 }, (double[]){ 1, 1, -4 },
                           (int[]){ 0 }, 3, 1)));
    ck_assert(isinf(
        border(&leaves, &comes, (double[]){ 2, 1 }, (double[]){ 0, 9 }, (int[]){ 0, 1 }, 2, 2)));
    ck_assert(leaves == -1 && comes == -1);
}
END_TEST

enum { D = 6, F = 20, K = 4, Dk = 5, LINES = 24 };

// A layer with random weights, and what a call needs.
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
    l->w = (SgatlinWeights){ l->block, l->block + query, l->block + query + keys,
                             l->block + query + keys + experts };
    l->saved = sgatlin_token(l->block + all, l->index, &l->s);
}

// The layer at x + t·step.
static void answer_at(Layer *l, double *y, double t, const double *x, const double *step) {
    double there[D];
    for (int d = 0; d < D; d++) there[d] = x[d] + t * step[d];
    sgatlin_forward(y, &l->saved, l->scratch, there, &l->w, &l->s);
}

static bool has(const int *index, int f) {
    bool found = false;
    for (int k = 0; k < K; k++) found = found || index[k] == f;
    return found;
}

// Every one of `before` is chosen at x + t·step, but for `gone` (-1: nobody).
static void expect_chosen(Layer *l, const int *before, int gone, double t, const double *x,
                          const double *step) {
    double y[D];
    answer_at(l, y, t, x, step);
    for (int k = 0; k < K; k++) {
        ck_assert_msg(has(l->index, before[k]) == (before[k] != gone), "t = %g, neuron %d", t,
                      before[k]);
    }
}

// Along random lines: the layer's choice holds up to the border and not behind it, and there its
// answer jumps by that.
START_TEST(the_layer_agrees)
{
    Layer l;
    double x[D], step[D], score[F], slope[F], query[Dk], before[D], behind[D], change[D], there[D];
    int chosen[K], leaves = -1, comes = -1;
    open_layer(&l);
    for (uint64_t d = 0; d < D; d++) {
        x[d] = random_normal(10 + _i, d);
        step[d] = random_normal(50 + _i, d);
    }
    sgatlin_scores(slope, query, step, l.w.query, l.w.keys, &l.s);
    sgatlin_scores(score, query, x, l.w.query, l.w.keys, &l.s);
    answer_at(&l, before, 0.0, x, step);
    for (int k = 0; k < K; k++) chosen[k] = l.index[k];
    double t = border(&leaves, &comes, score, slope, chosen, F, K);
    ck_assert_msg(isfinite(t) && t > 0.0, "there is a border on this line; t is %g", t);
    for (int i = 1; i < 10; i++) expect_chosen(&l, chosen, -1, 0.1 * i * t, x, step);
    answer_at(&l, before, t * (1 - 1e-9), x, step);
    expect_chosen(&l, chosen, leaves, t * (1 + 1e-9), x, step);
    ck_assert_msg(has(l.index, comes), "neuron %d did not come", comes);
    answer_at(&l, behind, t * (1 + 1e-9), x, step);
    for (int d = 0; d < D; d++) there[d] = x[d] + t * step[d];
    jump(change, score[leaves] + t * slope[leaves], leaves, comes, there, l.w.in, l.w.out, D);
    for (int d = 0; d < D; d++) { // the 2e-9 of the way between add up to 2.2e-6
        ck_assert_msg(fabs(behind[d] - before[d] - change[d]) < 1e-5,
                      "change[%d] is %.9g, wanted %.9g", d, change[d], behind[d] - before[d]);
    }
    free(l.block);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("06-2 the border");
    TCase *tests = tcase_create("border");
    tcase_add_test(tests, the_quicker_one_comes_first);
    tcase_add_test(tests, the_chosen_may_change_places);
    tcase_add_test(tests, some_lines_meet_no_border);
    tcase_add_loop_test(tests, the_layer_agrees, 0, LINES);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
