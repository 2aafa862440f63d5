#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <string.h>

enum { ROW = 25 };

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

static DrawCommand text_of(const PanelFrame *frame, const char *text) {
    DrawCommand command = { 0 };
    ck_assert_msg(drawn_text(&command, &frame->list, text), "%s", text);
    return command;
}

static int neighbours(const PanelFrame *frame) {
    int count = 0;
    for (int i = 0; i < frame->hits.count; i++)
        count += frame->hits.items[i].target.kind == TARGET_NEIGHBOUR;
    return count;
}

// "Once upon a time there was a small dog named Tim.", of which `token` is in the middle.
static void set_context(PanelFrame *frame, int i, int32_t token) {
    int32_t *context = frame->scene.focus.neighbours[i].context;
    for (int j = 0; j < CONTEXT_ROW; j++) context[j] = 2 + j;
    context[CONTEXT_TOKENS] = token;
}

START_TEST(a_row_has_the_distance_and_the_context)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 640, 300);
    set_context(&frame, 0, 9); // dog, an animal
    set_context(&frame, 1, 7); // was, without a class
    frame.scene.focus.neighbours[2].context[CONTEXT_TOKENS] = 29;
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert(says(&frame, "token 59") && says(&frame, "0.04") && says(&frame, "0.08"));
    DrawCommand dog = text_of(&frame, "dog"), was = text_of(&frame, "was");
    ck_assert_uint_eq(dog.color, color_class(0));
    ck_assert_uint_eq(was.color, COLOR_ACCENT);
    ck_assert_float_eq(dog.rect.x, was.rect.x); // the rows align
    ck_assert_float_eq(text_of(&frame, "\\n").rect.x, dog.rect.x);
    DrawCommand left = text_of(&frame, "Once upon a time there");
    DrawCommand right = text_of(&frame, "small dog named Tim.");
    ck_assert_uint_eq(left.color, COLOR_DIM);
    ck_assert_uint_eq(right.color, COLOR_DIM);
    float space = draw_text_width(&frame.list, " ", TEXT_NORMAL);
    ck_assert_float_eq_tol(left.rect.x + left.rect.width + space, dog.rect.x, 0.01);
    ck_assert_float_eq_tol(dog.rect.x + dog.rect.width + space, right.rect.x, 0.01);
    panel_frame_free(&frame);
}
END_TEST

// The selected token of the story, with the tokens around it, above the rows.
START_TEST(the_selected_token_is_on_top)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .tokens = 12 }, 640, 300);
    for (int t = 0; t < 12; t++) frame.scene.story.tokens[t].id = 2 + t;
    frame.view.token = 5; // was
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert_uint_eq(text_of(&frame, "was").color, COLOR_ACCENT);
    ck_assert_float_lt(text_of(&frame, "was").rect.y, ROW);
    ck_assert(says(&frame, "token 5") && says(&frame, "Once upon a time there"));
    frame.view.token = 0;
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert_uint_eq(text_of(&frame, "Once").color, COLOR_ACCENT);
    ck_assert(says(&frame, "upon a time there was"));
    panel_frame_free(&frame);
}
END_TEST

static bool ends_in_dots(const char *text) {
    size_t length = strlen(text), dots = strlen("…");
    return length > dots && strcmp(text + length - dots, "…") == 0;
}

// Both sides are cut where they do not fit, and the token is always visible.
START_TEST(contexts_are_cut_at_both_ends)
{
    for (int width = 120; width < 400; width += 17) {
        PanelFrame frame;
        panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, width, 60);
        set_context(&frame, 0, 9);
        panel_frame_draw(&frame, PANEL_NEIGHBOURS);
        ck_assert_uint_eq(text_of(&frame, "dog").color, color_class(0));
        DrawCommand command;
        int left = 0, right = 0;
        for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);) {
            if (command.kind != DRAW_TEXT || command.rect.y < ROW) continue;
            if (strncmp(command.text, "…", strlen("…")) == 0) {
                left++; // no more than a character and a half is left out that would fit
                float space = command.rect.x - (width >= 300 ? 108 : width >= 200 ? 54 : 10);
                ck_assert(space >= 0 && space < 20);
            }
            right += ends_in_dots(command.text);
        }
        ck_assert_int_eq(left, 1);
        ck_assert_int_eq(right, 1);
        panel_frame_free(&frame);
    }
}
END_TEST

START_TEST(each_row_is_a_target)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 400, 29 + 5 * ROW + 10);
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert_int_eq(neighbours(&frame), 5); // as many as fit
    Hit hit;
    for (int i = 0; i < 5; i++) {
        ck_assert(panel_frame_hit(&hit, &frame, TARGET_NEIGHBOUR, i));
        Target found = hit_find(&frame.hits, hit.rect.x + 200, hit.rect.y + ROW / 2.0f);
        ck_assert_int_eq(found.index, i);
    }
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, COLOR_ACCENT, hit.rect), 0);
    frame.view.circuit = frame.scene.focus.neighbours[4].circuit;
    frame.view.hover = (Target){ TARGET_NEIGHBOUR, 0, 0, 4 };
    int before = drawn_inside(&frame.list, DRAW_RECT, COLOR_EMPTY, hit.rect);
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, COLOR_ACCENT, hit.rect), 1);
    ck_assert_int_gt(drawn_inside(&frame.list, DRAW_RECT, COLOR_EMPTY, hit.rect), before);
    frame.scene.focus.neighbour_count = 2;
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert_int_eq(neighbours(&frame), 2);
    panel_frame_free(&frame);
}
END_TEST

// Neighbours of another layer than the view's are about to be replaced.
START_TEST(old_neighbours_are_dimmer)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 400, 200);
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert_uint_eq(text_of(&frame, "0.04").color, COLOR_DIM);
    for (int i = 0; i < 3; i++) {
        frame.view.layer = frame.scene.focus.layer + (i == 0);
        frame.view.channel = frame.scene.focus.channel + (i == 1);
        frame.view.token = i == 2 ? 3 : LATEST;
        panel_frame_draw(&frame, PANEL_NEIGHBOURS);
        ck_assert_uint_eq(text_of(&frame, "0.04").color, color_blend(COLOR_PANEL, COLOR_DIM, 0.45));
    }
    panel_frame_free(&frame);
}
END_TEST

START_TEST(without_neighbours_it_says_why)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "mlp" }, 400, 200);
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert(says(&frame, "a dense model has no circuits to compare"));
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ .no_recording = true }, 400, 200);
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert(says(&frame, frame.scene.circuits.note));
    frame.scene.circuits.note[0] = '\0';
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert(says(&frame, "no circuits to compare with"));
    frame.scene.focus.token = -1;
    panel_frame_draw(&frame, PANEL_NEIGHBOURS);
    ck_assert(says(&frame, "no token is selected yet"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(every_size_and_scene)
{ panel_frame_sweep(PANEL_NEIGHBOURS, NULL); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_row_has_the_distance_and_the_context },
        { the_selected_token_is_on_top },
        { contexts_are_cut_at_both_ends },
        { each_row_is_a_target },
        { old_neighbours_are_dimmer },
        { without_neighbours_it_says_why },
        { every_size_and_scene },
    };
    return run_tests("panel_neighbours", tests, COUNT_OF(tests));
}
