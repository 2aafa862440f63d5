// Dot products against sums in double, of rows that no vector register divides, and of rows with
// NaN or infinity anywhere.
#include "reference/numbers/dot.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 150 };
static float x[LONGEST], w[5][LONGEST], sums[5];

// All five: sums[0 .. 3] by dot4, sums[4] by dot.
static void dots(int D) {
    dot4(sums, x, w[0], w[1], w[2], w[3], D);
    sums[4] = dot(x, w[4], D);
}

static void fill(void) {
    random_fill_normal(x, LONGEST, 1, 1.0);
    for (int row = 0; row < 5; row++) random_fill_normal(w[row], LONGEST, (uint64_t)row + 2, 1.0);
}

START_TEST(sums_are_right)
{
    double worst = 0.0;
    fill();
    for (int D = 0; D <= LONGEST; D++) {
        dots(D);
        for (int row = 0; row < 5; row++) {
            double expected = 0.0;
            for (int d = 0; d < D; d++) expected += (double)x[d] * w[row][d];
            worst = fmax(worst, fabs(sums[row] - expected));
        }
    }
    if (getenv("MEASURE")) fprintf(stderr, "dot %.1e\n", worst);
    ck_assert_double_lt(worst, 1.5e-5); // measured 3.7e-6
}
END_TEST

// The order of a sum is free, but no term may get lost.
START_TEST(nan_and_infinity_come_through)
{
    static const float values[] = { NAN, INFINITY, -INFINITY };
    for (int D = 1; D <= LONGEST; D++) {
        for (int at = 0; at < D; at++) {
            fill();
            float value = values[(D + at) % COUNT_OF(values)];
            for (int row = 0; row < 5; row++) w[row][at] = value;
            dots(D);
            for (int row = 0; row < 5; row++) {
                float expected = value * x[at];
                bool same = isnan(expected) ? isnan(sums[row]) : sums[row] == expected;
                ck_assert_msg(same, "D=%d at=%d row=%d: %g", D, at, row, (double)sums[row]);
            }
        }
    }
    fill();
    x[0] = x[LONGEST - 1] = INFINITY;
    for (int row = 0; row < 5; row++) w[row][0] = 1.0f, w[row][LONGEST - 1] = -1.0f;
    dots(LONGEST); // infinity - infinity
    for (int row = 0; row < 5; row++) ck_assert(isnan(sums[row]));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { sums_are_right },
        { nan_and_infinity_come_through },
    };
    return run_tests("dot", tests, COUNT_OF(tests));
}
