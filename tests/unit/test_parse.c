// Numbers from text: the whole of it, in decimal, or nothing.
#include "reference/io/parse.h"
#include "tests/harness/suite.h"
#include <check.h>

static const struct {
    const char *text;
    bool is_whole;
    int64_t whole;
    bool is_real;
    double real;
} cases[] = {
    { "0", true, 0, true, 0 },
    { "-12", true, -12, true, -12 },
    { "007", true, 7, true, 7 },
    { "9007199254740993", true, 9007199254740993, true, 9007199254740992.0 },
    { "9223372036854775807", true, INT64_MAX, true, 9223372036854775807.0 },
    { "9223372036854775808", false, 0, true, 9223372036854775808.0 },
    { "1.5", false, 0, true, 1.5 },
    { ".5", false, 0, true, 0.5 },
    { "1e3", false, 0, true, 1000 },
    { "1E-3", false, 0, true, 1e-3 },
    { "", false },
    { "-", false },
    { ".", false },
    { " 1", false },
    { "1 ", false },
    { "+1", false },
    { "1,5", false },
    { "1e", false },
    { "1e999", false },
    { "nan", false },
    { "-inf", false },
    { "-nan", false },
    { "0x10", false },
    { "0x1p3", false },
    { "0X1P3", false },
    { "-0x1.8p1", false },
};

START_TEST(numbers_are_read_whole_or_refused)
{
    int64_t whole = 0;
    double real = 0;
    ck_assert_int_eq(parse_int(cases[_i].text, &whole), cases[_i].is_whole);
    ck_assert_int_eq(whole, cases[_i].whole);
    ck_assert_int_eq(parse_real(cases[_i].text, &real), cases[_i].is_real);
    ck_assert_double_eq(real, cases[_i].real);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { numbers_are_read_whole_or_refused, COUNT_OF(cases) } };
    return run_tests("parse", tests, COUNT_OF(tests));
}
