#include "chapters/00_text/ngram.h"
#include "chapters/scoreboard.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double search_probability(const char *counted, int V, const char *at, int context, double extra);

#define START "\n\n\n\n\n\n\n\n"

// The probability of the last letter, where V is 4.
static double of_last(const char *counted, const char *letters, int context, double extra) {
    return search_probability(counted, 4, letters + strlen(letters) - 1, context, extra);
}

// In "abcabd" ab is followed by c once and by d once. With 1/2 added to the counts of 4 letters,
// each has 1.5 of 4.
START_TEST(by_hand)
{
    const char *counted = START "abcabd";
    ck_assert_double_eq_tol(of_last(counted, "abc", 2, 0.0), 0.5, 1e-15);
    ck_assert_double_eq_tol(of_last(counted, "abc", 2, 0.5), 1.5 / 4, 1e-15);
    ck_assert_double_eq_tol(of_last(counted, "abb", 2, 0.5), 0.5 / 4, 1e-15);
}
END_TEST

// Without context the places are all six letters; the line ends at the start are not counted.
START_TEST(no_context)
{
    const char *counted = START "abcabd";
    ck_assert_double_eq_tol(of_last(counted, "a", 0, 0.0), 2.0 / 6, 1e-15);
}
END_TEST

// The first letters have line ends before them, and the last place is the last letter.
START_TEST(both_ends)
{
    const char *counted = START "abcabd";
    ck_assert_double_eq_tol(of_last(counted, START "a", TEXT_START, 0.0), 1.0, 1e-15);
    ck_assert_double_eq_tol(of_last(counted, "bcabd", 4, 0.0), 1.0, 1e-15);
}
END_TEST

// ---- on stories

typedef struct {
    char *counted, *held_out;
    Alphabet alphabet;
} Stories;

static Stories ten_and_five(void) {
    Stories s = { stories_text(0, 10), stories_text(HELD_OUT_FIRST, 5), { 0 } };
    ck_assert(s.counted != NULL && s.held_out != NULL);
    alphabet_of(&s.alphabet, (const char *const[]){ s.counted, s.held_out }, 2);
    return s;
}

static void stories_free(Stories *s) {
    free(s->counted);
    free(s->held_out);
}

// The table of two letters of context says the same.
START_TEST(as_the_table)
{
    Stories s = ten_and_five();
    Ngram table;
    ck_assert(ngram_new(&table, &s.alphabet, 2));
    ngram_count(&table, s.counted);
    for (const char *at = s.held_out + TEXT_START; at < s.held_out + TEXT_START + 500; at++) {
        ck_assert_double_eq_tol(search_probability(s.counted, s.alphabet.V, at, 2, 0.01),
                                ngram_probability(&table, at, 0.01), 1e-12);
    }
    ngram_free(&table);
    stories_free(&s);
}
END_TEST

static double loss(const Stories *s, const char *text, int context) {
    double sum = 0.0;
    int letters = 0;
    for (const char *at = text + TEXT_START; *at != '\0'; at++, letters++)
        sum -= log(search_probability(s->counted, s->alphabet.V, at, context, 0.01));
    return sum / letters;
}

// On the text that was counted each longer context is better. On the other text this is so up to 3
// letters; then the machine has learned the ten stories by heart, which does not help elsewhere.
START_TEST(longer_contexts_overfit)
{
    Stories s = ten_and_five();
    double counted[7], held_out[7];
    printf("context  counted  held out\n");
    for (int context = 0; context < COUNT_OF(counted); context++) {
        counted[context] = loss(&s, s.counted, context);
        held_out[context] = loss(&s, s.held_out, context);
        printf("%7d  %7.3f  %8.3f\n", context, counted[context], held_out[context]);
    }
    fflush(stdout);
    for (int context = 1; context < COUNT_OF(counted); context++) {
        ck_assert_msg(counted[context] < counted[context - 1],
                      "stories that were counted: %d letters of context should beat %d", context,
                      context - 1);
        ck_assert_msg((held_out[context] < held_out[context - 1]) == (context <= 3),
                      "other stories: %d letters of context should be %s than %d", context,
                      context <= 3 ? "better" : "worse", context - 1);
    }
    stories_free(&s);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand }, { no_context }, { both_ends }, { as_the_table }, { longer_contexts_overfit },
    };
    return run_tests("00-2 a longer context", tests, COUNT_OF(tests));
}
