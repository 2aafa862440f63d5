// The toy language: its table of facts, its sentences, and that a layer learns what none does not.
#include "chapters/07_language_model/toy_language.h"
#include "reference/numbers/minmax.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

START_TEST(neither_name_nor_color_says_anything)
{
    for (int i = 0; i < TOY_NAMES; i++) {
        int in_row[TOY_THINGS] = { 0 }, in_column[TOY_THINGS] = { 0 };
        for (int j = 0; j < TOY_COLORS; j++) {
            in_row[toy_facts[i][j]]++;
            in_column[toy_facts[j][i]]++;
        }
        for (int thing = 0; thing < TOY_THINGS; thing++)
            ck_assert(in_row[thing] == 1 && in_column[thing] == 1);
    }
}
END_TEST

START_TEST(mia_has_a_blue_hat)
{
    static const char *const expected[] = { "mia",  "has", "a",    "blue", "hat", ".",    "she",
                                            "sees", "the", "blue", "hat",  ".",   "<end>" };
    int tokens[TOY_T];
    toy_sentence(tokens, 4, 1, 2);
    for (int t = 0; t < TOY_T; t++) ck_assert_str_eq(toy_words[tokens[t]], expected[t]);
}
END_TEST

// No two are equal, and every word but the padding occurs.
START_TEST(sentences_are_different)
{
    int all[TOY_SENTENCES][TOY_T], occurs[TOY_V] = { 0 };
    for (int i = 0; i < TOY_SENTENCES; i++) {
        toy_sentence_number(all[i], i);
        for (int j = 0; j < i; j++) ck_assert(memcmp(all[i], all[j], sizeof all[i]) != 0);
        for (int t = 0; t < TOY_T; t++) occurs[all[i][t]]++;
    }
    for (int v = 0; v < TOY_V; v++) ck_assert_int_eq(occurs[v] > 0, v != TOKEN_PAD);
}
END_TEST

// 192 equally likely sentences cost ln 192 each.
START_TEST(lowest_losses)
{
    ck_assert_double_eq_tol(TOY_T * toy_lowest_loss(), log(192), 1e-12);
    ck_assert_double_eq_tol(TOY_T * toy_lowest_loss_without_facts(), log(192) + log(8), 1e-12);
}
END_TEST

START_TEST(a_layer_learns_the_facts)
{
    static const FeedForwardKind kinds[] = { FEED_FORWARD_SGATLIN, FEED_FORWARD_NONE };
    bool layer = kinds[_i] != FEED_FORWARD_NONE;
    LanguageModel m;
    double loss[TOY_POINTS];
    ck_assert(toy_model_new(&m, kinds[_i], 1));
    double before = toy_model_loss(&m);
    toy_model_train(&m, 1, loss);
    ck_assert_double_eq(loss[0], before);
    ck_assert_double_eq(loss[TOY_POINTS - 1], toy_model_loss(&m));
    double above = toy_model_loss(&m) - toy_lowest_loss(), fact = toy_fact_loss(&m);
    ck_assert_msg(above > 0.0 && (layer ? above < 0.02 : above > 0.1), "%.4f above the lowest",
                  above);
    ck_assert_msg(layer ? fact < 0.2 : fact > 1.0, "a fact costs %.4f", fact);
    language_model_free(&m);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { neither_name_nor_color_says_anything },
        { mia_has_a_blue_hat },
        { sentences_are_different },
        { lowest_losses },
        { a_layer_learns_the_facts, 2 },
    };
    return run_tests("07 toy language", tests, COUNT_OF(tests));
}
