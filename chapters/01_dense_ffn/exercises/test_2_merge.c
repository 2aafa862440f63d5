#include "chapters/01_dense_ffn/dense_ffn.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

void merge(double *ab, const double *a, const double *b, int in, int middle, int out);

// [1 2; 0 1; 3 0] · [1 -1; 2 5] = [1+4 -1+10; 2 5; 3 -3]
START_TEST(by_hand)
{
    const double a[] = { 1, 2, 0, 1, 3, 0 }, b[] = { 1, -1, 2, 5 },
                 expected[] = { 5, 9, 2, 5, 3, -3 };
    double ab[6];
    merge(ab, a, b, 3, 2, 2);
    expect("ab", ab, expected, 6, 0.0);
}
END_TEST

START_TEST(one_layer_outputs_what_two_did)
{
    enum { IN = 5, MIDDLE = 11, OUT = 3 };
    double x[IN], a[IN * MIDDLE], h[MIDDLE], b[MIDDLE * OUT], two[OUT], ab[IN * OUT], one[OUT];
    for (int i = 0; i < IN; i++) x[i] = random_normal(random_key(1, "x"), i);
    for (int i = 0; i < IN * MIDDLE; i++) a[i] = random_normal(random_key(1, "a"), i);
    for (int i = 0; i < MIDDLE * OUT; i++) b[i] = random_normal(random_key(1, "b"), i);
    linear(h, x, a, IN, MIDDLE);
    linear(two, h, b, MIDDLE, OUT);
    merge(ab, a, b, IN, MIDDLE, OUT);
    linear(one, x, ab, IN, OUT);
    expect("y", one, two, OUT, 1e-12); // measured: 2e-16
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { one_layer_outputs_what_two_did },
    };
    return run_tests("01-2 two linear layers are one", tests, COUNT_OF(tests));
}
