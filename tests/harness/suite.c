#include "tests/harness/suite.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef _OPENMP
static const bool HAVE_THREADS = true;
#else
static const bool HAVE_THREADS = false;
#endif

static TCase *new_tcase(Suite *suite, const char *name, const TestFixture *fixture) {
    TCase *tcase = tcase_create(name);
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    if (fixture != NULL && fixture->once) {
        tcase_add_unchecked_fixture(tcase, fixture->setup, fixture->teardown);
    } else if (fixture != NULL) {
        tcase_add_checked_fixture(tcase, fixture->setup, fixture->teardown);
    }
    return tcase;
}

int run_tests_with(const TestFixture *fixture, const char *name, const TestRow *tests, int count) {
    Suite *suite = suite_create(name);
    TCase *cases[2] = { NULL, NULL };
    int skipped = 0;
    // a failed check ends its process without flushing what the test has printed
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (int i = 0; i < count; i++) {
        const TestRow *row = &tests[i];
        if (row->threads == NEEDS_THREADS && !HAVE_THREADS) {
            skipped++;
            continue;
        }
        TCase *own = NULL, **shared = &cases[row->threads != NO_THREADS],
              **tcase = row->seconds > 0 ? &own : shared;
        if (*tcase == NULL) *tcase = new_tcase(suite, name, fixture);
        if (row->seconds > 0) tcase_set_timeout(*tcase, row->seconds);
        if (row->threads != NO_THREADS) tcase_set_tags(*tcase, "threads");
        int end = row->first + max_int(row->count, 1);
        tcase_add_loop_test_raise_signal(*tcase, row->test, row->signal, row->first, end);
    }
    if (skipped > 0)
        printf("skipped: %d of the tests of %s, which need threads (OpenMP)\n", skipped, name);
    fflush(stdout);
    bool passed = suite_run(suite) == EXIT_SUCCESS;
    return passed && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_tests(const char *name, const TestRow *tests, int count) {
    return run_tests_with(NULL, name, tests, count);
}

int suite_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
