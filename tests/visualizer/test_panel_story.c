#include "reference/data/special_tokens.h"
#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

// Tokens of the fake scene.
enum { ONCE = 2, THE = 13, TURTLE = 14, DOG = 9, COMMA = 16, FUL = 25, NEWLINE = 29, LONG = 31 };

// A story of these tokens, without bets.
static void say(PanelFrame *frame, const int32_t *tokens, int count) {
    ck_assert(scene_tokens(&frame->scene, count));
    frame->scene.focus.bet_count = 0;
    for (int t = 0; t < count; t++) frame->scene.story.tokens[t].id = tokens[t];
    panel_frame_draw(frame, PANEL_STORY);
}

static bool drawn(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

static Rect place_of(const PanelFrame *frame, int token) {
    Hit hit;
    ck_assert_msg(panel_frame_hit(&hit, frame, TARGET_TOKEN, token), "token %d is not there",
                  token);
    return hit.rect;
}

// ---- everything inside, no memory

static void type_a_prompt(PanelFrame *frame) {
    frame->view.editing = true;
    for (int i = 0; i < 1000; i++) frame->view.prompt[i] = "é, ab"[i % 6 % 5 == 0 ? 2 : i % 6 % 5];
    frame->view.hover = (Target){ .kind = TARGET_PROMPT };
}

static void look_back(PanelFrame *frame) {
    frame->view.token = frame->scene.story.count / 2;
    frame->view.scroll = 1000;
    frame->view.hover = (Target){ .kind = TARGET_TOKEN, .index = frame->view.token + 1 };
    frame->scene.story.window = frame->view.token;
    frame->scene.focus.token = frame->view.token;
}

static void end(PanelFrame *frame) {
    SceneStory *story = &frame->scene.story;
    story->state = STORY_ENDED;
    story->tokens[story->count / 2].id = TOKEN_END;
    frame->view.scroll = INFINITY;
}

START_TEST(nothing_lies_outside_and_a_frame_allocates_nothing)
{
    panel_frame_sweep(PANEL_STORY, NULL);
    panel_frame_sweep(PANEL_STORY, type_a_prompt);
    panel_frame_sweep(PANEL_STORY, look_back);
    panel_frame_sweep(PANEL_STORY, end);
}
END_TEST

// ---- text

START_TEST(a_space_is_in_front_of_words_only)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 400);
    say(&frame, (int32_t[]){ THE, DOG, COMMA, TURTLE }, 4);
    DrawCommand dog, comma, turtle;
    ck_assert(drawn_text(&dog, &frame.list, "dog") && drawn_text(&comma, &frame.list, ","));
    ck_assert(drawn_text(&turtle, &frame.list, "turtle"));
    ck_assert_float_eq_tol(comma.rect.x, dog.rect.x + dog.rect.width, 0.01f);
    ck_assert_float_gt(turtle.rect.x, comma.rect.x + comma.rect.width + 3);
    ck_assert(dog.rect.y == comma.rect.y && dog.rect.y == turtle.rect.y);
    panel_frame_free(&frame);
}
END_TEST

// Tokens of a word stay together: "dogful," does not fit in the line.
START_TEST(lines_are_broken_between_words)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 400);
    int32_t tokens[40];
    for (int t = 0; t < 40; t++) tokens[t] = (int32_t[]){ DOG, FUL, COMMA, TURTLE }[t % 4];
    say(&frame, tokens, 40);
    int breaks = 0;
    for (int t = 1; t < 40; t++) {
        bool same_line = place_of(&frame, t).y == place_of(&frame, t - 1).y;
        if (t % 4 == 1 || t % 4 == 2) ck_assert_msg(same_line, "broken before token %d", t);
        breaks += !same_line;
    }
    ck_assert_int_ge(breaks, 3);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(a_line_break_ends_the_line)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 400);
    say(&frame, (int32_t[]){ THE, NEWLINE, NEWLINE, DOG, TOKEN_END, TURTLE }, 6);
    Rect the = place_of(&frame, 0), dog = place_of(&frame, 3), turtle = place_of(&frame, 5);
    ck_assert_float_eq_tol(dog.y, the.y + 2 * the.height, 0.01f);
    ck_assert_float_eq_tol(turtle.y, dog.y + 2 * dog.height, 0.01f); // the rule is between them
    ck_assert_float_eq_tol(dog.x, the.x, 0.01f);
    Rect rule = place_of(&frame, 4);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, COLOR_DIM, rule), 1);
    panel_frame_free(&frame);
}
END_TEST

// All parts together are the word, and none is wider than the panel.
START_TEST(a_word_longer_than_a_line_is_broken_inside)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 200, 400);
    say(&frame, (int32_t[]){ THE, LONG, COMMA }, 3);
    char all[SCENE_TEXT] = "";
    DrawCommand command;
    for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);) {
        if (command.kind != DRAW_TEXT || command.color == COLOR_DIM) continue; // the prompt line
        if (strcmp(command.text, ",") == 0) break;
        if (strcmp(command.text, "The") != 0) strcat(all, command.text);
        ck_assert_float_lt(command.rect.x + command.rect.width, 200);
    }
    ck_assert_str_eq(all, lexicon_text(frame.scene.model.lexicon, LONG));
    ck_assert(!drawn(&frame, lexicon_text(frame.scene.model.lexicon, LONG)));
    panel_frame_free(&frame);
}
END_TEST

static Color color_of(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    ck_assert_msg(drawn_text(&command, &frame->list, text), "no text '%s'", text);
    return command.color;
}

// What was told is brightest, the prompt less, and what the model no longer sees is dim.
START_TEST(brightness_says_what_the_model_told_and_sees)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 400);
    frame.scene.story.prompt = 3;
    frame.scene.story.window = 2;
    say(&frame, (int32_t[]){ THE, ONCE, TURTLE, DOG, COMMA }, 5);
    ck_assert_uint_eq(color_of(&frame, "The"), COLOR_DIM);
    ck_assert_uint_eq(color_of(&frame, "Once"), COLOR_DIM);
    ck_assert_uint_eq(color_of(&frame, "turtle"), color_blend(COLOR_TEXT, COLOR_DIM, 0.5));
    ck_assert_uint_eq(color_of(&frame, "dog"), COLOR_TEXT);
    // Both animals are underlined in the color of their class.
    Rect dog = place_of(&frame, 3);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, color_class(0), dog), 1);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, color_class(0), place_of(&frame, 4)), 0);
    panel_frame_free(&frame);
}
END_TEST

static int accents(const PanelFrame *frame, Rect area) {
    return drawn_inside(&frame->list, DRAW_RECT, COLOR_ACCENT, area);
}

START_TEST(the_selected_token_is_boxed)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 400);
    Rect whole = draw_whole(&frame.list);
    say(&frame, (int32_t[]){ THE, DOG, COMMA, TURTLE }, 4);
    ck_assert_int_gt(accents(&frame, place_of(&frame, 3)), 0); // the latest
    frame.view.token = 1;
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert_int_gt(accents(&frame, place_of(&frame, 1)), 0);
    ck_assert_int_eq(accents(&frame, place_of(&frame, 1)), accents(&frame, whole));
    int rects = drawn_count(&frame.list, DRAW_RECT);
    frame.view.hover = (Target){ .kind = TARGET_CELL, .index = 0 }; // of the timeline
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_RECT), rects + 4); // a frame of two
    panel_frame_free(&frame);
}
END_TEST

START_TEST(the_end_is_said)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 400, 400);
    say(&frame, (int32_t[]){ THE, DOG }, 2);
    ck_assert(!drawn(&frame, "the end"));
    frame.scene.story.state = STORY_ENDED; // at the most tokens it may have
    say(&frame, (int32_t[]){ THE, DOG }, 2);
    ck_assert_uint_eq(color_of(&frame, "the end"), COLOR_DIM);
    frame.view.token = 0;
    say(&frame, (int32_t[]){ THE, DOG, TOKEN_END }, 3); // in place of the token
    ck_assert_uint_eq(color_of(&frame, "the end"), COLOR_DIM);
    ck_assert_float_eq_tol(place_of(&frame, 2).y, place_of(&frame, 1).y, 0.01f);
    panel_frame_free(&frame);
}
END_TEST

// ---- scrolling

START_TEST(a_long_story_is_followed_and_scrolled)
{
    PanelFrame frame;
    Hit hit;
    panel_frame_new(&frame, &(FakeScene){ .tokens = 10000 }, 370, 370);
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_TOKEN, 9999));
    ck_assert(!panel_frame_hit(&hit, &frame, TARGET_TOKEN, 9500)); // only what is seen is drawn
    frame.view.scroll = 3 * hit.rect.height;
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(!panel_frame_hit(&hit, &frame, TARGET_TOKEN, 9999));
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_TOKEN, 9970));
    frame.view.scroll = 1e30f; // no further than to the start
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert_float_eq(place_of(&frame, 0).y, 0);
    frame.view.scroll = 0;
    for (int token = 0; token < 10000; token += 997) {
        frame.view.token = token;
        panel_frame_draw(&frame, PANEL_STORY);
        ck_assert_int_gt(accents(&frame, place_of(&frame, token)), 0);
    }
    panel_frame_free(&frame);
}
END_TEST

// ---- before and after a patch

static void check_both(int width, bool beside) {
    PanelFrame frame;
    Hit old, new;
    panel_frame_new(&frame, &(FakeScene){ .patched = true }, width, 370);
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert_uint_eq(color_of(&frame, "before"), COLOR_DIM);
    ck_assert(drawn(&frame, "after: the circuit of “horse” at “turtle”"));
    int last = frame.scene.story.count - 1;
    ck_assert(panel_frame_hit(&old, &frame, TARGET_BEFORE, last));
    ck_assert(panel_frame_hit(&new, &frame, TARGET_TOKEN, last));
    if (beside) {
        ck_assert_float_lt(old.rect.x + old.rect.width, new.rect.x);
        // What is common to both is at the same place of each.
        ck_assert(panel_frame_hit(&old, &frame, TARGET_BEFORE, frame.scene.story.fork - 1));
        ck_assert_float_eq_tol(old.rect.y, place_of(&frame, frame.scene.story.fork - 1).y, 0.01f);
    } else {
        ck_assert_float_lt(old.rect.y + old.rect.height, new.rect.y);
    }
    panel_frame_free(&frame);
}

START_TEST(the_story_before_a_patch_is_beside_the_new_one)
{
    check_both(370, false);
    check_both(1240, true);
}
END_TEST

// ---- bets and prompt

START_TEST(bets_are_words_bars_and_probabilities)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 370);
    Rect whole = draw_whole(&frame.list);
    frame.scene.focus.bets[0] = (SceneBet){ LONG, 0.5f };
    frame.scene.focus.bets[1] = (SceneBet){ TOKEN_END, 0.25f };
    frame.scene.focus.bets[2] = (SceneBet){ NEWLINE, 0.125f };
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(drawn(&frame, "NEXT") && drawn(&frame, "0.50") && drawn(&frame, "0.25"));
    ck_assert(drawn(&frame, "the end") && drawn(&frame, "\\n"));
    int latest = accents(&frame, whole);
    frame.scene.focus.token = 20; // the story continues as the second bet said
    frame.scene.story.tokens[21].id = TOKEN_END;
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert_int_eq(accents(&frame, whole), latest + 1);
    ck_assert_uint_eq(color_of(&frame, "0.25"), COLOR_TEXT);
    ck_assert_uint_eq(color_of(&frame, "0.50"), COLOR_DIM);
    frame.scene.focus.bet_count = 0;
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(!drawn(&frame, "NEXT"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(a_prompt_is_typed_at_the_bottom)
{
    PanelFrame frame;
    Hit hit;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 370);
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_PROMPT, 0));
    ck_assert_uint_eq(color_of(&frame, "type a prompt"), COLOR_DIM);
    ck_assert_int_eq(accents(&frame, hit.rect), 0);
    frame.view.editing = true;
    strcpy(frame.view.prompt, "A dog");
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(drawn(&frame, "A dog") && !drawn(&frame, "type a prompt"));
    ck_assert_int_eq(accents(&frame, hit.rect), 1); // the caret
    for (int i = 0; i < 500; i++) strcat(frame.view.prompt, i % 2 ? " é" : "x");
    strcat(frame.view.prompt, " end");
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert_int_eq(accents(&frame, hit.rect), 1); // its end is always seen
    ck_assert(drawn(&frame, "…") && !drawn(&frame, frame.view.prompt));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(without_a_story_the_panel_says_why)
{
    PanelFrame frame;
    Hit hit;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 370, 370);
    frame.scene.story.state = STORY_WAITING;
    frame.scene.story.count = 0;
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(drawn(&frame, "type a prompt"));
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_PROMPT, 0));
    strcpy(frame.scene.note, "reading the model");
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(drawn(&frame, "reading the model") && !drawn(&frame, "type a prompt"));
    frame.view.editing = true;
    panel_frame_draw(&frame, PANEL_STORY);
    ck_assert(drawn(&frame, "reading the model") && drawn(&frame, "type a prompt"));
    panel_frame_free(&frame);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { nothing_lies_outside_and_a_frame_allocates_nothing },
        { a_space_is_in_front_of_words_only },
        { lines_are_broken_between_words },
        { a_line_break_ends_the_line },
        { a_word_longer_than_a_line_is_broken_inside },
        { brightness_says_what_the_model_told_and_sees },
        { the_selected_token_is_boxed },
        { the_end_is_said },
        { a_long_story_is_followed_and_scrolled },
        { the_story_before_a_patch_is_beside_the_new_one },
        { bets_are_words_bars_and_probabilities },
        { a_prompt_is_typed_at_the_bottom },
        { without_a_story_the_panel_says_why },
    };
    return run_tests("panel_story", tests, COUNT_OF(tests));
}
