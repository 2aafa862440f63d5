#include "chapters/00_text/ngram.h"
#include "chapters/scoreboard.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double mixed_probability(const Ngram *tables, int longest, const char *at);

#define START "\n\n\n\n\n\n\n\n"

enum { LONGEST = 3 };

static void tables_new(Ngram tables[LONGEST + 1], const Alphabet *alphabet, const char *counted) {
    for (int c = 0; c <= LONGEST; c++) {
        ck_assert(ngram_new(&tables[c], alphabet, c));
        ngram_count(&tables[c], counted);
    }
}

static void tables_free(Ngram tables[LONGEST + 1]) {
    for (int c = 0; c <= LONGEST; c++) ngram_free(&tables[c]);
}

static double of_last(const Ngram *tables, int longest, const char *letters) {
    return mixed_probability(tables, longest, letters + strlen(letters) - 1);
}

// "aab" has V = 3 letters: line end, a, b. Without context a has (2 + 2·1/3)/(3 + 2) = 8/15, b
// (1 + 2·1/3)/5 = 1/3, a line end 2/15. After a, a and b follow once each: b has
// (1 + 2·1/3)/(2 + 2) = 5/12. Nothing follows b: there b has 1/3, as without context.
START_TEST(by_hand)
{
    const char *counted = START "aab";
    Alphabet alphabet;
    Ngram tables[LONGEST + 1];
    alphabet_of(&alphabet, &counted, 1);
    tables_new(tables, &alphabet, counted);
    const double actual[] = { of_last(tables, 0, "a"), of_last(tables, 0, "\n"),
                              of_last(tables, 1, "ab"), of_last(tables, 1, "bb") };
    expect_by_hand("p", actual, (const double[]){ 8.0 / 15, 2.0 / 15, 5.0 / 12, 1.0 / 3 }, 4);
    tables_free(tables);
}
END_TEST

typedef struct {
    char *counted, *held_out;
    Alphabet alphabet;
    Ngram tables[LONGEST + 1];
} Stories;

static void stories_new(Stories *s) {
    s->counted = stories_text(COUNTED_FIRST, COUNTED_STORIES);
    s->held_out = stories_text(HELD_OUT_FIRST, HELD_OUT_STORIES);
    ck_assert(s->counted != NULL && s->held_out != NULL);
    alphabet_of(&s->alphabet, (const char *const[]){ s->counted, s->held_out }, 2);
    tables_new(s->tables, &s->alphabet, s->counted);
}

static void stories_free(Stories *s) {
    tables_free(s->tables);
    free(s->counted);
    free(s->held_out);
}

// What follows "the", and what follows "xxx", which cannot occur: all V probabilities add up to 1.
START_TEST(probabilities_add_up)
{
    static const char *const contexts[] = { "the", "xxx", "d T", "!\"\n" };
    Stories s;
    stories_new(&s);
    for (int i = 0; i < COUNT_OF(contexts); i++) {
        double sum = 0.0;
        for (int v = 0; v < s.alphabet.V; v++) {
            const char text[] = { contexts[i][0], contexts[i][1], contexts[i][2],
                                  s.alphabet.letters[v], '\0' };
            double p = mixed_probability(s.tables, LONGEST, text + LONGEST);
            ck_assert_double_gt(p, 0.0);
            sum += p;
        }
        ck_assert_double_eq_tol(sum, 1.0, 1e-12);
    }
    stories_free(&s);
}
END_TEST

// The reward: with three letters of context, on stories that were not counted, the loss is below
// that of the table whose counts are raised by 0.01, 1.111 nats per letter.
START_TEST(better_than_adding_to_each_count)
{
    Stories s;
    stories_new(&s);
    double sum = 0.0, raised = ngram_loss(&s.tables[LONGEST], s.held_out, 0.01);
    int letters = 0;
    for (const char *at = s.held_out + TEXT_START; *at != '\0'; at++, letters++)
        sum -= log(mixed_probability(s.tables, LONGEST, at));
    ck_assert_msg(sum / letters < raised - 0.02, "a loss of %.3f, expected below %.3f - 0.02",
                  sum / letters, raised);
    stories_free(&s);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { probabilities_add_up },
        { better_than_adding_to_each_count },
    };
    return run_tests("00-3 ask the shorter table", tests, COUNT_OF(tests));
}
