// Matrix products against plain loops in double: sizes that no tile divides, and empty ones.
#include "reference/numbers/matmul.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 70, COLUMNS = 133, DEPTH = 53, SIZES = 10, VARIANTS = 16 };
static const int sizes[SIZES][3] = { // M, N, K
    { 70, 133, 53 }, { 0, 41, 53 },  { 1, 1, 1 },   { 36, 7, 0 }, { 13, 130, 31 },
    { 5, 0, 3 },     { 1, 133, 53 }, { 70, 1, 53 }, { 1, 6, 2 },  { 1, 3, 0 }
};
static float a[ROWS * DEPTH], b[DEPTH * COLUMNS], c[ROWS * COLUMNS];

// The largest error of a product [M,N]; what is outside its rows and columns must not change. A
// single column is written without gaps, as matmul may then read it as a row.
static double product_error(int M, int N, int K, int variant) {
    bool a_transposed = variant & 1, b_transposed = variant & 2, add = variant & 4,
         serial = variant & 8;
    Matrix of_a = a_transposed ? transpose(strided(a, K, M, ROWS)) : strided(a, M, K, DEPTH);
    Matrix of_b = b_transposed ? transpose(strided(b, N, K, DEPTH)) : strided(b, K, N, COLUMNS);
    int stride = N == 1 ? 1 : COLUMNS;
    double worst = 0.0;
    for (int i = 0; i < ROWS * COLUMNS; i++) c[i] = 0.5f;
    (serial ? matmul_serial : matmul)(c, stride, of_a, of_b, 2.0f, add);
    for (int m = 0; m < ROWS; m++) {
        for (int n = 0; n < stride; n++) {
            bool inside = m < M && n < N;
            double expected = !inside || add ? 0.5 : 0.0;
            for (int k = 0; inside && k < K; k++) {
                expected += 2.0 * a[a_transposed ? k * ROWS + m : m * DEPTH + k] *
                            b[b_transposed ? n * DEPTH + k : k * COLUMNS + n];
            }
            worst = fmax(worst, fabs(c[m * stride + n] - expected));
        }
    }
    return worst;
}

START_TEST(products_are_right)
{
    double worst = 0.0;
    random_fill_normal(a, sizeof a / sizeof *a, 1, 1.0);
    random_fill_normal(b, sizeof b / sizeof *b, 2, 1.0);
    for (int i = 0; i < SIZES; i++)
        worst = fmax(worst, product_error(sizes[i][0], sizes[i][1], sizes[i][2], _i));
    if (getenv("MEASURE")) fprintf(stderr, "products %.1e\n", worst);
    ck_assert_double_lt(worst, 8e-5); // measured 2.1e-5, of twice the sums of 53 products
}
END_TEST

// One row of a matrix large enough for several threads.
START_TEST(threads_do_not_change_a_bit_of_a_row)
{
    enum { IN = 131, OUT = 5003 };
    static float x[IN], w[IN * OUT], y[4][OUT];
    random_fill_normal(x, IN, 3, 1.0);
    random_fill_normal(w, sizeof w / sizeof *w, 4, 1.0);
    for (int i = 0; i < 4; i++) {
        Matrix weights = i & 1 ? transpose(matrix(w, OUT, IN)) : matrix(w, IN, OUT);
        parallel_set_threads(i < 2 ? 1 : 3);
        matmul(y[i], OUT, matrix(x, 1, IN), weights, 1.0f, false);
    }
    ck_assert_mem_eq(y[0], y[2], sizeof y[0]);
    ck_assert_mem_eq(y[1], y[3], sizeof y[1]);
}
END_TEST

START_TEST(shapes_that_do_not_fit_abort)
{ matmul(c, 3, matrix(a, 2, 4), matrix(b, 5, 3), 1.0f, false); }
END_TEST

int main(void) {
    sgemm_setup();
    const TestRow tests[] = {
        { products_are_right, VARIANTS },
        { threads_do_not_change_a_bit_of_a_row, .threads = NEEDS_THREADS },
        { shapes_that_do_not_fit_abort, .signal = SIGABRT },
    };
    return run_tests("matmul", tests, COUNT_OF(tests));
}
