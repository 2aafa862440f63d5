#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

static int dots(const PanelFrame *frame, Color color) {
    return drawn_inside(&frame->list, DRAW_LINE, color, draw_whole(&frame->list));
}

static int targets(const PanelFrame *frame, TargetKind kind) {
    int count = 0;
    for (int i = 0; i < frame->hits.count; i++) count += frame->hits.items[i].target.kind == kind;
    return count;
}

// Where a point is, from its target.
static void place_of(float out[2], const PanelFrame *frame, int point) {
    Hit hit;
    ck_assert(panel_frame_hit(&hit, frame, TARGET_POINT, point));
    out[0] = hit.rect.x + hit.rect.width / 2;
    out[1] = hit.rect.y + hit.rect.height / 2;
}

static void new_map(PanelFrame *frame) {
    panel_frame_new(frame, &(FakeScene){ .kind = "sgatlin" }, 400, 300);
    frame->scene.focus.path_count = 0;
}

START_TEST(points_have_the_colors_of_their_classes)
{
    PanelFrame frame;
    new_map(&frame);
    panel_frame_draw(&frame, PANEL_MAP);
    const SceneCircuits *circuits = &frame.scene.circuits;
    for (int class = 0; class < 5; class ++) {
        int count = 0;
        for (int i = 0; i < circuits->count; i++)
            count += lexicon_class(frame.scene.model.lexicon, circuits->points[i].token) == class;
        ck_assert_int_gt(count, 0);
        ck_assert_int_eq(dots(&frame, color_class(class)), count);
        ck_assert(says(&frame, frame.scene.model.lexicon->class_name[class]));
    }
    ck_assert_int_eq(targets(&frame, TARGET_POINT), circuits->count);
    panel_frame_free(&frame);
}
END_TEST

// One scale for both axes, over all of the area that the map fits in.
START_TEST(distances_are_to_scale)
{
    PanelFrame frame;
    new_map(&frame);
    static const ScenePoint points[] = { { 0, 0, 9, 0 }, { 3, 0, 9, 1 }, { 3, 4, 9, 2 } };
    memcpy(frame.scene.circuits.points, points, sizeof points);
    frame.scene.circuits.count = 3;
    panel_frame_draw(&frame, PANEL_MAP);
    float at[3][2];
    for (int i = 0; i < 3; i++) place_of(at[i], &frame, i);
    float unit = (at[1][0] - at[0][0]) / 3;
    ck_assert_float_gt(unit, 60); // 300 points for 4 units, without the margins
    ck_assert_float_eq_tol(at[2][1] - at[1][1], 4 * unit, 0.01);
    ck_assert_float_eq_tol(at[2][0], at[1][0], 0.01);
    frame.scene.circuits.count = 1;
    panel_frame_draw(&frame, PANEL_MAP);
    place_of(at[0], &frame, 0);
    ck_assert_float_eq_tol(at[0][0], 200, 1); // alone in the middle
    panel_frame_free(&frame);
}
END_TEST

static bool overlap(Rect a, Rect b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

// Neither each other nor the ring of the newest token.
START_TEST(texts_do_not_overlap)
{
    for (int width = 60; width < 1000; width += 31) {
        PanelFrame frame;
        panel_frame_new(&frame, &(FakeScene){ .no_classes = width % 2 }, width, width * 2 / 3);
        frame.view.hover = (Target){ TARGET_POINT, 0, 0, width };
        frame.view.circuit = 7;
        panel_frame_draw(&frame, PANEL_MAP);
        Hit hit;
        const SceneFocus *focus = &frame.scene.focus;
        ck_assert(
            panel_frame_hit(&hit, &frame, TARGET_TOKEN, focus->path[focus->path_count - 1].token));
        Rect ring = { hit.rect.x + 1, hit.rect.y + 1, hit.rect.width - 2, hit.rect.height - 2 };
        Rect texts[32];
        int count = 0;
        DrawCommand command;
        for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);) {
            if (command.kind != DRAW_TEXT) continue;
            for (int i = 0; i < count; i++) ck_assert(!overlap(texts[i], command.rect));
            ck_assert(!overlap(ring, command.rect));
            texts[count++] = command.rect;
        }
        ck_assert_int_ge(count, width > 200 ? 3 : 1);
        panel_frame_free(&frame);
    }
}
END_TEST

// Without classes the most frequent words are the names: of all points, one in two is "dog", one in
// four "lake", and the others differ.
START_TEST(frequent_words_are_names_without_classes)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .no_classes = true }, 400, 300);
    frame.scene.focus.path_count = 0;
    SceneCircuits *circuits = &frame.scene.circuits;
    for (int i = 0; i < circuits->count; i++) {
        int kind = i % 4 == 3 ? 1 : i % 2 ? 2 : 0;
        circuits->points[i].token = kind == 0 ? 9 : kind == 1 ? 23 : i % 28 + 2;
        circuits->points[i].x = (float)kind;
    }
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert(says(&frame, "dog") && says(&frame, "lake"));
    for (int class = 0; class < 8; class ++) ck_assert_int_eq(dots(&frame, color_class(class)), 0);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(the_path_is_newest_last)
{
    PanelFrame frame;
    new_map(&frame);
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert_int_eq(dots(&frame, COLOR_ACCENT), 0);
    ck_assert_int_eq(targets(&frame, TARGET_TOKEN), 0);
    frame.scene.focus.path_count = 5;
    frame.scene.story.tokens[frame.scene.focus.path[4].token].id = 9;
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert_int_eq(dots(&frame, COLOR_ACCENT), 1);
    ck_assert(says(&frame, "dog"));
    ck_assert_int_eq(targets(&frame, TARGET_TOKEN), 5);
    for (int i = 0; i < 4; i++) // a line and a dot in each shade, from the second on
        ck_assert_int_eq(dots(&frame, color_blend(COLOR_PANEL, COLOR_TEXT,
                                                  (i + 1) / 5.0 * ((i + 1) / 5.0))),
                         1 + (i > 0));
    frame.scene.focus.layer = 0; // the path of another layer is not on this map
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert_int_eq(targets(&frame, TARGET_TOKEN), 0);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(the_hovered_and_the_selected_point_have_their_words)
{
    PanelFrame frame;
    new_map(&frame);
    frame.scene.circuits.points[5].token = 10; // named, without a class
    frame.scene.circuits.points[6].token = 24; // and
    frame.view.hover = (Target){ TARGET_POINT, 0, 0, 5 };
    frame.view.circuit = frame.scene.circuits.points[6].circuit;
    panel_frame_draw(&frame, PANEL_MAP);
    DrawCommand text;
    ck_assert(drawn_text(&text, &frame.list, "named"));
    ck_assert_uint_eq(text.color, COLOR_TEXT);
    float at[2];
    place_of(at, &frame, 5);
    ck_assert_float_lt(fabsf(text.rect.x + text.rect.width / 2 - at[0]), 60);
    ck_assert_float_lt(fabsf(text.rect.y + text.rect.height / 2 - at[1]), 30);
    ck_assert(drawn_text(&text, &frame.list, "and"));
    ck_assert_uint_eq(text.color, COLOR_ACCENT);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(another_layers_map_is_dimmed)
{
    PanelFrame frame;
    new_map(&frame);
    frame.view.layer = 0;
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert(says(&frame, "still the map of layer 2"));
    ck_assert_int_eq(targets(&frame, TARGET_POINT), 0);
    ck_assert_int_eq(dots(&frame, color_class(0)), 0);
    ck_assert_int_gt(dots(&frame, color_blend(COLOR_PANEL, color_class(0), 0.35)), 0);
    strcpy(frame.scene.circuits.note, "computing the map of layer 0");
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert(says(&frame, "computing the map of layer 0"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(without_points_it_says_why)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "mlp" }, 400, 200);
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert(says(&frame, "a dense model has no circuits"));
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ .no_recording = true }, 400, 200);
    panel_frame_draw(&frame, PANEL_MAP);
    ck_assert(says(&frame, frame.scene.circuits.note));
    ck_assert_int_eq(frame.hits.count, 0);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(every_size_and_scene)
{ panel_frame_sweep(PANEL_MAP, NULL); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { points_have_the_colors_of_their_classes },
        { distances_are_to_scale },
        { texts_do_not_overlap },
        { frequent_words_are_names_without_classes },
        { the_path_is_newest_last },
        { the_hovered_and_the_selected_point_have_their_words },
        { another_layers_map_is_dimmed },
        { without_points_it_says_why },
        { every_size_and_scene },
    };
    return run_tests("panel_map", tests, COUNT_OF(tests));
}
