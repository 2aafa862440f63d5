#include "reference/io/error.h" // before check.h, which has a macro of the name fail
#include "tests/harness/suite.h"
#include "visualizer/frame_times.h"
#include "visualizer/view.h"
#include <math.h>

START_TEST(shares_of_frame_times)
{
    static FrameTimes times;
    ck_assert_double_eq(frame_times_within(&times, 0.5), 0);
    for (int i = 0; i < 100; i++) frame_times_add(&times, 1e-3 * (i * 37 % 100 + 0.995));
    ck_assert_double_eq_tol(frame_times_within(&times, 0.5), 0.05, 1e-9); // 50 of 100
    ck_assert_double_eq_tol(frame_times_within(&times, 0.99), 0.099, 1e-9);
    ck_assert_double_eq_tol(frame_times_within(&times, 1), 0.099995, 1e-9);
    frame_times_add(&times, 3); // longer than any step
    ck_assert_double_eq(frame_times_within(&times, 1), 3);
    ck_assert_double_eq(times.longest, 3);
}
END_TEST

START_TEST(inputs_and_movements_are_counted)
{
    static FrameTimes times;
    frame_times_input(&times, -INFINITY); // no input came
    ck_assert_double_eq(times.longest_input, 0);
    frame_times_input(&times, 0.03);
    frame_times_input(&times, 0.02);
    ck_assert_double_eq(times.longest_input, 0.03);
    for (int i = 0; i < 3; i++) frame_times_moving(&times, 0.5);
    ck_assert_double_eq(times.moving_seconds, 1.5);
    ck_assert_int_eq(times.moving_frames, 3);
}
END_TEST

START_TEST(the_scale_follows_the_size)
{
    static const struct {
        int width, height;
        float scale;
    } sizes[] = { { 1, 1, 1 },      { 1280, 720, 1 },  { 1919, 1080, 1 }, { 1920, 1080, 1.5f },
                  { 3840, 719, 1 }, { 2560, 1440, 2 }, { 3840, 2160, 3 }, { 16384, 16384, 3 } };
    for (int i = 0; i < COUNT_OF(sizes); i++)
        ck_assert_float_eq(view_scale(sizes[i].width, sizes[i].height, 1), sizes[i].scale);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { shares_of_frame_times },
                              { inputs_and_movements_are_counted },
                              { the_scale_follows_the_size } };
    return run_tests("frame_times", tests, COUNT_OF(tests));
}
