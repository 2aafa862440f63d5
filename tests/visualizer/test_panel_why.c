#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

static void point_at_a_term(PanelFrame *frame) {
    frame->view.hover = (Target){ TARGET_TERM, 0, 0, 2 };
}

START_TEST(stays_inside_and_allocates_once)
{ panel_frame_sweep(PANEL_WHY, point_at_a_term); }
END_TEST

static void set_terms(SceneFocus *focus) {
    focus->term_token = 15; // slow
    focus->logit = 9.5;
    focus->total = 9.5;
    focus->term_count = 4;
    focus->terms_left = 150;
    focus->rest = 1.25;
    focus->terms[0] = (SceneTerm){ .kind = TERM_NEURON,
                                   .layer = 2,
                                   .channel = 1,
                                   .index = 137,
                                   .value = 8,
                                   .fires = { 9, -1 },
                                   .writes = { 23, -1 } };
    focus->terms[1] = (SceneTerm){ .kind = TERM_HEAD, .layer = 2, .head = 1, .value = -4 };
    focus->terms[2] = (SceneTerm){ .kind = TERM_EMBEDDING, .value = 2.25f };
    focus->terms[3] = (SceneTerm){ .kind = TERM_EXPERT, .layer = 1, .index = 5, .value = 2 };
}

static const struct {
    int width;
    const char *labels[4];
} widths[] = {
    { 800, { "layer 2 channel 1 neuron 137", "layer 2 head 1", "embedding", "layer 1 expert 5" } },
    { 370, { "L2 C1 137", "L2 head 1", "embedding", "L1 expert 5" } },
};

START_TEST(names_each_term_with_its_value)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, widths[_i].width, 370);
    set_terms(&frame.scene.focus);
    panel_frame_draw(&frame, PANEL_WHY);
    const char *const texts[] = {
        "“slow” · logit 9.50", "sum 9.50", "+8.00", "-4.00", "+2.25", "+2.00",
        "the other 150",       "+1.25",    "dog",   " → ",   "lake"
    };
    for (int i = 0; i < COUNT_OF(texts); i++) ck_assert_msg(says(&frame, texts[i]), "%s", texts[i]);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(says(&frame, widths[_i].labels[i]), "%s", widths[_i].labels[i]);
    panel_frame_free(&frame);
}
END_TEST

// The bar in the row of a label.
static Rect bar_of(const PanelFrame *frame, const char *label, Color *color) {
    DrawCommand text, command;
    Rect bar = { 0 };
    ck_assert(drawn_text(&text, &frame->list, label));
    for (size_t cursor = 0; draw_next(&frame->list, &command, &cursor);) {
        if (command.kind != DRAW_RECT || command.rect.y < text.rect.y ||
            command.rect.y + command.rect.height > text.rect.y + text.rect.height)
            continue;
        bar = command.rect;
        *color = command.color;
    }
    return bar;
}

START_TEST(bars_reach_to_the_side_of_their_sign)
{
    PanelFrame frame;
    Color up, down;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 370);
    set_terms(&frame.scene.focus);
    panel_frame_draw(&frame, PANEL_WHY);
    Rect largest = bar_of(&frame, "L2 C1 137", &up), negative = bar_of(&frame, "L2 head 1", &down);
    Rect small = bar_of(&frame, "L1 expert 5", &up);
    ck_assert_float_eq_tol(negative.x + negative.width, largest.x, 1e-3f); // the axis
    ck_assert_float_eq_tol(small.x, largest.x, 1e-3f);
    ck_assert_float_eq_tol(negative.width, largest.width / 2, 1e-3f);
    ck_assert_float_eq_tol(small.width, largest.width / 4, 1e-3f);
    ck_assert_float_gt(small.width, 5);
    ck_assert_uint_ne(up, down);
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_RECT), 4 + 1); // and the axis
    panel_frame_free(&frame);
}
END_TEST

START_TEST(terms_that_do_not_fit_are_among_the_others)
{
    PanelFrame frame;
    Hit hit;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 30 + 3 * 21);
    set_terms(&frame.scene.focus);
    panel_frame_draw(&frame, PANEL_WHY); // two terms, and the rest
    ck_assert(says(&frame, "L2 head 1") && !says(&frame, "embedding"));
    ck_assert(says(&frame, "the other 152") && says(&frame, "+5.50")); // 1.25 + 2.25 + 2
    ck_assert_int_eq(frame.hits.count, 2);
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_TERM, 1));
    Target target = hit_find(&frame.hits, 200, hit.rect.y + 5);
    ck_assert_int_eq(target.kind, TARGET_TERM);
    ck_assert_int_eq(target.index, 1);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(says_why_there_is_nothing)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "mlp" }, 370, 370);
    panel_frame_draw(&frame, PANEL_WHY);
    ck_assert(says(&frame, "attribution needs a sparse model"));
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 370);
    frame.scene.focus.term_count = 0;
    panel_frame_draw(&frame, PANEL_WHY);
    ck_assert(says(&frame, "select a word to see why it came"));
    ck_assert_int_eq(frame.hits.count, 0);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(values_that_are_not_numbers_draw_nothing_outside)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 370);
    set_terms(&frame.scene.focus);
    frame.scene.focus.terms[0].value = NAN;
    frame.scene.focus.terms[1].value = -INFINITY;
    frame.scene.focus.rest = 1e30;
    panel_frame_draw(&frame, PANEL_WHY);
    ck_assert(panel_frame_inside(&frame));
    panel_frame_free(&frame);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { stays_inside_and_allocates_once },
        { names_each_term_with_its_value, COUNT_OF(widths) },
        { bars_reach_to_the_side_of_their_sign },
        { terms_that_do_not_fit_are_among_the_others },
        { says_why_there_is_nothing },
        { values_that_are_not_numbers_draw_nothing_outside },
    };
    return run_tests("panel_why", tests, COUNT_OF(tests));
}
