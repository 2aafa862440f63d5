// The tables of chapter 00 on texts counted by hand.
#include "chapters/00_text/ngram.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <string.h>

#define START "\n\n\n\n\n\n\n\n"

static const char abba[] = START "abba.ab";

// The numbers are in the order of the codes: line end, '.', 'a', 'b', 'c'.
static Ngram counted(Alphabet *alphabet, int context) {
    Ngram table;
    alphabet_of(alphabet, (const char *const[]){ abba, "c" }, 2);
    ck_assert(ngram_new(&table, alphabet, context));
    ngram_count(&table, abba);
    return table;
}

// What the table says about the letters after `letters`, and of the last of `letters`.
static const int *following(const Ngram *table, const char *letters) {
    return ngram_following(table, letters + strlen(letters));
}
static char next_after(const Ngram *table, const char *letters, double draw) {
    return ngram_next(table, letters + strlen(letters), draw);
}
static double of_last(const Ngram *table, const char *letters, double extra) {
    return ngram_probability(table, letters + strlen(letters) - 1, extra);
}

START_TEST(alphabet_is_in_order)
{
    Alphabet alphabet;
    alphabet_of(&alphabet, (const char *const[]){ "banana", "\xff" }, 2);
    ck_assert_int_eq(alphabet.V, 4);
    ck_assert_mem_eq(alphabet.letters, "abn\xff", 4);
    for (int v = 0; v < 4; v++)
        ck_assert_int_eq(alphabet.numbers[(unsigned char)alphabet.letters[v]], v);
    ck_assert_int_eq(alphabet.numbers['c'], -1);
}
END_TEST

// abba.ab has ab twice; bb, ba, a. and .a once; and a after the line ends, which are not counted
// themselves.
START_TEST(pairs_by_hand)
{
    static const int expected[5][5] = {
        // line end, '.', a, b, c
        { 0, 0, 1, 0, 0 }, // after a line end
        { 0, 0, 1, 0, 0 }, // after '.'
        { 0, 1, 0, 2, 0 }, // after a
        { 0, 0, 1, 1, 0 }, // after b
        { 0, 0, 0, 0, 0 }, // after c
    };
    Alphabet alphabet;
    Ngram table = counted(&alphabet, 1);
    ck_assert_mem_eq(table.counts, expected, sizeof expected);
    ngram_free(&table);
    ck_assert_ptr_null(table.counts);
}
END_TEST

// The counts after "ab" are b and, at the end of the text, nothing; after "bb" a.
START_TEST(two_letters_by_hand)
{
    Alphabet alphabet;
    Ngram table = counted(&alphabet, 2);
    static const int after_ab[] = { 0, 0, 0, 1, 0 }, after_bb[] = { 0, 0, 1, 0, 0 };
    ck_assert_mem_eq(following(&table, "ab"), after_ab, sizeof after_ab);
    ck_assert_mem_eq(following(&table, "bb"), after_bb, sizeof after_bb);
    ngram_free(&table);
}
END_TEST

// After a: '.' once and b twice of 3. With 1/2 added to the 5 counts, the sum is 5.5.
START_TEST(probabilities_by_hand)
{
    Alphabet alphabet;
    Ngram table = counted(&alphabet, 1);
    const double actual[] = { of_last(&table, "ab", 0.0), of_last(&table, "a.", 0.0),
                              of_last(&table, "aa", 0.0), of_last(&table, "ab", 0.5),
                              of_last(&table, "aa", 0.5), of_last(&table, "ca", 0.0),
                              of_last(&table, "ca", 0.5) };
    const double expected[] = { 2.0 / 3, 1.0 / 3, 0, 2.5 / 5.5, 0.5 / 5.5, 0, 0.2 };
    expect_by_hand("p", actual, expected, COUNT_OF(expected));
    ngram_free(&table);
}
END_TEST

// On "ab": a after the line ends has probability 1, b after it 2/3. On "aa" the second a has 0.
START_TEST(losses_by_hand)
{
    Alphabet alphabet;
    Ngram table = counted(&alphabet, 1);
    ck_assert_double_eq_tol(ngram_loss(&table, START "ab", 0.0), -log(2.0 / 3) / 2, 1e-12);
    ck_assert_double_infinite(ngram_loss(&table, START "aa", 0.0));
    ck_assert_double_eq_tol(ngram_loss(&table, START "aa", 0.5),
                            -(log(1.5 / 3.5) + log(0.5 / 5.5)) / 2, 1e-12);
    ngram_free(&table);
}
END_TEST

// Raising all counts by a lot makes all letters alike: ln V.
START_TEST(no_table_loses_ln_v)
{
    Alphabet alphabet;
    Ngram table = counted(&alphabet, _i);
    ck_assert_double_eq_tol(ngram_loss(&table, abba, 1e9), log(5), 1e-6);
    ngram_free(&table);
}
END_TEST

// After a there are '.' with 1/3, then b with 2/3.
START_TEST(draws_by_hand)
{
    Alphabet alphabet;
    Ngram table = counted(&alphabet, 1);
    ck_assert_int_eq(next_after(&table, "a", 0.0), '.');
    ck_assert_int_eq(next_after(&table, "a", 0.33), '.');
    ck_assert_int_eq(next_after(&table, "a", 0.34), 'b');
    ck_assert_int_eq(next_after(&table, "a", nextafter(1.0, 0.0)), 'b');
    ck_assert_int_eq(next_after(&table, "c", 0.5), '\n');
    ngram_free(&table);
}
END_TEST

START_TEST(too_large_a_table_is_refused)
{
    Alphabet alphabet;
    Ngram table;
    char all[256];
    for (int i = 0; i < 255; i++) all[i] = (char)(i + 1);
    all[255] = '\0';
    alphabet_of(&alphabet, (const char *const[]){ all }, 1);
    ck_assert_int_eq(alphabet.V, 255);
    ck_assert(!ngram_new(&table, &alphabet, 4));
    ck_assert_ptr_null(table.counts);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { alphabet_is_in_order }, { pairs_by_hand },
        { two_letters_by_hand },  { probabilities_by_hand },
        { losses_by_hand },       { no_table_loses_ln_v, 3 },
        { draws_by_hand },        { too_large_a_table_is_refused },
    };
    return run_tests("00 text", tests, COUNT_OF(tests));
}
