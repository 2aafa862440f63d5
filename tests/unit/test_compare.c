// Every other test relies on the comparer, so here it must reject.
#include "reference/check/compare.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 5 };
static const double sample[COUNT] = { 3.0, -4.0, 0.0, 12.0, 1.0 };
static const Tolerance loose = { .absolute = 1e300, .relative = 1e300 };

static bool same(const double *actual, const double *expected, Tolerance tolerance) {
    Difference difference;
    bool ok = compare_values(&difference, "t", (Values){ actual, COUNT },
                             (Values){ expected, COUNT }, tolerance);
    // A rejection always says why, an agreement says nothing.
    ck_assert_int_eq(ok, difference.problem[0] == '\0');
    return ok;
}

START_TEST(equal_values_agree_exactly)
{ ck_assert(same(sample, sample, (Tolerance){ 0 })); }
END_TEST

START_TEST(a_planted_difference_is_measured_and_named)
{
    double actual[COUNT];
    memcpy(actual, sample, sizeof actual);
    actual[3] += 0.5;
    Difference difference;
    Values a = { actual, COUNT }, e = { sample, COUNT };
    ck_assert(!compare_values(&difference, "dx", a, e, (Tolerance){ .absolute = 0.49 }));
    ck_assert_double_eq(difference.worst, 0.5);
    ck_assert_double_eq_tol(difference.rms, sqrt(34.0), 1e-12); // (9 + 16 + 0 + 144 + 1) / 5
    ck_assert_uint_eq(difference.bad, 1);
    ck_assert_uint_eq(difference.first_bad, 3);
    ck_assert_ptr_nonnull(strstr(difference.problem, "dx[3]: 12.5, expected 12 "));
    ck_assert(compare_values(&difference, "dx", a, e, (Tolerance){ .absolute = 0.5 }));
    ck_assert(
        compare_values(&difference, "dx", a, e, (Tolerance){ .relative = 0.51 / sqrt(34.0) }));
    ck_assert(
        !compare_values(&difference, "dx", a, e, (Tolerance){ .relative = 0.49 / sqrt(34.0) }));
}
END_TEST

// Half of one element in five: sqrt(0.25 / 5) of sqrt(34), 3.8%.
START_TEST(the_mean_difference_is_bounded_too)
{
    double actual[COUNT];
    memcpy(actual, sample, sizeof actual);
    actual[3] += 0.5;
    ck_assert(same(actual, sample, (Tolerance){ .absolute = 1, .mean = 0.039 }));
    ck_assert(!same(actual, sample, (Tolerance){ .absolute = 1, .mean = 0.038 }));
    ck_assert(!same(actual, sample, (Tolerance){ .relative = 0.01, .mean = 0.039 }));
    ck_assert(!same(sample, sample, (Tolerance){ .mean = NAN }));
}
END_TEST

// Every element, either side, every kind of value that is not finite, and a tolerance that would
// excuse anything.
START_TEST(values_that_are_not_finite_never_agree)
{
    const double planted[] = { NAN, -NAN, INFINITY, -INFINITY };
    for (int i = 0; i < COUNT; i++) {
        double bad[COUNT];
        memcpy(bad, sample, sizeof bad);
        bad[i] = planted[_i];
        ck_assert(!same(bad, sample, loose));
        ck_assert(!same(sample, bad, loose));
        ck_assert(!same(bad, bad, loose));
        float narrow[COUNT];
        for (int j = 0; j < COUNT; j++) narrow[j] = (float)bad[j];
        Difference difference;
        ck_assert(
            !compare_floats(&difference, "t", narrow, COUNT, (Values){ sample, COUNT }, loose));
        ck_assert_uint_eq(difference.first_bad, i);
    }
}
END_TEST

START_TEST(a_nan_tolerance_accepts_nothing)
{
    ck_assert(!same(sample, sample, (Tolerance){ .absolute = NAN }));
    ck_assert(!same(sample, sample, (Tolerance){ .relative = NAN }));
    ck_assert(!same(sample, sample, (Tolerance){ .absolute = -1.0 }));
}
END_TEST

START_TEST(counts_must_agree_and_not_be_zero)
{
    Difference difference;
    float narrow[COUNT] = { 0 };
    const int32_t whole[COUNT] = { 0 };
    for (size_t actual = 0; actual <= COUNT; actual++) {
        for (size_t expected = 0; expected <= COUNT; expected++) {
            if (actual == expected && actual > 0) continue;
            ck_assert(!compare_values(&difference, "t", (Values){ sample, actual },
                                      (Values){ sample, expected }, loose));
            ck_assert(!compare_floats(&difference, "t", narrow, actual,
                                      (Values){ sample, expected }, loose));
            ck_assert(!compare_ints(&difference, "t", whole, actual, whole, expected));
            ck_assert(difference.problem[0] != '\0');
        }
    }
}
END_TEST

START_TEST(a_tensor_of_zeros_needs_zeros)
{
    const double zeros[COUNT] = { 0 };
    double actual[COUNT] = { 0 };
    ck_assert(same(actual, zeros, (Tolerance){ .relative = 1e-3 }));
    actual[4] = 1e-30;
    ck_assert(!same(actual, zeros, (Tolerance){ .relative = 1e-3 }));
}
END_TEST

START_TEST(integers_must_be_equal)
{
    const int32_t expected[3] = { 0, INT32_MAX, INT32_MIN };
    int32_t actual[3];
    memcpy(actual, expected, sizeof actual);
    Difference difference;
    ck_assert(compare_ints(&difference, "index", actual, 3, expected, 3));
    actual[2]++;
    ck_assert(!compare_ints(&difference, "index", actual, 3, expected, 3));
    ck_assert_uint_eq(difference.first_bad, 2);
    ck_assert_ptr_nonnull(strstr(difference.problem, "index[2]"));
}
END_TEST

START_TEST(finiteness_is_read_from_the_bits)
{
    ck_assert(finite_bits(0.0) && finite_bits(-0.0) && finite_bits(1.7976931348623157e308) &&
              finite_bits(5e-324));
    ck_assert(!finite_bits(NAN) && !finite_bits(INFINITY) && !finite_bits(-INFINITY));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { equal_values_agree_exactly },
        { the_mean_difference_is_bounded_too },
        { a_planted_difference_is_measured_and_named },
        { values_that_are_not_finite_never_agree, 4 },
        { a_nan_tolerance_accepts_nothing },
        { counts_must_agree_and_not_be_zero },
        { a_tensor_of_zeros_needs_zeros },
        { integers_must_be_equal },
        { finiteness_is_read_from_the_bits },
    };
    return run_tests("compare", tests, COUNT_OF(tests));
}
