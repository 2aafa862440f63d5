#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>

double merged_cosine(const double *a_score, const int *a_index, int a_count, const double *b_score,
                     const int *b_index, int b_count);

// (3, 0, 4) and (0, 0, 2): 8 / (5 · 2).
START_TEST(on_paper)
{
    const double a[] = { 3, 4 }, b[] = { 2 };
    const int i[] = { 0, 2 }, j[] = { 2 };
    expect_number("(3,0,4), (0,0,2)", merged_cosine(a, i, 2, b, j, 1), 0.8, 1e-13);
    expect_number("the other way round", merged_cosine(b, j, 1, a, i, 2), 0.8, 1e-13);
    expect_number("with itself", merged_cosine(a, i, 2, a, i, 2), 1.0, 1e-13);
    expect_number("with its opposite", merged_cosine(a, i, 2, (double[]){ -3, -4 }, i, 2), -1.0,
                  1e-13);
}
END_TEST

// Orthogonal vectors, and vectors of length 0: the cosine is 0.
START_TEST(nothing_in_common)
{
    const double a[] = { 3, 4 }, zeros[] = { 0, 0 };
    const int i[] = { 0, 2 }, j[] = { 1, 3 };
    expect_number("other indices", merged_cosine(a, i, 2, a, j, 2), 0.0, 1e-13);
    expect_number("zeros", merged_cosine(a, i, 2, zeros, i, 2), 0.0, 1e-13);
    expect_number("an empty vector", merged_cosine(a, i, 2, NULL, NULL, 0), 0.0, 1e-13);
}
END_TEST

// Indices up to INT_MAX: a dense vector of that length would not fit.
START_TEST(no_dense_vector)
{
    const double a[] = { 1, 2, 2 }, b[] = { 5, 3, 4 };
    const int i[] = { 7, 1000000, INT_MAX }, j[] = { 8, 1000000, INT_MAX };
    expect_number("far apart", merged_cosine(a, i, 3, b, j, 3), 14 / (3 * sqrt(50)), 1e-13);
}
END_TEST

// A million entries each, of which one in six is shared: comparing all pairs would take hours.
START_TEST(in_one_pass)
{
    enum { COUNT = 1000000 };
    double *a = malloc(COUNT * sizeof *a), *b = malloc(COUNT * sizeof *b), dot = 0, aa = 0, bb = 0;
    int *i = malloc(COUNT * sizeof *i), *j = malloc(COUNT * sizeof *j);
    ck_assert(a && b && i && j);
    for (int n = 0; n < COUNT; n++) {
        i[n] = 2 * n;
        j[n] = 3 * n;
        a[n] = random_normal(1, (uint64_t)n);
        b[n] = random_normal(2, (uint64_t)n);
        aa += a[n] * a[n];
        bb += b[n] * b[n];
    }
    for (int n = 0; 6 * n < 2 * COUNT; n++) dot += a[3 * n] * b[2 * n];
    double expected = dot / sqrt(aa * bb), actual = merged_cosine(a, i, COUNT, b, j, COUNT);
    free(a);
    free(b);
    free(i);
    free(j);
    expect_number("a million entries", actual, expected, 1e-13);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { nothing_in_common },
        { no_dense_vector },
        { in_one_pass },
    };
    return run_tests("09-1 merge", tests, COUNT_OF(tests));
}
