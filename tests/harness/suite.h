#ifndef TESTS_HARNESS_SUITE_H
#define TESTS_HARNESS_SUITE_H
#include "reference/numbers/minmax.h"
#include <check.h>
#include <stdbool.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" // of rows: left out is zero

// What a test does with threads besides running on as many as there are.
typedef enum {
    NO_THREADS,
    USES_THREADS,  // sets their number, or starts some: `make races` runs these alone
    NEEDS_THREADS, // and only compares numbers of threads: skipped, and reported, without OpenMP
} TestThreads;

// One row of a test program's table; only `test` is required.
typedef struct {
    const TTest *test; // defined by START_TEST
    int count;         // a loop test: runs count times, with _i = first .. first+count-1
    int first;
    int signal; // that must end it
    TestThreads threads;
    int seconds; // it may take; 0: two minutes
} TestRow;

// Runs a table of tests and returns main's exit status:
//     int main(void) {
//         const TestRow tests[] = { { one_test }, { a_loop_test, COUNT_OF(cases) } };
//         return run_tests("tensors", tests, COUNT_OF(tests));
//     }
// An empty table fails. CK_VERBOSITY in the environment says how much is printed.
int run_tests(const char *name, const TestRow *tests, int count);

// Called before and after each test; with `once`, before the first and after the last.
typedef struct {
    void (*setup)(void), (*teardown)(void);
    bool once;
} TestFixture;

int run_tests_with(const TestFixture *fixture, const char *name, const TestRow *tests, int count);

// The same for a suite made by hand, which it frees.
int suite_run(Suite *suite);
#endif
