// Matrix products against plain loops in double: sizes that no tile divides, and those of nothing.
#include "reference/numbers/matmul.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 70, COLUMNS = 133, DEPTH = 53, SIZES = 6, VARIANTS = 16 };
static const int sizes[SIZES][3] = { // M, N, K
    { 70, 133, 53 }, { 0, 41, 53 }, { 1, 1, 1 }, { 36, 7, 0 }, { 13, 130, 31 }, { 5, 0, 3 }
};
static float a[ROWS * DEPTH], b[DEPTH * COLUMNS], c[ROWS * COLUMNS];

// The largest error of a product [M,N]; what lies outside of its rows and columns stays as it was.
static double product_error(int M, int N, int K, int variant) {
    Op op_a = variant & 1 ? TRANSPOSED : PLAIN, op_b = variant & 2 ? TRANSPOSED : PLAIN;
    bool add = (variant & 4) != 0, serial = (variant & 8) != 0;
    int lda = op_a == TRANSPOSED ? ROWS : DEPTH, ldb = op_b == TRANSPOSED ? DEPTH : COLUMNS;
    double worst = 0.0;
    for (int i = 0; i < ROWS * COLUMNS; i++) c[i] = 0.5f;
    (serial ? matmul_serial : matmul)(c, COLUMNS, op_a, a, lda, op_b, b, ldb, M, N, K, 2.0f, add);
    for (int m = 0; m < ROWS; m++) {
        for (int n = 0; n < COLUMNS; n++) {
            bool inside = m < M && n < N;
            double want = !inside || add ? 0.5 : 0.0;
            for (int k = 0; inside && k < K; k++) {
                want += 2.0 * a[op_a == PLAIN ? m * lda + k : k * lda + m] *
                        b[op_b == PLAIN ? k * ldb + n : n * ldb + k];
            }
            worst = fmax(worst, fabs(c[m * COLUMNS + n] - want));
        }
    }
    return worst;
}

START_TEST(products_are_right)
{
    double worst = 0.0;
    fill_normal(a, sizeof a / sizeof *a, 1, 1.0);
    fill_normal(b, sizeof b / sizeof *b, 2, 1.0);
    for (int i = 0; i < SIZES; i++)
        worst = fmax(worst, product_error(sizes[i][0], sizes[i][1], sizes[i][2], _i));
    if (getenv("MEASURE")) fprintf(stderr, "products %.1e\n", worst);
    ck_assert_double_lt(worst, 8e-5); // measured 2.1e-5, of twice the sums of 53 products
}
END_TEST

int main(void) {
    matmul_setup();
    const TestRow tests[] = {
        { products_are_right, VARIANTS },
    };
    return run_tests("matmul", tests, COUNT_OF(tests));
}
