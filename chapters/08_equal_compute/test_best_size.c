#include "chapters/08_equal_compute/best_size.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdbool.h>

// Sizes e^-1, 1, e and losses 4, 1, 2: u = -1, 0, 1, a = 1, b = (2 - 4)/2 = -1, c = (4 - 2·1 + 2)/2
// = 2; the minimum is at u = 1/4, where the loss is 1 - 1/8.
START_TEST(three_points_on_paper)
{
    const double sizes[] = { exp(-1.0), 1.0, exp(1.0) }, losses[] = { 4, 1, 2 };
    Parabola fit;
    ck_assert_int_eq(best_size(&fit, sizes, losses, 3), BEST_SIZE_FOUND);
    ck_assert_double_eq_tol(fit.a, 1.0, 1e-14);
    ck_assert_double_eq_tol(fit.b, -1.0, 1e-14);
    ck_assert_double_eq_tol(fit.c, 2.0, 1e-14);
    ck_assert_double_eq_tol(fit.parameters, exp(0.25), 1e-14);
    ck_assert_double_eq_tol(fit.loss, 0.875, 1e-14);
    ck_assert(fit.worst < 1e-14);
}
END_TEST

// Exact parabolas of any position, depth and width, at 3 to 9 unevenly spaced sizes, in any order.
// The largest error measured is 1.1e-14 in ln parameters, and 1.2e-14 in the loss.
START_TEST(exact_parabolas)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t key = random_key(seed, "parabola");
        int count = 3 + (int)(seed % 7);
        double best = 12 + 8 * random_uniform(key, 0), low = 1 + 4 * random_uniform(key, 1);
        double c = 0.01 + random_uniform(key, 2), sizes[9], losses[9];
        for (int i = 0; i < count; i++) { // the first three are below, at and above the minimum
            double u = i < 3 ? (i - 1) * (0.3 + random_uniform(key, 3 + (uint64_t)i))
                             : 4 * random_uniform(key, 3 + (uint64_t)i) - 2;
            int place = (i + (int)seed) % count;
            sizes[place] = exp(best + u);
            losses[place] = low + c * u * u;
        }
        Parabola fit;
        ck_assert_int_eq(best_size(&fit, sizes, losses, count), BEST_SIZE_FOUND);
        ck_assert_double_eq_tol(log(fit.parameters), best, 1e-13);
        ck_assert_double_eq_tol(fit.loss, low, 1e-13);
        ck_assert_double_eq_tol(fit.worst, 0.0, 1e-13);
        ck_assert_double_eq_tol(parabola_loss(&fit, sizes[0]), losses[0], 1e-13);
    }
}
END_TEST

// Least squares: no parabola close to the one found has a smaller sum of squares.
START_TEST(no_other_parabola_fits_better)
{
    enum { COUNT = 7 };
    double sizes[COUNT], losses[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        double u = (double)i - 3;
        sizes[i] = exp(10 + u);
        losses[i] = 3 + 0.1 * u * u + 0.2 * random_normal(5, i);
    }
    Parabola fit;
    best_size(&fit, sizes, losses, COUNT);
    double sums[7] = { 0 };
    for (int other = 0; other < 7; other++) {
        Parabola w = fit;
        double *const coefficients[] = { &w.a, &w.b, &w.c };
        if (other > 0) *coefficients[(other - 1) / 2] += other % 2 ? 1e-3 : -1e-3;
        for (int i = 0; i < COUNT; i++)
            sums[other] += pow(losses[i] - parabola_loss(&w, sizes[i]), 2);
        ck_assert_msg(other == 0 || sums[other] > sums[0], "%d: %.17g, and %.17g", other,
                      sums[other], sums[0]);
    }
    ck_assert(fit.worst > 0.01 && fit.worst < 1.0);
}
END_TEST

// ---- verdicts

static const struct {
    const char *name;
    int count;
    double sizes[5], losses[5];
    BestSizeVerdict verdict;
} cases[] = {
    { "falling", 3, { 1, 2, 4 }, { 3, 2, 1.5 }, BEST_SIZE_ABOVE },
    { "rising", 3, { 1, 2, 4 }, { 1.5, 2, 3 }, BEST_SIZE_BELOW },
    // the parabola's minimum is inside, at 2.85, but the largest size has the lowest loss
    { "flat at the end", 3, { 1, 2, 4 }, { 2, 1.01, 1 }, BEST_SIZE_ABOVE },
    { "flat at the beginning", 3, { 4, 2, 1 }, { 2, 1.01, 1 }, BEST_SIZE_BELOW },
    { "two equal at the bottom", 3, { 1, 2, 4 }, { 2, 1, 1 }, BEST_SIZE_FOUND },
    // the minimum is past the end (at 25.8, or 0.62), although a size inside has the lowest loss
    { "a late bend", 5, { 1, 2, 4, 8, 16 }, { 3, 2.4, 1.8, 1.2, 1.22 }, BEST_SIZE_ABOVE },
    { "an early bend", 5, { 1, 2, 4, 8, 16 }, { 1.22, 1.2, 1.8, 2.4, 3 }, BEST_SIZE_BELOW },
    { "a straight line", 4, { 1, 2, 4, 8 }, { 4, 3, 2, 1 }, BEST_SIZE_NO_MINIMUM },
    { "all equal", 3, { 1, 2, 4 }, { 1.1, 1.1, 1.1 }, BEST_SIZE_NO_MINIMUM },
    { "a hill", 3, { 1, 2, 4 }, { 1, 2, 1 }, BEST_SIZE_NO_MINIMUM },
    { "one point", 1, { 1 }, { 1 }, BEST_SIZE_TOO_FEW },
    { "no point", 0, { 0 }, { 0 }, BEST_SIZE_TOO_FEW },
    { "two sizes, three seeds", 4, { 1, 2, 1, 2 }, { 1, 2, 1.1, 2.1 }, BEST_SIZE_TOO_FEW },
    { "two seeds each", 5, { 1, 2, 4, 2, 1 }, { 2, 1, 2, 1.2, 2.2 }, BEST_SIZE_FOUND },
    { "one diverged", 3, { 1, 2, 4 }, { 2, 1, INFINITY }, BEST_SIZE_TOO_FEW },
    { "one of four diverged", 4, { 1, 2, 4, 8 }, { 2, 1, 2, NAN }, BEST_SIZE_FOUND },
    { "invalid sizes", 5, { 1, 2, 0, -4, NAN }, { 2, 1, 2, 2, 2 }, BEST_SIZE_TOO_FEW },
    { "an infinite size", 4, { 1, 2, 4, INFINITY }, { 2, 1, 2, 1 }, BEST_SIZE_FOUND },
};
enum { CASES = COUNT_OF(cases) };

START_TEST(verdicts)
{
    Parabola fit;
    BestSizeVerdict verdict = best_size(&fit, cases[_i].sizes, cases[_i].losses, cases[_i].count);
    ck_assert_msg(verdict == cases[_i].verdict, "%s: %d", cases[_i].name, verdict);
    bool has_minimum = verdict != BEST_SIZE_NO_MINIMUM && verdict != BEST_SIZE_TOO_FEW;
    ck_assert(isfinite(fit.parameters) == has_minimum && isfinite(fit.loss) == has_minimum);
}
END_TEST

// Straight lines have no minimum, whatever rounding makes of them.
START_TEST(straight_lines)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t key = random_key(seed, "line");
        double slope = random_normal(key, 0), sizes[4], losses[4];
        for (uint64_t i = 0; i < 4; i++) {
            sizes[i] = exp(10 + 5 * random_uniform(key, 1 + i));
            losses[i] = 3 + slope * (log(sizes[i]) - 12);
        }
        Parabola fit;
        ck_assert_int_eq(best_size(&fit, sizes, losses, 4), BEST_SIZE_NO_MINIMUM);
        ck_assert(isnan(fit.parameters) && isnan(fit.loss));
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { three_points_on_paper }, { exact_parabolas }, { no_other_parabola_fits_better },
        { straight_lines },        { verdicts, CASES },
    };
    return run_tests("08 best size", tests, COUNT_OF(tests));
}
