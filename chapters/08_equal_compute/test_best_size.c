#include "chapters/08_equal_compute/best_size.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdbool.h>

// On paper, with sizes e^-1, 1, e and losses 4, 1, 2: u = -1, 0, 1, a = 1, b = (2 - 4)/2 = -1, c =
// (4 - 2·1 + 2)/2 = 2; lowest at u = 1/4, where the loss is 1 - 1/8.
START_TEST(three_points_on_paper)
{
    const double sizes[] = { exp(-1.0), 1.0, exp(1.0) }, losses[] = { 4, 1, 2 };
    Parabola v;
    ck_assert_int_eq(best_size(&v, sizes, losses, 3), BEST_SIZE_FOUND);
    ck_assert_double_eq_tol(v.a, 1.0, 1e-14);
    ck_assert_double_eq_tol(v.b, -1.0, 1e-14);
    ck_assert_double_eq_tol(v.c, 2.0, 1e-14);
    ck_assert_double_eq_tol(v.parameters, exp(0.25), 1e-14);
    ck_assert_double_eq_tol(v.loss, 0.875, 1e-14);
    ck_assert(v.worst < 1e-14);
}
END_TEST

// Exact parabolas of any place, depth and width, at 3 to 9 uneven sizes, in any order: measured
// worst error of the place 1.1e-14 in ln parameters, of the loss 1.2e-14.
START_TEST(exact_parabolas)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t key = random_key(seed, "parabola");
        int count = 3 + (int)(seed % 7);
        double best = 12 + 8 * random_uniform(key, 0), low = 1 + 4 * random_uniform(key, 1);
        double c = 0.01 + random_uniform(key, 2), sizes[9], losses[9];
        for (int i = 0; i < count; i++) { // the first three below, at and above the lowest point
            double u = i < 3 ? (i - 1) * (0.3 + random_uniform(key, 3 + (uint64_t)i))
                             : 4 * random_uniform(key, 3 + (uint64_t)i) - 2;
            int at = (i + (int)seed) % count;
            sizes[at] = exp(best + u);
            losses[at] = low + c * u * u;
        }
        Parabola v;
        ck_assert_int_eq(best_size(&v, sizes, losses, count), BEST_SIZE_FOUND);
        ck_assert_double_eq_tol(log(v.parameters), best, 1e-13);
        ck_assert_double_eq_tol(v.loss, low, 1e-13);
        ck_assert_double_eq_tol(v.worst, 0.0, 1e-13);
        ck_assert_double_eq_tol(parabola_loss(&v, sizes[0]), losses[0], 1e-13);
    }
}
END_TEST

// Least squares: no parabola near the one found is nearer to the points.
START_TEST(no_other_parabola_is_nearer)
{
    enum { COUNT = 7 };
    double sizes[COUNT], losses[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        double u = (double)i - 3;
        sizes[i] = exp(10 + u);
        losses[i] = 3 + 0.1 * u * u + 0.2 * random_normal(5, i);
    }
    Parabola v;
    best_size(&v, sizes, losses, COUNT);
    double sums[7] = { 0 };
    for (int other = 0; other < 7; other++) {
        Parabola w = v;
        double *const letters[] = { &w.a, &w.b, &w.c };
        if (other > 0) *letters[(other - 1) / 2] += other % 2 ? 1e-3 : -1e-3;
        for (int i = 0; i < COUNT; i++)
            sums[other] += pow(losses[i] - parabola_loss(&w, sizes[i]), 2);
        ck_assert_msg(other == 0 || sums[other] > sums[0], "%d: %.17g, and %.17g", other,
                      sums[other], sums[0]);
    }
    ck_assert(v.worst > 0.01 && v.worst < 1.0);
}
END_TEST

// ---- at the edge, and worse

static const struct {
    const char *name;
    int count;
    double sizes[5], losses[5];
    BestSizeVerdict verdict;
} cases[] = {
    { "falling", 3, { 1, 2, 4 }, { 3, 2, 1.5 }, BEST_SIZE_ABOVE },
    { "rising", 3, { 1, 2, 4 }, { 1.5, 2, 3 }, BEST_SIZE_BELOW },
    // The parabola's lowest point lies inside, at 2.85, but the largest size came lowest: seen from
    // one side alone.
    { "flat at the end", 3, { 1, 2, 4 }, { 2, 1.01, 1 }, BEST_SIZE_ABOVE },
    { "flat at the beginning", 3, { 4, 2, 1 }, { 2, 1.01, 1 }, BEST_SIZE_BELOW },
    { "two alike at the bottom", 3, { 1, 2, 4 }, { 2, 1, 1 }, BEST_SIZE_FOUND },
    // The first four lead the parabola past the end (to 25.8, or 0.62), though a size inside came
    // lowest.
    { "a late bend", 5, { 1, 2, 4, 8, 16 }, { 3, 2.4, 1.8, 1.2, 1.22 }, BEST_SIZE_ABOVE },
    { "an early bend", 5, { 1, 2, 4, 8, 16 }, { 1.22, 1.2, 1.8, 2.4, 3 }, BEST_SIZE_BELOW },
    { "a straight line", 4, { 1, 2, 4, 8 }, { 4, 3, 2, 1 }, BEST_SIZE_NO_MINIMUM },
    { "all alike", 3, { 1, 2, 4 }, { 1.1, 1.1, 1.1 }, BEST_SIZE_NO_MINIMUM },
    { "a hill", 3, { 1, 2, 4 }, { 1, 2, 1 }, BEST_SIZE_NO_MINIMUM },
    { "one point", 1, { 1 }, { 1 }, BEST_SIZE_TOO_FEW },
    { "no point", 0, { 0 }, { 0 }, BEST_SIZE_TOO_FEW },
    { "two sizes, three seeds", 4, { 1, 2, 1, 2 }, { 1, 2, 1.1, 2.1 }, BEST_SIZE_TOO_FEW },
    { "a seed more at each", 5, { 1, 2, 4, 2, 1 }, { 2, 1, 2, 1.2, 2.2 }, BEST_SIZE_FOUND },
    { "one broke down", 3, { 1, 2, 4 }, { 2, 1, INFINITY }, BEST_SIZE_TOO_FEW },
    { "one broke down of four", 4, { 1, 2, 4, 8 }, { 2, 1, 2, NAN }, BEST_SIZE_FOUND },
    { "sizes that are none", 5, { 1, 2, 0, -4, NAN }, { 2, 1, 2, 2, 2 }, BEST_SIZE_TOO_FEW },
    { "an endless size", 4, { 1, 2, 4, INFINITY }, { 2, 1, 2, 1 }, BEST_SIZE_FOUND },
};
enum { CASES = sizeof cases / sizeof cases[0] };

START_TEST(verdicts)
{
    Parabola v;
    BestSizeVerdict verdict = best_size(&v, cases[_i].sizes, cases[_i].losses, cases[_i].count);
    ck_assert_msg(verdict == cases[_i].verdict, "%s: %d", cases[_i].name, verdict);
    bool points_somewhere = verdict != BEST_SIZE_NO_MINIMUM && verdict != BEST_SIZE_TOO_FEW;
    ck_assert(isfinite(v.parameters) == points_somewhere && isfinite(v.loss) == points_somewhere);
}
END_TEST

// Lines have no lowest point, whichever way rounding bends them.
START_TEST(straight_lines)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t key = random_key(seed, "line");
        double slope = random_normal(key, 0), sizes[4], losses[4];
        for (uint64_t i = 0; i < 4; i++) {
            sizes[i] = exp(10 + 5 * random_uniform(key, 1 + i));
            losses[i] = 3 + slope * (log(sizes[i]) - 12);
        }
        Parabola v;
        ck_assert_int_eq(best_size(&v, sizes, losses, 4), BEST_SIZE_NO_MINIMUM);
        ck_assert(isnan(v.parameters) && isnan(v.loss));
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { three_points_on_paper }, { exact_parabolas }, { no_other_parabola_is_nearer },
        { straight_lines },        { verdicts, CASES },
    };
    return run_tests("08 best size", tests, COUNT_OF(tests));
}
