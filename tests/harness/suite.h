#ifndef TESTS_HARNESS_SUITE_H
#define TESTS_HARNESS_SUITE_H
#include <check.h>

// Runs all tests of a suite, which it frees, and returns main's exit status. CK_VERBOSITY in the
// environment says how much is printed.
int suite_run(Suite *suite);
#endif
