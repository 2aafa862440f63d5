#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/05_peer/key_value.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <math.h>

void fold(double *M, const RouterWeights *w, const KeyValue *r);
double multiplications(int how, double tokens, const KeyValue *r);

// One list, D = 2, Dk = 1, n = 2, scale 1: Wq = (2; 3), keys 5 and 7: M = (10, 14; 15, 21).
START_TEST(on_paper)
{
    const KeyValue r = { .parts = 1, .C = 1, .n = 2, .D = 2, .Dk = 1 };
    double M[4];
    fold(M, &(RouterWeights){ (double[]){ 2, 3 }, (double[]){ 5, 7 } }, &r);
    ck_assert(M[0] == 10 && M[1] == 14 && M[2] == 15 && M[3] == 21);
}
END_TEST

START_TEST(the_scores_are_the_routers)
{
    enum { D = 5, Dk = 6, n = 4, C = 3, LISTS = 2 * C };
    const KeyValue r = { .parts = 2, .C = C, .n = n, .D = D, .Dk = Dk };
    double weights[LISTS * D * Dk], keys[LISTS * n * Dk], M[D * LISTS * n], query[LISTS * Dk], x[D];
    double scores[LISTS * n], folded[LISTS * n];
    for (uint64_t i = 0; i < LISTS * D * Dk; i++) weights[i] = random_normal(1, i);
    for (uint64_t i = 0; i < LISTS * n * Dk; i++) keys[i] = random_normal(2, i);
    for (uint64_t d = 0; d < D; d++) x[d] = random_normal(3, d);
    const RouterWeights w = { weights, keys };
    key_value_scores(scores, query, x, &w, &r);
    fold(M, &w, &r);
    linear(folded, x, M, D, LISTS * n);
    for (int i = 0; i < LISTS * n; i++) {
        ck_assert_msg(fabs(folded[i] - scores[i]) < 1e-12, "score %d is %.6g, folded %.6g", i,
                      scores[i], folded[i]);
    }
}
END_TEST

// The paper's TinyStories layer, 16 lists: folding pays from 37 tokens on. With a million experts
// it never does.
START_TEST(when_it_pays)
{
    KeyValue r = { .parts = 2, .C = 8, .n = 32, .D = 256, .Dk = 128 };
    ck_assert_double_eq(multiplications(0, 1, &r), 16 * 36864.0);
    ck_assert_double_eq(multiplications(1, 1, &r), 16 * (1048576 + 8192.0));
    ck_assert(multiplications(1, 36, &r) > multiplications(0, 36, &r));
    ck_assert(multiplications(1, 37, &r) < multiplications(0, 37, &r));
    r.n = 1024;
    ck_assert(multiplications(1, 1e9, &r) > multiplications(0, 1e9, &r));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { the_scores_are_the_routers },
        { when_it_pays },
    };
    return run_tests("05-2 fold", tests, COUNT_OF(tests));
}
