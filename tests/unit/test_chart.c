#include "reference/draw/chart.h"
#include "tests/harness/drawn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 540 };
static const Rect PANEL = { 16, 16, WIDTH - 32, HEIGHT - 32 };

static const struct {
    double low, high;
    int most, count;
    double first, last;
} tick_cases[] = {
    { 0, 10, 11, 11, 0, 10 },
    { 0, 10, 10, 6, 0, 10 },
    { 1.6, 7.1, 8, 6, 2, 7 },
    { -3, 3, 8, 7, -3, 3 },
    { 0.001, 0.0042, 8, 7, 0.001, 0.004 },
    { 5, 5, 8, 1, 5, 5 },
    { 1, 0, 8, 0, 0, 0 },
    { NAN, 1, 8, 0, 0, 0 },
    { 0, INFINITY, 8, 0, 0, 0 },
    { -1e308, 1e308, 8, 0, 0, 0 },
    { 1e6, 1e6 + 3, 8, 7, 1e6, 1e6 + 3 },
};

START_TEST(ticks_are_round)
{
    double ticks[16] = { 0 };
    int count = chart_ticks(ticks, tick_cases[_i].most, tick_cases[_i].low, tick_cases[_i].high);
    ck_assert_int_eq(count, tick_cases[_i].count);
    if (count == 0) return;
    ck_assert_double_eq_tol(ticks[0], tick_cases[_i].first, 1e-9);
    ck_assert_double_eq_tol(ticks[count - 1], tick_cases[_i].last, 1e-9);
}
END_TEST

// Where doubles are further apart than ticks would be, also next to 0: no more than `most`, and all
// in the range.
START_TEST(ticks_of_coarse_numbers_are_bounded)
{
    static const double ranges[][2] = { { 9007199254740992, 9007199254740996 },
                                        { 1e17, 1e17 + 64 },
                                        { -1e300, -1e300 * (1 - 1e-15) },
                                        { 4e18, 9e18 },
                                        { 0, 5e-324 } };
    for (int most = 1; most <= 12; most++) {
        double ticks[16];
        for (int i = 0; i < 16; i++) ticks[i] = -1;
        int count = chart_ticks(ticks, most, ranges[_i][0], ranges[_i][1]);
        ck_assert_int_le(count, most);
        ck_assert(ticks[most] == -1);
        for (int i = 0; i < count; i++) {
            double margin = 1e-9 * fabs(ranges[_i][1]);
            ck_assert(ticks[i] >= ranges[_i][0] - margin && ticks[i] <= ranges[_i][1] + margin);
            ck_assert(i == 0 || ticks[i] > ticks[i - 1]);
        }
    }
}
END_TEST

// Draws it into an empty list; nothing may be outside of the panel.
static void draw_chart(DrawList *list, const Chart *chart) {
    draw_clear(list, WIDTH, HEIGHT);
    chart_draw(list, draw_whole(list), chart);
    ck_assert(!list->failed);
    DrawCommand command;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        Rect rect = command.rect;
        if (command.kind == DRAW_LINE) rect = (Rect){ command.x0, command.y0, 0, 0 };
        ck_assert(rect.x >= PANEL.x && rect.y >= PANEL.y);
        ck_assert_float_le(rect.x + rect.width, PANEL.x + PANEL.width);
        ck_assert_float_le(rect.y + rect.height, PANEL.y + PANEL.height);
    }
}

// The number of lines of a color; the last of them are written.
static int lines_of(DrawCommand *lines, int most, const DrawList *list, Color color) {
    DrawCommand command;
    int count = 0;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind != DRAW_LINE || command.color != color) continue;
        ck_assert_int_lt(count, most);
        lines[count++] = command;
    }
    return count;
}

START_TEST(a_chart_shows_its_curves)
{
    static const double x[] = { 1, 10, 50, 100, 200 }, y[] = { 7, 5, 3, NAN, 2 };
    Series series = { "loss", COLOR_ACCENT, x, y, 5 };
    Baseline baseline = { "trigram", 4.5 };
    Chart chart = { "Title", "step", "nats", false, &series, 1, &baseline, 1 };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    DrawCommand lines[8], text;
    draw_chart(&list, &chart);
    static const char *const texts[] = { "Title", "step", "nats", "loss", "trigram", "7", "100" };
    for (int i = 0; i < 7; i++) ck_assert_msg(drawn_text(&text, &list, texts[i]), "%s", texts[i]);
    // the legend's, then from 1 to 10 to 50; NaN breaks the line; the last point is a dot
    ck_assert_int_eq(lines_of(lines, 8, &list, COLOR_ACCENT), 4);
    ck_assert_float_lt(lines[0].y0, 120);
    ck_assert(lines[1].x1 == lines[2].x0 && lines[1].y1 == lines[2].y0);
    ck_assert(lines[1].x0 < lines[1].x1 && lines[1].y0 < lines[1].y1); // it falls
    ck_assert(lines[3].x0 == lines[3].x1 && lines[3].y0 == lines[3].y1 && lines[3].size > 4);
    ck_assert_float_gt(lines[3].x0, lines[2].x1);
    double slope = (lines[1].x1 - lines[1].x0) / 9, right = lines[3].x0;
    ck_assert_float_eq_tol(lines[2].x1 - lines[2].x0, 40 * slope, 0.01);
    // the baseline is halfway between 7 and 2
    ck_assert(drawn_text(&text, &list, "trigram"));
    float middle = (lines[1].y0 + lines[3].y0) / 2;
    ck_assert_int_gt(drawn_inside(&list, DRAW_RECT, COLOR_DIM, (Rect){ 0, middle - 4, WIDTH, 8 }),
                     50);
    ck_assert_float_eq_tol(text.rect.y + text.rect.height, middle, 5);
    chart.log_x = true;
    draw_chart(&list, &chart);
    ck_assert_int_eq(lines_of(lines, 8, &list, COLOR_ACCENT), 4);
    double share = (lines[1].x1 - lines[1].x0) / (right - lines[1].x0);
    ck_assert_double_eq_tol(share, log(10) / log(200), 1e-3);
    draw_free(&list);
}
END_TEST

static DrawCommand text_of(const DrawList *list, const char *text) {
    DrawCommand command = { 0 };
    ck_assert_msg(drawn_text(&command, list, text), "%s", text);
    return command;
}

// Of two lines that are near, one has its name above and one below, whichever is first.
START_TEST(names_of_near_baselines_do_not_overlap)
{
    static const double x[] = { 1, 200 }, y[] = { 8, 1 };
    const Series series = { "loss", COLOR_ACCENT, x, y, 2 };
    const Baseline baselines[] = { { "unigram", _i ? 4.6 : 4.5 }, { "trigram", 4.5 + 0.1 * !_i } };
    const Chart chart = { NULL, NULL, NULL, false, &series, 1, baselines, 2 };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    draw_chart(&list, &chart);
    Rect upper = text_of(&list, _i ? "unigram" : "trigram").rect;
    Rect lower = text_of(&list, _i ? "trigram" : "unigram").rect;
    ck_assert_float_gt(lower.y, upper.y + upper.height + 6); // the two lines are between them
    draw_free(&list);
}
END_TEST

// A curve that ends near the baseline would cross a name there; one that begins near it does not.
START_TEST(names_of_baselines_avoid_curves)
{
    static const double x[] = { 1, 200 }, y[][2] = { { 8, 1.1 }, { 1.1, 8 } };
    const Series series = { "loss", COLOR_ACCENT, x, y[_i], 2 };
    const Baseline baseline = { "lowest", 1 };
    const Chart chart = { NULL, NULL, NULL, false, &series, 1, &baseline, 1 };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    draw_chart(&list, &chart);
    Rect name = text_of(&list, "lowest").rect;
    ck_assert_int_eq(name.x + name.width < WIDTH / 2.0f, _i == 0);
    draw_free(&list);
}
END_TEST

static bool lies_in(const DrawList *list, Rect area) {
    DrawCommand command;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        Rect rect = command.rect;
        if (command.kind == DRAW_LINE)
            rect = (Rect){ fminf(command.x0, command.x1), fminf(command.y0, command.y1),
                           fabsf(command.x1 - command.x0), fabsf(command.y1 - command.y0) };
        if (rect.x < area.x || rect.y < area.y ||
            rect.x + rect.width > area.x + area.width + 0.5f ||
            rect.y + rect.height > area.y + area.height + 0.5f)
            return false;
    }
    return true;
}

// The smaller the area, the fewer names and numbers; the curves are always there.
START_TEST(a_compact_chart_stays_in_its_area)
{
    static const double x[] = { 1, 10, 50, 100, 200 }, y[] = { 7, 5, 3, 2.5, 2 };
    const Series series = { "loss", COLOR_ACCENT, x, y, 5 };
    const Baseline baselines[] = { { "unigram", 6.5 }, { "trigram", 2.75 } };
    const Chart chart = { NULL, NULL, NULL, _i, &series, 1, baselines, 2 };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    for (int width = 1; width < WIDTH - 40; width += 1 + width / 3) {
        for (int height = 1; height < HEIGHT - 40; height += 1 + height / 3) {
            Rect area = { 13, 17, (float)width, (float)height };
            draw_clear(&list, WIDTH, HEIGHT);
            chart_draw_compact(&list, area, &chart);
            ck_assert_msg(lies_in(&list, area), "%d x %d", width, height);
            int curve = drawn_inside(&list, DRAW_LINE, COLOR_ACCENT, draw_whole(&list));
            DrawCommand text;
            bool named = drawn_text(&text, &list, "loss");
            ck_assert_int_eq(named, width >= 140 && height >= 110);
            ck_assert_int_eq(curve - named, width > 6 && height > 6 ? 4 : 0);
            if (width >= 140 && height >= 110) ck_assert(drawn_text(&text, &list, "trigram"));
            if (width < 140 || height < 40) ck_assert_int_eq(drawn_count(&list, DRAW_TEXT), 0);
        }
    }
    draw_free(&list);
}
END_TEST

// What has nothing to show is drawn all the same.
START_TEST(charts_without_points)
{
    static const double x[] = { 5, -3, NAN }, y[] = { 7, INFINITY, 2 };
    Series series = { "loss", COLOR_ACCENT, x, y, 0 };
    Baseline baseline = { "nowhere", NAN };
    Chart chart = { .series = &series, .series_count = 1, .baselines = &baseline };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    for (int i = 0; i < 16; i++) {
        series.count = i % 4;
        chart.log_x = i / 4 % 2;
        chart.baseline_count = i / 8;
        draw_chart(&list, &chart);
        DrawCommand lines[8];
        // the legend's, and the only point
        ck_assert_int_eq(lines_of(lines, 8, &list, COLOR_ACCENT), series.count == 0 ? 1 : 2);
    }
    chart.series_count = 0;
    draw_chart(&list, &chart);
    draw_free(&list);
}
END_TEST

// Eight long names take rows of their own, none runs over the edge; a series without a name is not
// among them.
// The ends of the range of doubles, where a range around a number, or the ratio of two, is not one.
START_TEST(extreme_numbers_are_left_out)
{
    static const double x[] = { 5e-324, 1e308, 2, 4 }, y[] = { 1, 2, -1e308, 1e308 };
    Series series = { "loss", COLOR_ACCENT, x, y, _i < 2 ? 1 : 4 };
    Chart chart = { .log_x = _i % 2, .series = &series, .series_count = 1 };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    DrawCommand lines[8];
    draw_chart(&list, &chart);
    // the legend's, and one point that is left where the axis is linear
    ck_assert_int_eq(lines_of(lines, 8, &list, COLOR_ACCENT), 1 + (_i % 2 == 0));
    draw_free(&list);
}
END_TEST

START_TEST(a_legend_has_rows)
{
    static const double x[] = { 1, 2 }, y[] = { 1, 2 };
    static const char name[] = "sgatlin+product_key_value";
    Series series[9];
    for (int i = 0; i < 8; i++) series[i] = (Series){ name, color_class(i), x, y, 2 };
    series[8] = (Series){ NULL, 0xff00ff, x, y, 2 };
    Chart chart = { .series = series, .series_count = 9 };
    DrawList list = draw_new(WIDTH, HEIGHT, _i == 0 ? font_builtin() : font_find());
    draw_chart(&list, &chart);
    DrawCommand command, lines[8];
    int names = 0, rows = 0;
    float y_of_row = 0;
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind != DRAW_TEXT || strcmp(command.text, name) != 0) continue;
        names++;
        rows += command.rect.y > y_of_row;
        y_of_row = command.rect.y;
    }
    ck_assert_int_eq(names, 8);
    ck_assert_int_ge(rows, 2);
    ck_assert_int_le(rows, 3);
    ck_assert_int_eq(lines_of(lines, 8, &list, color_class(7)), 2); // in the legend and the curve
    ck_assert_int_eq(lines_of(lines, 8, &list, 0xff00ff), 1);
    ck_assert_float_gt(fminf(lines[0].y0, lines[0].y1), y_of_row + 20);
    draw_free(&list);
}
END_TEST

// The last tick is at the edge; its long number is moved left so that it stays in the panel.
// Numbers at the y axis have the space that they need.
START_TEST(long_numbers_stay_in_the_chart)
{
    static const double x[] = { 999900, 999990 }, y[] = { -123456.5, -123456.25 };
    Series series = { NULL, COLOR_ACCENT, x, y, 2 };
    Chart chart = { .series = &series, .series_count = 1 };
    DrawList list = draw_new(WIDTH, HEIGHT, _i == 0 ? font_builtin() : font_find());
    draw_chart(&list, &chart);
    DrawCommand text, line;
    ck_assert(drawn_text(&text, &list, "999.99 k"));
    ck_assert_float_le(text.rect.x + text.rect.width, PANEL.x + PANEL.width - 8);
    ck_assert_int_eq(lines_of(&line, 1, &list, COLOR_ACCENT), 1);
    ck_assert_float_eq_tol(line.x1, PANEL.x + PANEL.width - 28, 0.01);
    draw_free(&list);
}
END_TEST

// There is no power of ten between 110 and 390, but round numbers are; each has a tick.
START_TEST(a_short_logarithmic_axis_has_ticks)
{
    static const double x[] = { 110, 390 }, y[] = { 1, 2 };
    Series series = { NULL, COLOR_ACCENT, x, y, 2 };
    Chart chart = { .log_x = true, .series = &series, .series_count = 1 };
    DrawList list = draw_new(WIDTH, HEIGHT, font_builtin());
    draw_chart(&list, &chart);
    DrawCommand command;
    int ticks = 0;
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);)
        ticks += command.kind == DRAW_RECT && command.color == COLOR_DIM && command.rect.width == 1;
    ck_assert_int_eq(ticks, 5); // 150, 200, …, 350
    ck_assert(drawn_text(&command, &list, "150"));
    ck_assert(drawn_text(&command, &list, "350"));
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { ticks_are_round, COUNT_OF(tick_cases) },
        { ticks_of_coarse_numbers_are_bounded, 5 },
        { a_chart_shows_its_curves },
        { names_of_near_baselines_do_not_overlap, 2 },
        { names_of_baselines_avoid_curves, 2 },
        { a_compact_chart_stays_in_its_area, 2 },
        { charts_without_points },
        { extreme_numbers_are_left_out, 4 },
        { a_legend_has_rows, 2 },
        { long_numbers_stay_in_the_chart, 2 },
        { a_short_logarithmic_axis_has_ticks },
    };
    return run_tests("chart", tests, COUNT_OF(tests));
}
