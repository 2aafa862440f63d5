#include "chapters/10_patching/effect.h"
#include "tests/harness/suite.h"
#include <math.h>

START_TEST(an_answer_of_several_words)
{
    const double logits[] = { 1.0, 800.0, -3.0, 800.0, 2.0 };
    ck_assert_double_eq(answer_logit(logits, (int[]){ 2 }, 1), -3.0);
    // e^1 + e^2, and two that overflow
    ck_assert_double_eq_tol(answer_logit(logits, (int[]){ 0, 4 }, 2), log(exp(1) + exp(2)), 1e-14);
    ck_assert_double_eq_tol(answer_logit(logits, (int[]){ 1, 3 }, 2), 800 + log(2), 1e-12);
    ck_assert_double_eq(logit_difference(logits, (int[]){ 4 }, (int[]){ 2 }, 1), 5.0);
}
END_TEST

START_TEST(effects_by_hand)
{
    // from 6 to -2: no move, a quarter of it, all of it, and beyond
    static const struct {
        double patched, effect;
        bool flipped;
    } cases[] = { { 6, 0, false }, { 4, 0.25, false }, { -2, 1, true }, { -4, 1.25, true } };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        Differences m = { 6, -2, cases[i].patched };
        ck_assert_double_eq_tol(indirect_effect(&m), cases[i].effect, 1e-8);
        ck_assert(rank_flipped(&m) == cases[i].flipped);
    }
    ck_assert(!rank_flipped(&(Differences){ 6, -2, 0 }));
    ck_assert(isfinite(indirect_effect(&(Differences){ 1, 1, 1 })));
}
END_TEST

START_TEST(the_first_of_equals)
{
    ck_assert_int_eq(first_word((double[]){ 1, 3, 3, 2 }, 4), 1);
    ck_assert_int_eq(first_word((double[]){ 5 }, 1), 0);
}
END_TEST

// Moved 2 of 8 and 0 of 0.001: the mean of the ratios would be .125.
START_TEST(sums_are_divided_last)
{
    EffectSums sums = { 0 };
    effect_add(&sums, &(Differences){ 6, -2, 4 }, false);
    effect_add(&sums, &(Differences){ 0, -0.001, 0 }, true);
    effect_add(&sums, &(Differences){ 1, -1, -1 }, true);
    ck_assert_int_eq(sums.pairs, 3);
    ck_assert_int_eq(sums.flips, 1);
    ck_assert_int_eq(sums.firsts, 2);
    ck_assert_double_eq_tol(mean_effect(&sums), 4 / 10.001, 1e-8);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { an_answer_of_several_words },
                              { effects_by_hand },
                              { the_first_of_equals },
                              { sums_are_divided_last } };
    return run_tests("10 effects", tests, COUNT_OF(tests));
}
