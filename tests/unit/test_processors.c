// How many threads a program starts with, in containers and with absurd numbers.
#include "reference/numbers/parallel.h"
#include "reference/numbers/processors.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <limits.h>
#include <stdlib.h>

static const struct {
    const char *cpu_max;
    int processors;
} quotas[] = {
    { "max 100000\n", 0 },
    { "200000 100000\n", 2 },
    { "150000 100000", 2 },
    { "50000 100000", 1 },
    { "1000 100000", 1 },
    { "-1\n 100000\n", 0 },
    { "", 0 },
    { "100000", 0 },
    { "100000 0", 0 },
    { "9223372036854775807 1", INT_MAX },
    { "400000 50000", 8 },
};

START_TEST(a_quota_counts_as_processors)
{ ck_assert_int_eq(quota_processors(quotas[_i].cpu_max), quotas[_i].processors); }
END_TEST

static const struct {
    int requested, processors, allowed;
} numbers[] = {
    { 1, 1, 1 },        { 2, 2, 2 },    { 16, 1, 16 },           { 17, 1, 16 },
    { 16, 2, 16 },      { 64, 16, 64 }, { 20000, 16, 64 },       { 20000, 2, 16 },
    { INT_MAX, 2, 16 }, { 0, 2, 1 },    { 1000, INT_MAX, 1000 }, { -1486618624, 2, 1 },
};

START_TEST(threads_are_a_small_multiple_of_the_processors)
{
    ck_assert_int_eq(threads_allowed(numbers[_i].requested, numbers[_i].processors),
                     numbers[_i].allowed);
}
END_TEST

START_TEST(a_program_starts_with_the_processors_or_what_is_set)
{
    int processors = processors_available();
    ck_assert_int_ge(processors, 1);
    unsetenv("OMP_NUM_THREADS");
    parallel_set_threads(20000);
    ck_assert_int_eq(threads_setup(), 0);
    ck_assert_int_eq(parallel_threads(), processors);
    setenv("OMP_NUM_THREADS", "3", 1);
    parallel_set_threads(3);
    ck_assert_int_eq(threads_setup(), 0);
    ck_assert_int_eq(parallel_threads(), 3);
    setenv("OMP_NUM_THREADS", "20000", 1);
    parallel_set_threads(20000);
    ck_assert_int_eq(threads_setup(), 20000);
    ck_assert_int_eq(parallel_threads(), threads_allowed(20000, processors));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_quota_counts_as_processors, COUNT_OF(quotas) },
        { threads_are_a_small_multiple_of_the_processors, COUNT_OF(numbers) },
        { a_program_starts_with_the_processors_or_what_is_set, .threads = NEEDS_THREADS },
    };
    return run_tests("processors", tests, COUNT_OF(tests));
}
