// Several products at once, against plain loops in double; single ones are held by every layer that uses them.
#include "reference/support/matmul.h"
#include "tests/support/layer.h"
#include "tests/support/suite.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    float *a, *b, *c; // [37,53], [53,41] and [37,41] hold the largest of each
    Op op_a, op_b;
    bool add;
} Products;

enum { ROWS = 37, DEPTH = 53, COLUMNS = 41, PRODUCTS = 6 };
static const int sizes[PRODUCTS][3] = { { 37, 41, 53 }, { 0, 41, 53 },  { 1, 1, 1 },
                                        { 36, 7, 0 },   { 13, 40, 31 }, { 5, 0, 3 } };

static Product product_of(const void *context, int i) {
    const Products *p = context;
    bool at = p->op_a == TRANSPOSED, bt = p->op_b == TRANSPOSED;
    return (Product){ .c = p->c + (size_t)i * ROWS * COLUMNS,
                      .a = p->a + i, // others than its neighbours'
                      .b = p->b + i,
                      .ldc = COLUMNS,
                      .lda = at ? ROWS : DEPTH,
                      .ldb = bt ? DEPTH : COLUMNS,
                      .op_a = p->op_a,
                      .op_b = p->op_b,
                      .M = sizes[i][0],
                      .N = sizes[i][1],
                      .K = sizes[i][2],
                      .add = p->add };
}

// Each is what loops make of it, on whatever tiles; what lies outside its M rows and N columns stays as it is.
START_TEST(many_products_are_each_right)
{
    static float a[ROWS * DEPTH + PRODUCTS], b[DEPTH * COLUMNS + PRODUCTS], c[PRODUCTS * ROWS * COLUMNS];
    Products p = { a, b, c, _i & 1 ? TRANSPOSED : PLAIN, _i & 2 ? TRANSPOSED : PLAIN, (_i & 4) != 0 };
    fill_normal(a, sizeof a / sizeof *a, 1, 1.0);
    fill_normal(b, sizeof b / sizeof *b, 2, 1.0);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) c[i] = 0.5f;
    matmul_each(product_of, &p, PRODUCTS);
    double worst = 0.0;
    for (int i = 0; i < PRODUCTS; i++) {
        Product q = product_of(&p, i);
        for (int m = 0; m < ROWS; m++) {
            for (int n = 0; n < COLUMNS; n++) {
                bool inside = m < q.M && n < q.N;
                double want = !inside || q.add ? 0.5 : 0.0;
                for (int k = 0; inside && k < q.K; k++) {
                    want += (double)q.a[q.op_a == PLAIN ? m * q.lda + k : k * q.lda + m] *
                            q.b[q.op_b == PLAIN ? k * q.ldb + n : n * q.ldb + k];
                }
                worst = fmax(worst, fabs(q.c[m * COLUMNS + n] - want));
            }
        }
    }
    if (getenv("MEASURE")) fprintf(stderr, "products %.1e\n", worst);
    ck_assert_double_lt(worst, 3.5e-5); // measured 8.3e-6, of sums of 53 products
}
END_TEST

int main(void) {
    matmul_setup();
    Suite *suite = suite_create("matmul");
    TCase *tests = tcase_create("products");
    tcase_add_loop_test(tests, many_products_are_each_right, 0, 8);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
