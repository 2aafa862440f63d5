#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/05_peer/key_value.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

void fold(double *M, const RouterWeights *w, const KeyValue *r);
double multiplications(int how, double tokens, const KeyValue *r);

// One list, D = 2, Dk = 1, n = 2, scale 1: Wq = (2; 3), keys 5 and 7: M = (10, 14; 15, 21).
START_TEST(on_paper)
{
    const KeyValue r = { .parts = 1, .C = 1, .n = 2, .D = 2, .Dk = 1 };
    double M[4];
    fold(M, &(RouterWeights){ (double[]){ 2, 3 }, (double[]){ 5, 7 } }, &r);
    expect("M", M, (double[]){ 10, 14, 15, 21 }, 4, 0);
}
END_TEST

// x · M against the router's scores, for three heads and two lists each.
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
    expect("x · M", folded, scores, LISTS * n, 1e-12);
}
END_TEST

// Of the two ways, `how` takes fewer multiplications.
static void expect_cheaper(int how, double tokens, const KeyValue *r) {
    double this = multiplications(how, tokens, r), other = multiplications(!how, tokens, r);
    ck_assert_msg(this < other, "%g tokens, n = %d: %.0f %s, expected fewer than the other's %.0f",
                  tokens, r->n, this, how ? "folded" : "with the query", other);
}

// The paper's TinyStories layer, 16 lists: folding pays from 37 tokens on. With a million experts
// it never does.
START_TEST(when_it_pays)
{
    KeyValue r = { .parts = 2, .C = 8, .n = 32, .D = 256, .Dk = 128 };
    expect_number("1 token with the query", multiplications(0, 1, &r), 16 * 36864.0, 0);
    expect_number("1 token, folded", multiplications(1, 1, &r), 16 * (1048576 + 8192.0), 0);
    expect_cheaper(0, 36, &r);
    expect_cheaper(1, 37, &r);
    r.n = 1024;
    expect_cheaper(0, 1e9, &r);
}
END_TEST

// 2 parts of 3 heads: 6 lists of 11 keys of 7 numbers, D = 20. A token takes 6·7·(20 + 11) = 1302
// with the query; folded, M takes 6·20·7·11 = 9240 and a token 6·20·11 = 1320. Without parts, half.
START_TEST(other_sizes)
{
    KeyValue r = { .parts = 2, .C = 3, .n = 11, .D = 20, .Dk = 7 };
    expect_number("5 tokens with the query", multiplications(0, 5, &r), 5 * 1302, 0);
    expect_number("5 tokens, folded", multiplications(1, 5, &r), 9240 + 5 * 1320, 0);
    r.parts = 1;
    expect_number("1 part, with the query", multiplications(0, 5, &r), 5 * 651, 0);
    expect_number("1 part, folded", multiplications(1, 5, &r), 4620 + 5 * 660, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { the_scores_are_the_routers },
        { when_it_pays },
        { other_sizes },
    };
    return run_tests("05-2 fold", tests, COUNT_OF(tests));
}
