#include "chapters/07_language_model/rope.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <math.h>

void rope_neighbours(double *x, int position, int Dh);

// Position 2, Dh = 4: (1, 0) by 2 radians, (0, 1) by 2/100.
START_TEST(on_paper)
{
    double x[] = { 1, 0, 0, 1 };
    rope_neighbours(x, 2, 4);
    ck_assert_double_eq_tol(x[0], cos(2), 1e-12);
    ck_assert_double_eq_tol(x[1], sin(2), 1e-12);
    ck_assert_double_eq_tol(x[2], -sin(0.02), 1e-12);
    ck_assert_double_eq_tol(x[3], cos(0.02), 1e-12);
}
END_TEST

// The chapter's rotation of the same points in another layout.
START_TEST(the_same_points_in_another_order)
{
    for (int Dh = 2; Dh <= 18; Dh += 4) {
        double neighbours[18], halves[18];
        for (int j = 0; j < Dh; j++) {
            neighbours[j] = random_normal(random_key(5, "x"), (uint64_t)j);
            halves[j % 2 * Dh / 2 + j / 2] = neighbours[j];
        }
        rope_neighbours(neighbours, 3 * Dh, Dh);
        rope(halves, 3 * Dh, Dh);
        for (int j = 0; j < Dh; j++)
            ck_assert_double_eq_tol(neighbours[j], halves[j % 2 * Dh / 2 + j / 2], 1e-12);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { the_same_points_in_another_order },
    };
    return run_tests("07-2 neighbours", tests, COUNT_OF(tests));
}
