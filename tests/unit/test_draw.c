#include "reference/draw/draw.h"
#include "tests/harness/drawn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static DrawList new_list(void) { return draw_new(400, 300, font_builtin()); }

static void check_rect(Rect rect, float x, float y, float width, float height) {
    ck_assert_float_eq(rect.x, x);
    ck_assert_float_eq(rect.y, y);
    ck_assert_float_eq(rect.width, width);
    ck_assert_float_eq(rect.height, height);
}

START_TEST(commands_come_back_in_order)
{
    DrawList list = new_list();
    DrawCommand command;
    size_t cursor = 0;
    ck_assert(!draw_next(&list, &command, &cursor));
    const float values[] = { 1, 2, 3, 4, 5, 6 };
    draw_clip(&list, (Rect){ 1, 2, 3, 4 });
    draw_rect(&list, (Rect){ 5, 6, 7, 8 }, 0x112233);
    draw_line(&list, 1, 2, 3, 4, 5, 0x445566);
    draw_cells(&list, (Rect){ 9, 8, 7, 6 }, 2, 3, values, -1, 7);
    ck_assert(draw_next(&list, &command, &cursor));
    ck_assert_int_eq(command.kind, DRAW_CLIP);
    check_rect(command.rect, 1, 2, 3, 4);
    ck_assert(draw_next(&list, &command, &cursor));
    ck_assert_int_eq(command.kind, DRAW_RECT);
    ck_assert_uint_eq(command.color, 0x112233);
    check_rect(command.rect, 5, 6, 7, 8);
    ck_assert(draw_next(&list, &command, &cursor));
    ck_assert_int_eq(command.kind, DRAW_LINE);
    ck_assert_uint_eq(command.color, 0x445566);
    ck_assert(command.x0 == 1 && command.y0 == 2 && command.x1 == 3 && command.y1 == 4);
    ck_assert_float_eq(command.size, 5);
    ck_assert(draw_next(&list, &command, &cursor));
    ck_assert_int_eq(command.kind, DRAW_CELLS);
    ck_assert(command.rows == 2 && command.columns == 3 && command.low == -1 && command.high == 7);
    ck_assert_ptr_ne(command.values, values);
    ck_assert_mem_eq(command.values, values, sizeof values);
    ck_assert(!draw_next(&list, &command, &cursor));
    ck_assert(!list.failed);
    draw_free(&list);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(points_become_pixels)
{
    DrawList list = new_list();
    DrawCommand command;
    size_t cursor = 0;
    float single = draw_text_width(&list, "scale", TEXT_NORMAL), value = 0;
    list.scale = 2;
    check_rect(draw_whole(&list), 0, 0, 200, 150);
    ck_assert_float_eq(draw_text_width(&list, "scale", TEXT_NORMAL), single); // strokes: exactly
    draw_rect(&list, (Rect){ 5, 6, 7, 8 }, 0);
    draw_line(&list, 1, 2, 3, 4, 5, 0);
    float end = draw_text(&list, 20, 30, TEXT_NORMAL, COLOR_TEXT, "scale");
    ck_assert_float_eq(end, 20 + single);
    draw_cells(&list, (Rect){ 1, 2, 3, 4 }, 1, 1, &value, 0, 1);
    draw_clip(&list, (Rect){ 1, 2, 3, 4 });
    ck_assert(draw_next(&list, &command, &cursor));
    check_rect(command.rect, 10, 12, 14, 16);
    ck_assert(draw_next(&list, &command, &cursor));
    ck_assert(command.x0 == 2 && command.y0 == 4 && command.x1 == 6 && command.y1 == 8);
    ck_assert_float_eq(command.size, 10);
    ck_assert(draw_next(&list, &command, &cursor));
    check_rect(command.rect, 40, 60, 2 * single, font_line(2 * TEXT_NORMAL));
    ck_assert_float_eq(command.size, 2 * TEXT_NORMAL);
    for (int i = 0; i < 2; i++) {
        ck_assert(draw_next(&list, &command, &cursor));
        check_rect(command.rect, 2, 4, 6, 8);
    }
    draw_free(&list);
}
END_TEST

START_TEST(text_is_copied_and_measured)
{
    DrawList list = new_list();
    char text[] = "naïve";
    float end = draw_text(&list, 20, 30, TEXT_NORMAL, COLOR_TEXT, text);
    memset(text, 'x', 3);
    DrawCommand command;
    ck_assert(drawn_text(&command, &list, "naïve"));
    float width = draw_text_width(&list, "naïve", TEXT_NORMAL);
    check_rect(command.rect, 20, 30, width, font_line(TEXT_NORMAL));
    ck_assert_float_eq(end, 20 + width);
    draw_text_right(&list, 300, 30, TEXT_NORMAL, COLOR_TEXT, "right");
    draw_text_center(&list, 200, 30, TEXT_NORMAL, COLOR_TEXT, "middle");
    ck_assert(drawn_text(&command, &list, "right"));
    ck_assert_float_eq_tol(command.rect.x + command.rect.width, 300, 1e-4);
    ck_assert(drawn_text(&command, &list, "middle"));
    ck_assert_float_eq_tol(command.rect.x + command.rect.width / 2, 200, 1e-4);
    draw_free(&list);
}
END_TEST

// Of a text cut to a width a beginning is drawn, never with half a character.
START_TEST(text_is_cut_to_a_width)
{
    static const char text[] = "ééééé ööööö"; // 2 bytes each
    DrawList list = new_list();
    DrawCommand command;
    float whole = draw_text_width(&list, text, TEXT_NORMAL);
    for (float width = 0; width <= whole + 20; width += 3) {
        draw_clear(&list, 400, 300);
        draw_text_cut(&list, 0, 0, TEXT_NORMAL, COLOR_TEXT, text, width);
        size_t cursor = 0;
        if (!draw_next(&list, &command, &cursor)) {
            ck_assert_float_lt(width, 30);
            continue;
        }
        ck_assert_float_le(command.rect.width, width);
        size_t length = strlen(command.text);
        bool is_whole = strcmp(command.text, text) == 0;
        ck_assert_int_eq(is_whole, width >= whole);
        if (is_whole) continue;
        ck_assert_uint_gt(length, 3);
        ck_assert_str_eq(command.text + length - 3, "…");
        ck_assert_mem_eq(command.text, text, length - 3);
        ck_assert_int_ne(text[length - 3] & 0xc0, 0x80); // the first byte of a character
    }
    draw_free(&list);
}
END_TEST

START_TEST(what_cannot_be_seen_is_dropped)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY };
    DrawList list = new_list();
    const float values[1] = { 1 };
    for (int i = 0; i < 3; i++) {
        draw_rect(&list, (Rect){ bad[i], 0, 5, 5 }, 0);
        draw_rect(&list, (Rect){ 0, 0, 5, bad[i] }, 0);
        draw_clip(&list, (Rect){ 0, bad[i], 5, 5 });
        draw_cells(&list, (Rect){ 0, 0, bad[i], 5 }, 1, 1, values, 0, 1);
        draw_line(&list, 0, 0, bad[i], 5, 1, 0);
        draw_line(&list, 0, 0, 5, 5, bad[i], 0);
        draw_text(&list, bad[i], 0, TEXT_NORMAL, 0, "text");
        draw_text(&list, 0, 0, bad[i], 0, "text");
    }
    draw_rect(&list, (Rect){ 0, 0, 0, 5 }, 0);
    draw_rect(&list, (Rect){ 0, 0, 5, -5 }, 0);
    draw_line(&list, 0, 0, 5, 5, 0, 0);
    draw_cells(&list, (Rect){ 0, 0, 5, 5 }, 0, 1, values, 0, 1);
    draw_text(&list, 0, 0, TEXT_NORMAL, 0, "");
    draw_text(&list, 0, 0, TEXT_NORMAL, 0, NULL);
    draw_text_right(&list, 0, 0, TEXT_NORMAL, 0, NULL);
    draw_text_cut(&list, 0, 0, TEXT_NORMAL, 0, NULL, 100);
    ck_assert_uint_eq(list.count, 0);
    ck_assert(!list.failed);
    draw_free(&list);
}
END_TEST

START_TEST(a_list_grows_and_is_used_again)
{
    DrawList list = new_list();
    char text[32];
    for (int round = 0; round < 2; round++) {
        float value[3];
        for (int i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%d", i);
            draw_text(&list, 0, 0, TEXT_SMALL, COLOR_TEXT, text);
            value[0] = value[1] = value[2] = (float)i;
            draw_cells(&list, (Rect){ 0, 0, 9, 3 }, 1, 3, value, 0, 1);
        }
        DrawCommand command;
        size_t cursor = 0;
        for (int i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%d", i);
            ck_assert(draw_next(&list, &command, &cursor));
            ck_assert_str_eq(command.text, text);
            ck_assert(draw_next(&list, &command, &cursor));
            ck_assert_float_eq(command.values[2], (float)i);
        }
        ck_assert(!draw_next(&list, &command, &cursor));
        draw_clear(&list, 100, 50);
        ck_assert_uint_eq(list.count, 0);
        check_rect(draw_whole(&list), 0, 0, 100, 50);
    }
    draw_free(&list);
}
END_TEST

START_TEST(without_memory_a_list_fails)
{
    DrawList list = new_list();
    const float value = 1;
    draw_rect(&list, (Rect){ 1, 1, 1, 1 }, 0);
    draw_cells(&list, (Rect){ 0, 0, 5, 5 }, INT_MAX, INT_MAX, &value, 0, 1);
    ck_assert(list.failed);
    draw_rect(&list, (Rect){ 1, 1, 1, 1 }, 0);
    ck_assert_uint_eq(list.count, 1);
    draw_free(&list);
    list = draw_new(10, 10, NULL); // as when there was no memory for the font
    ck_assert(list.failed);
    ck_assert_float_eq(draw_text_width(&list, "text", TEXT_NORMAL), 0);
    draw_text(&list, 0, 0, TEXT_NORMAL, 0, "text");
    draw_clear(&list, 10, 10);
    ck_assert(list.failed);
    draw_free(&list);
}
END_TEST

// Neighbours touch, also where the sides of cells are not whole numbers.
START_TEST(cells_fill_their_rectangle)
{
    static const float widths[] = { 2, 3, 7, 20, 31, 33.5f, 100 };
    enum { COLUMNS = 7 };
    const float values[2 * COLUMNS] = { 0 };
    DrawList list = new_list();
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        draw_clear(&list, 400, 300);
        draw_cells(&list, (Rect){ 10, 20, widths[i], 12 }, 2, COLUMNS, values, 0, 1);
        DrawCommand cells;
        Color color;
        ck_assert(draw_next(&list, &cells, &(size_t){ 0 }));
        ck_assert_float_eq(draw_cell(&cells, 0, 0, &color).x, 10);
        for (int column = 0; column < COLUMNS; column++) {
            Rect cell = draw_cell(&cells, 1, column, &color);
            float end = roundf(10 + widths[i]);
            if (column + 1 < COLUMNS) end = draw_cell(&cells, 1, column + 1, &color).x;
            float width = end - cell.x;
            check_rect(cell, cell.x, 26, fmaxf(1, width >= 4 ? width - 1 : width),
                       width >= 4 ? 5 : 6);
        }
    }
    draw_free(&list);
}
END_TEST

START_TEST(cells_have_the_colors_of_heat)
{
    const float values[] = { -5, -1, 0, 1, 3, 9, NAN, INFINITY, -INFINITY };
    const Color expected[] = { color_heat(0),   color_heat(0), color_heat(0.25),
                               color_heat(0.5), color_heat(1), color_heat(1),
                               COLOR_EMPTY,     color_heat(1), color_heat(0) };
    DrawList list = new_list();
    DrawCommand cells;
    Color color;
    draw_cells(&list, (Rect){ 0, 0, 90, 10 }, 1, 9, values, -1, 3);
    ck_assert(draw_next(&list, &cells, &(size_t){ 0 }));
    for (int i = 0; i < 9; i++) {
        draw_cell(&cells, 0, i, &color);
        ck_assert_uint_eq(color, expected[i]);
    }
    draw_clear(&list, 9, 9);
    draw_cells(&list, (Rect){ 0, 0, 90, 10 }, 1, 9, values, 1, 1); // no range: a threshold
    ck_assert(draw_next(&list, &cells, &(size_t){ 0 }));
    draw_cell(&cells, 0, 2, &color);
    ck_assert_uint_eq(color, color_heat(0));
    draw_cell(&cells, 0, 3, &color);
    ck_assert_uint_eq(color, color_heat(1));
    draw_free(&list);
}
END_TEST

START_TEST(frames_and_round_corners_stay_inside)
{
    DrawList list = new_list();
    Rect rect = { 10, 20, 60, 30 };
    draw_frame(&list, rect, 4, 1);
    ck_assert_int_eq(drawn_inside(&list, DRAW_LINE, 1, (Rect){ 12, 22, 56, 26 }), 4);
    draw_clear(&list, 400, 300);
    draw_round_rect(&list, rect, 6, 2);
    ck_assert_int_eq(drawn_inside(&list, DRAW_RECT, 2, rect), 2);
    ck_assert_int_eq(drawn_inside(&list, DRAW_LINE, 2, (Rect){ 16, 26, 48, 18 }), 4);
    ck_assert_uint_eq(list.count, 6);
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { commands_come_back_in_order },    { points_become_pixels },
        { text_is_copied_and_measured },    { text_is_cut_to_a_width },
        { what_cannot_be_seen_is_dropped }, { a_list_grows_and_is_used_again },
        { without_memory_a_list_fails },    { cells_fill_their_rectangle },
        { cells_have_the_colors_of_heat },  { frames_and_round_corners_stay_inside },
    };
    return run_tests("draw", tests, COUNT_OF(tests));
}
