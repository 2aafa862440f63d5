#include "chapters/07_language_model/rope.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>

void rope_neighbours(double *x, int position, int Dh);

// Position 2, Dh = 4: (1, 0) by 2 radians, (0, 1) by 2/100.
START_TEST(on_paper)
{
    double x[] = { 1, 0, 0, 1 };
    rope_neighbours(x, 2, 4);
    expect("x", x, (double[]){ cos(2), sin(2), -sin(0.02), cos(0.02) }, 4, 1e-12);
}
END_TEST

// The chapter's rotation of the same points in another layout.
START_TEST(the_same_points_in_another_order)
{
    for (int Dh = 2; Dh <= 18; Dh += 4) {
        double neighbours[18], halves[18], expected[18];
        for (int j = 0; j < Dh; j++) {
            neighbours[j] = random_normal(random_key(5, "x"), (uint64_t)j);
            halves[j % 2 * Dh / 2 + j / 2] = neighbours[j];
        }
        rope_neighbours(neighbours, 3 * Dh, Dh);
        rope(halves, 3 * Dh, Dh);
        for (int j = 0; j < Dh; j++) expected[j] = halves[j % 2 * Dh / 2 + j / 2];
        expect("x", neighbours, expected, (size_t)Dh, 1e-12);
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
