// What the pictures of the chapters have in common (chapters/diagram.h).
#include "chapters/diagram.h"
#include "tests/harness/suite.h"
#include <string.h>

static DrawList new_list(void) { return draw_new(400, 300, font_builtin()); }

// The next command of a kind; fails if there is none.
static DrawCommand next_of(const DrawList *list, DrawKind kind, size_t *cursor) {
    DrawCommand command;
    while (draw_next(list, &command, cursor)) {
        if (command.kind == kind) return command;
    }
    ck_abort_msg("no command of kind %d", kind);
    return command;
}

static const Plot linear_plot = { { 50, 40, 300, 200 }, -1, 2, 0, 4, false };
static const Plot log_plot = { { 50, 40, 300, 200 }, 1, 1000, 0.01, 100, true };

START_TEST(points_of_a_plot)
{
    ck_assert_float_eq(plot_x(&linear_plot, -1), 50);
    ck_assert_float_eq(plot_x(&linear_plot, 0), 150);
    ck_assert_float_eq(plot_x(&linear_plot, 2), 350);
    ck_assert_float_eq(plot_y(&linear_plot, 0), 240); // y points down
    ck_assert_float_eq(plot_y(&linear_plot, 3), 90);
    ck_assert_float_eq_tol(plot_x(&log_plot, 10), 150, 1e-3);
    ck_assert_float_eq_tol(plot_y(&log_plot, 1), 140, 1e-3);
    ck_assert_float_eq_tol(plot_y(&log_plot, 10), 90, 1e-3);
}
END_TEST

// Also where rounding puts the logarithm of the last tick above the end of the axis.
START_TEST(log_axes_have_powers_of_ten)
{
    const char *const expected[] = { "1", "10", "100", "1000", "0.01", "0.1", "1", "10", "100" };
    DrawList list = new_list();
    size_t cursor = 0;
    plot_axes(&list, &log_plot, "x", "y");
    for (int i = 0; i < COUNT_OF(expected); i++)
        ck_assert_str_eq(next_of(&list, DRAW_TEXT, &cursor).text, expected[i]);
    draw_free(&list);
}
END_TEST

// What comes after a curve is not clipped.
START_TEST(curves_stay_in_the_area)
{
    const double x[] = { -5, 5 }, y[] = { -5, 5 };
    DrawList list = new_list();
    size_t cursor = 0;
    plot_curve(&list, &linear_plot, x, y, 2, COLOR_TEXT);
    Rect first = next_of(&list, DRAW_CLIP, &cursor).rect;
    next_of(&list, DRAW_LINE, &cursor);
    Rect last = next_of(&list, DRAW_CLIP, &cursor).rect, whole = draw_whole(&list);
    ck_assert_mem_eq(&first, &linear_plot.area, sizeof first);
    ck_assert_mem_eq(&last, &whole, sizeof last);
    draw_free(&list);
}
END_TEST

START_TEST(bars_stand_or_hang)
{
    DrawList list = new_list();
    size_t cursor = 0;
    diagram_bar(&list, 10, 100, 20, 30, COLOR_TEXT);
    diagram_bar(&list, 10, 100, 20, -30, COLOR_TEXT);
    ck_assert_float_eq(next_of(&list, DRAW_RECT, &cursor).rect.y, 70);
    Rect hanging = next_of(&list, DRAW_RECT, &cursor).rect;
    ck_assert_float_eq(hanging.y, 100);
    ck_assert_float_eq(hanging.height, 30);
    draw_free(&list);
}
END_TEST

START_TEST(numbers_with_their_signs)
{
    const double values[] = { 0, 0.25, -1.5, -0.001 };
    DrawList list = new_list();
    size_t cursor = 0;
    diagram_numbers(&list, (Rect){ 0, 0, 300, 30 }, values, 4);
    DrawCommand zero = next_of(&list, DRAW_TEXT, &cursor);
    ck_assert_str_eq(zero.text, "0");
    ck_assert_uint_eq(zero.color, COLOR_DIM);
    DrawCommand positive = next_of(&list, DRAW_TEXT, &cursor);
    ck_assert_str_eq(positive.text, "0.25");
    ck_assert_uint_eq(positive.color, COLOR_TEXT);
    ck_assert_str_eq(next_of(&list, DRAW_TEXT, &cursor).text, "−1.50");
    ck_assert_str_eq(next_of(&list, DRAW_TEXT, &cursor).text, "0.00");
    draw_free(&list);
}
END_TEST

// A mark's text ends to the left of its dot where dx is negative.
START_TEST(marks_have_text_on_either_side)
{
    DrawList list = new_list();
    size_t cursor = 0;
    plot_mark(&list, &linear_plot, 0, 2, COLOR_TEXT, "right", 10, 0);
    plot_mark(&list, &linear_plot, 0, 2, COLOR_TEXT, "left", -10, 0);
    ck_assert_float_eq(next_of(&list, DRAW_TEXT, &cursor).rect.x, 160);
    Rect left = next_of(&list, DRAW_TEXT, &cursor).rect;
    ck_assert_float_le(left.x + left.width, 141);
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { points_of_a_plot },   { log_axes_have_powers_of_ten }, { curves_stay_in_the_area },
        { bars_stand_or_hang }, { numbers_with_their_signs },    { marks_have_text_on_either_side },
    };
    return run_tests("01 diagram", tests, COUNT_OF(tests));
}
