#include "chapters/09_circuits/fuzzy_graph.h"
#include "tests/harness/expect.h"
#include <math.h>

void place_point(double *place, double *work, const double *distances, const int *index,
                 const double *y, int k);

static const double y[] = { 0, 0, 10, 0, 0, 10, 10, 10, 5, 5 };

static void expect_place(const char *what, const double *place, double x, double down,
                         double within) {
    ck_assert_msg(fabs(place[0] - x) < within && fabs(place[1] - down) < within,
                  "%s: (%.6g, %.6g), expected (%.6g, %.6g)", what, place[0], place[1], x, down);
}

// Equal distances, equal weights.
START_TEST(between_equals)
{
    double place[2], work[5];
    place_point(place, work, (double[]){ 0.3, 0.3, 0.3, 0.3 }, (int[]){ 0, 1, 2, 3 }, y, 4);
    expect_place("between four", place, 5, 5, 1e-9);
    place_point(place, work, (double[]){ 0.3, 0.3 }, (int[]){ 1, 3 }, y, 2);
    expect_place("between two", place, 10, 5, 1e-9);
}
END_TEST

// A point that the map has already, with everything else far away: at distance 0 its weight is 1,
// and so is that of the nearest of the others, at rho.
START_TEST(by_the_weights_of_the_graph)
{
    const double distances[] = { 0.1, 0.4, 0.5 };
    double place[2], work[4], rho, sigma;
    neighbour_scales(&rho, &sigma, (double[]){ 0, 0.1, 0.4, 0.5 }, 1, 4);
    double second = exp(-(0.4 - rho) / sigma), third = exp(-(0.5 - rho) / sigma);
    place_point(place, work, distances, (int[]){ 4, 1, 2 }, y, 3);
    double all = 1 + second + third;
    expect_place("three", place, (5 + 10 * second) / all, (5 + 10 * third) / all, 1e-9);
}
END_TEST

// The scale of the distances does not matter, apart from bisection's tolerance.
START_TEST(near_and_far)
{
    double near[2], far[2], work[4];
    const int index[] = { 3, 0, 4 };
    place_point(near, work, (double[]){ 0.01, 0.02, 0.05 }, index, y, 3);
    place_point(far, work, (double[]){ 1, 2, 5 }, index, y, 3);
    expect_place("a hundred times as far", far, near[0], near[1], 1e-3);
    ck_assert_msg(far[0] > 5.5, "(%.6g, %.6g) is not near the nearest", far[0], far[1]);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { between_equals },
        { by_the_weights_of_the_graph },
        { near_and_far },
    };
    return run_tests("09-4 a new point", tests, COUNT_OF(tests));
}
