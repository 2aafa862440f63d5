// What the chapters' tests judge by, shown to reject: each planted bug is a test of its own, run by
// a runner inside this one, and has to fail there.
#include "tests/harness/expect.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The loss Σ w x³ over those x that are above `lowest`; the slope is 3 w x².
enum { COUNT = 20 };
typedef struct {
    double x[COUNT], w[COUNT], gradient[COUNT], lowest;
    int chosen[COUNT];
    Slopes slopes;
} Cubes;

static double cubes_loss(void *context) {
    Cubes *c = context;
    double sum = 0.0;
    for (int i = 0; i < COUNT; i++) {
        c->chosen[i] = c->x[i] > c->lowest;
        if (c->chosen[i]) sum += c->w[i] * c->x[i] * c->x[i] * c->x[i];
    }
    return sum;
}

static void cubes_new(Cubes *c) {
    *c = (Cubes){ .lowest = -100, .slopes = { cubes_loss, c, c->chosen, COUNT } };
    fill(c->x, COUNT, 1.0, 1, "x");
    fill(c->w, COUNT, 1.0, 1, "w");
    for (int i = 0; i < COUNT; i++) c->gradient[i] = 3 * c->w[i] * c->x[i] * c->x[i];
}

static void check_cubes(Cubes *c) { expect_slopes("cubes", c->x, c->gradient, COUNT, &c->slopes); }

START_TEST(right_slopes_agree)
{
    Cubes c;
    double before[COUNT];
    cubes_new(&c);
    memcpy(before, c.x, sizeof before);
    check_cubes(&c);
    // a step down from 3 loses it, and its slope with it; what lies below has none
    c.lowest = c.x[3];
    for (int i = 0; i < COUNT; i++) c.gradient[i] *= c.x[i] > c.lowest;
    check_cubes(&c);
    c.lowest = 100;
    memset(c.gradient, 0, sizeof c.gradient);
    expect_no_slopes("none", c.x, c.gradient, COUNT, &c.slopes);
    ck_assert(memcmp(before, c.x, sizeof before) == 0);
}
END_TEST

// ---- planted bugs; main wants each of them to fail

START_TEST(bug_in_one_slope)
{
    static const double wrong[] = { 1 + 1e-4, -1, 0, NAN, INFINITY };
    Cubes c;
    cubes_new(&c);
    c.gradient[7] *= wrong[_i];
    check_cubes(&c);
}
END_TEST

START_TEST(bug_all_zeros)
{
    Cubes c;
    cubes_new(&c);
    memset(c.gradient, 0, sizeof c.gradient);
    // a slope, and none stated
    if (_i == 0) check_cubes(&c);
    // the same, as if it were right
    if (_i == 1) expect_no_slopes("none", c.x, c.gradient, COUNT, &c.slopes);
    // from here there is no slope
    c.lowest = 100;
    if (_i == 2) check_cubes(&c); // and one was expected
    c.gradient[0] = 1e-30;
    if (_i == 3) expect_no_slopes("none", c.x, c.gradient, COUNT, &c.slopes);
}
END_TEST

// Every step changes the choice: nothing was checked.
static double restless_loss(void *context) {
    Cubes *c = context;
    double sum = cubes_loss(c);
    c->chosen[0] = sum > 0 ? (int)(fmod(sum, 1e-3) * 1e9) : (int)(fmod(-sum, 1e-3) * 1e9);
    return sum;
}

START_TEST(bug_the_choice_always_changes)
{
    Cubes c;
    cubes_new(&c);
    c.slopes.loss = restless_loss;
    check_cubes(&c);
}
END_TEST

START_TEST(bug_in_a_number)
{
    const double expected[] = { 1, 2, 3 };
    if (_i == 0) expect("relative", (double[]){ 1, 2, 3 + 1e-9 }, expected, 3, 1e-10);
    if (_i == 1) expect("same", (double[]){ 1, 2, nextafter(3, 4) }, expected, 3, 0);
    if (_i == 2) expect_by_hand("by hand", (double[]){ 1, 2 + 2e-14, 3 }, expected, 3);
    if (_i == 3) expect_by_hand("by hand", (double[]){ 1, NAN, 3 }, expected, 3);
    if (_i == 4)
        expect_within("within", (double[]){ 1, INFINITY, 3 }, expected, 3,
                      (Tolerance){ .absolute = 1e300 });
    if (_i == 5) expect_number("number", nextafter(3, 4), 3, 0);
    if (_i == 6) expect_number("number", 3 + 2e-9, 3, 1e-9);
    if (_i == 7) expect_number("number", NAN, 3, INFINITY);
    if (_i == 8) expect_number("number", INFINITY, 3, 1e300);
    if (_i == 9) expect_ints("ints", (int[]){ 1, 2, 4 }, (int[]){ 1, 2, 3 }, 3);
}
END_TEST

START_TEST(right_numbers_agree)
{
    expect_number("number", 3, 3, 0);
    expect_number("number", 3 + 1e-9, 3, 2e-9);
    expect_ints("ints", (int[]){ 1, 2, 3 }, (int[]){ 1, 2, 3 }, 3);
}
END_TEST

START_TEST(bug_in_a_golden_file)
{
    double y[512];
    Safetensors file = golden_ffn_file(_i == 0 ? "nobody" : "peer");
    size_t count = safetensors_find(&file, "y")->count,
           entries = safetensors_find(&file, "gating.indices")->count;
    int index[512] = { -1 };
    ck_assert(count <= 512 && entries <= 512);
    read_tensor(y, &file, "y", count - (_i == 1));
    if (_i == 2) golden_size(&file, "no such size");
    if (_i == 3) golden_value(&file, "ffn"); // a word
    if (_i == 4) read_tensor(y, &file, "no such tensor", 1);
    if (_i == 5) expect_tensor_ints(&file, "gating.indices", index, entries);
    y[0] += 1e-8;
    if (_i == 6) expect_tensor(&file, "y", y, count);
    safetensors_close(&file);
}
END_TEST

START_TEST(planted_bugs_are_seen)
{
    Suite *suite = suite_create("planted bugs");
    TCase *bugs = tcase_create("bugs");
    tcase_add_loop_test(bugs, bug_in_one_slope, 0, 5);
    tcase_add_loop_test(bugs, bug_all_zeros, 0, 4);
    tcase_add_test(bugs, bug_the_choice_always_changes);
    tcase_add_loop_test(bugs, bug_in_a_number, 0, 10);
    tcase_add_loop_test(bugs, bug_in_a_golden_file, 0, 7);
    suite_add_tcase(suite, bugs);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_SILENT);
    ck_assert_int_eq(srunner_ntests_run(runner), 27);
    TestResult **failures = srunner_failures(runner);
    for (int i = 0; i < srunner_ntests_failed(runner); i++)
        ck_assert_int_eq(tr_rtype(failures[i]), CK_FAILURE);
    ck_assert_int_eq(srunner_ntests_failed(runner), 27);
    free(failures);
    srunner_free(runner);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { right_slopes_agree },
        { right_numbers_agree },
        { planted_bugs_are_seen },
    };
    return run_tests("expect", tests, COUNT_OF(tests));
}
