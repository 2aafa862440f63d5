#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

static void hover_cell(PanelFrame *frame) {
    frame->view.hover = (Target){ .kind = TARGET_CELL, .index = frame->scene.story.count / 3 };
    frame->view.token = frame->scene.story.count / 2;
}

START_TEST(nothing_lies_outside_and_a_frame_allocates_nothing)
{
    panel_frame_sweep(PANEL_TIMELINE, NULL);
    panel_frame_sweep(PANEL_TIMELINE, hover_cell);
}
END_TEST

// One row of cells per layer, one column per token: the root of each distance, of 0 to 1.
START_TEST(cells_show_how_unlike_a_circuit_is)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .L = 3, .tokens = 20 }, 800, 60);
    frame.scene.story.unlike[4 * 3 + 1] = NAN;
    frame.scene.story.unlike[5 * 3 + 1] = 0.25f;
    frame.scene.story.unlike[6 * 3 + 1] = -1e-7f; // as rounding makes it
    panel_frame_draw(&frame, PANEL_TIMELINE);
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_CELLS), 3);
    DrawCommand command;
    int layer = 0;
    for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);) {
        if (command.kind != DRAW_CELLS) continue;
        ck_assert_int_eq(command.columns, 20);
        ck_assert(command.low == 0 && command.high == 1);
        if (layer++ != 1) continue;
        Color color;
        draw_cell(&command, 0, 4, &color);
        ck_assert_uint_eq(color, COLOR_EMPTY);
        ck_assert(command.values[5] == 0.5f && command.values[6] == 0);
    }
    panel_frame_free(&frame);
}
END_TEST

START_TEST(each_cell_is_a_target)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .L = 2, .tokens = 30 }, 800, 60);
    panel_frame_draw(&frame, PANEL_TIMELINE);
    Hit hit;
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_CELL, 7));
    float column = hit.rect.width / (float)hit.columns;
    Target target = hit_find(&frame.hits, hit.rect.x + 7.5f * column, hit.rect.y + 1);
    ck_assert_int_eq(target.index, 7);
    ck_assert_int_eq(target.layer, 0);
    target =
        hit_find(&frame.hits, hit.rect.x + 29.5f * column, hit.rect.y + 1.5f * hit.rect.height);
    ck_assert_int_eq(target.index, 29);
    ck_assert_int_eq(target.layer, 1);
    ck_assert(!panel_frame_hit(&hit, &frame, TARGET_CELL, 30));
    panel_frame_free(&frame);
}
END_TEST

static DrawCommand last_cells(const DrawList *list) {
    DrawCommand command, last = { 0 };
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind == DRAW_CELLS) last = command;
    }
    ck_assert_ptr_nonnull(last.values);
    return last;
}

// Where not all fit: the newest at the right, or those around the selected one.
START_TEST(the_selected_column_is_in_sight)
{
    PanelFrame frame;
    Hit hit;
    panel_frame_new(&frame, &(FakeScene){ .tokens = 10000 }, 800, 60);
    panel_frame_draw(&frame, PANEL_TIMELINE);
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_CELL, 9999));
    ck_assert(!panel_frame_hit(&hit, &frame, TARGET_CELL, 9000));
    ck_assert_float_gt(hit.rect.x + hit.rect.width, 780);
    frame.view.token = 5000;
    frame.scene.story.unlike[(size_t)5000 * 4 + 3] = 0.0625f;
    panel_frame_draw(&frame, PANEL_TIMELINE);
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_CELL, 5000));
    float x = hit.rect.x + hit.rect.width * (float)(5000 - hit.target.index) / (float)hit.columns;
    DrawCommand cells = last_cells(&frame.list);
    ck_assert_float_eq(cells.values[5000 - hit.target.index], 0.25f);
    // The frame around it is the only accent besides its word.
    Rect around = { x - 3, 0, 19, 60 };
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_LINE, COLOR_ACCENT, around), 4);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_LINE, COLOR_ACCENT, (Rect){ 0, 0, 800, 60 }),
                     4);
    panel_frame_free(&frame);
}
END_TEST

// A tall area has rows as text has lines; they move as a whole, so tokens keep their columns.
START_TEST(a_tall_area_has_several_rows)
{
    PanelFrame frame;
    Hit before, after;
    panel_frame_new(&frame, &(FakeScene){ .tokens = 5000 }, 800, 400);
    panel_frame_draw(&frame, PANEL_TIMELINE);
    ck_assert_int_gt(drawn_count(&frame.list, DRAW_CELLS), 2 * 4);
    ck_assert(panel_frame_hit(&before, &frame, TARGET_CELL, 4900));
    ck_assert_int_eq(before.target.index % before.columns, 0);
    ck_assert(scene_tokens(&frame.scene, 4990));
    panel_frame_draw(&frame, PANEL_TIMELINE);
    ck_assert(panel_frame_hit(&after, &frame, TARGET_CELL, 4900));
    ck_assert_int_eq(after.target.index, before.target.index);
    panel_frame_free(&frame);
}
END_TEST

static bool says(PanelFrame *frame, const char *text) {
    DrawCommand command;
    panel_frame_draw(frame, PANEL_TIMELINE);
    return drawn_text(&command, &frame->list, text);
}

START_TEST(words_and_legend_do_not_overlap)
{
    const char *legend =
        "one column per token, one band per layer; bright: unlike every recorded circuit";
    PanelFrame frame;
    DrawCommand word, line;
    panel_frame_new(&frame, &(FakeScene){ .tokens = 200 }, 1500, 60);
    ck_assert(says(&frame, legend) && says(&frame, "L0"));
    for (int token = 0; token < 200; token += 3) {
        frame.view.token = token;
        frame.scene.story.tokens[token].id = 14;
        ck_assert(says(&frame, "turtle") && says(&frame, legend));
        ck_assert(drawn_text(&word, &frame.list, "turtle"));
        ck_assert(drawn_text(&line, &frame.list, legend));
        ck_assert_uint_eq(word.color, COLOR_ACCENT);
        ck_assert(word.rect.x + word.rect.width < line.rect.x ||
                  line.rect.x + line.rect.width < word.rect.x);
    }
    panel_frame_free(&frame);
}
END_TEST

START_TEST(an_empty_panel_says_why)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "mlp" }, 400, 60);
    ck_assert(says(&frame, "this model has no gating"));
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ .no_recording = true }, 400, 60);
    ck_assert(says(&frame, frame.scene.circuits.note));
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_CELLS), 0);
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 60);
    frame.scene.story.count = 0;
    ck_assert(says(&frame, "no story yet"));
    panel_frame_free(&frame);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { nothing_lies_outside_and_a_frame_allocates_nothing },
        { cells_show_how_unlike_a_circuit_is },
        { each_cell_is_a_target },
        { the_selected_column_is_in_sight },
        { a_tall_area_has_several_rows },
        { words_and_legend_do_not_overlap },
        { an_empty_panel_says_why },
    };
    return run_tests("panel_timeline", tests, COUNT_OF(tests));
}
