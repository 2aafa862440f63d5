// When the program restarts itself with threads that sleep while they wait.
#include "reference/numbers/machine_load.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stddef.h>

static const struct {
    double load;
    int running, processors;
    bool busy;
} machines[] = {
    { 0.0, 0, 2, false },  { 1.0, 0, 2, false }, { 1.01, 0, 2, true }, { 0.0, 1, 2, true },
    { -1.0, 0, 2, false }, { -1.0, 1, 2, true }, { 0.4, 0, 1, false }, { 0.6, 0, 1, true },
    { 0.0, 1, 1, true },   { 0.0, 3, 8, false }, { 0.0, 4, 8, true },  { 3.9, 3, 8, false },
    { 4.1, 0, 8, true },   { 1.4, 1, 3, false }, { 1.6, 0, 3, true },  { 0.0, 2, 3, true },
};

START_TEST(half_of_the_processors_is_busy)
{
    ck_assert_int_eq(machine_busy(machines[_i].load, machines[_i].running, machines[_i].processors),
                     machines[_i].busy);
}
END_TEST

START_TEST(only_without_a_chosen_policy_and_not_to_measure)
{
    ck_assert(may_restart_passive(NULL, "train"));
    ck_assert(may_restart_passive(NULL, "--version"));
    ck_assert(may_restart_passive(NULL, NULL));
    ck_assert(!may_restart_passive(NULL, "bench"));
    ck_assert(!may_restart_passive("active", "train"));
    ck_assert(!may_restart_passive("passive", "train")); // or it would restart for ever
    ck_assert(!may_restart_passive("", "train"));
    ck_assert(!may_restart_passive("passive", "bench"));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { half_of_the_processors_is_busy, COUNT_OF(machines) },
        { only_without_a_chosen_policy_and_not_to_measure },
    };
    return run_tests("machine_load", tests, COUNT_OF(tests));
}
