#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

static void select_card(PanelFrame *frame) {
    const SceneCard *card = &frame->scene.card;
    frame->view.layer = card->layer;
    frame->view.channel = card->channel;
    frame->view.neuron = card->index;
}

static void new_card(PanelFrame *out, const FakeScene *fake, int width, int height) {
    panel_frame_new(out, fake, width, height);
    select_card(out);
}

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

// Finds the texts that are drawn in the accent: the middles of contexts without classes.
static int find_middles(DrawCommand out[3], const PanelFrame *frame) {
    DrawCommand command;
    int count = 0;
    for (size_t cursor = 0; draw_next(&frame->list, &command, &cursor);) {
        if (command.kind == DRAW_TEXT && command.color == COLOR_ACCENT && count < 3)
            out[count++] = command;
    }
    return count;
}

START_TEST(stays_inside_and_allocates_once)
{ panel_frame_sweep(PANEL_CARD, select_card); }
END_TEST

START_TEST(says_what_a_neuron_reads_and_writes_and_when_it_fires)
{
    PanelFrame frame;
    new_card(&frame, &(FakeScene){ 0 }, 370, 370);
    SceneCard *card = &frame.scene.card;
    card->reads[0] = 9;     // dog
    card->promotes[1] = 11; // Tim
    card->suppresses[2] = -1;
    card->suppresses[3] = 32; // island, after the end
    for (int i = 0; i < SCENE_WORDS; i++) card->fires[i] = 14;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < CONTEXT_ROW; j++) card->contexts[i].context[j] = 7;
    panel_frame_draw(&frame, PANEL_CARD);
    const char *const texts[] = { "reads", "promotes", "suppresses", "fires at", "dog",
                                  "Tim",   "100%",     "85%",        "25%",      "turtle" };
    for (int i = 0; i < COUNT_OF(texts); i++) ck_assert_msg(says(&frame, texts[i]), "%s", texts[i]);
    ck_assert(says(&frame, "fired at 321 of 9,000 positions, mean score 1.75"));
    ck_assert(!says(&frame, "island"));
    DrawCommand dog;
    ck_assert(drawn_text(&dog, &frame.list, "dog"));
    ck_assert_uint_eq(dog.color, color_class(0));
    Rect all = draw_whole(&frame.list);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, COLOR_EMPTY, all), SCENE_WORDS);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(words_without_bars_leave_space_for_contexts)
{
    PanelFrame frame;
    new_card(&frame, &(FakeScene){ .no_classes = true }, 370, 190);
    for (int i = 0; i < SCENE_WORDS; i++) frame.scene.card.fires[i] = 14 + i % 2;
    panel_frame_draw(&frame, PANEL_CARD);
    DrawCommand middles[3];
    ck_assert(says(&frame, "turtle") && says(&frame, "slow") && !says(&frame, "100%"));
    ck_assert_int_eq(find_middles(middles, &frame), 3);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(counts_have_commas)
{
    PanelFrame frame;
    new_card(&frame, &(FakeScene){ 0 }, 480, 510);
    frame.scene.card.fired = 1000;
    frame.scene.card.positions = 1234567;
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "fired at 1,000 of 1,234,567 positions, mean score 1.75"));
    frame.scene.card.fired = 0;
    frame.scene.card.score = NAN;
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "never fired at 1,234,567 positions"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(contexts_are_aligned_and_cut_at_both_ends)
{
    PanelFrame frame;
    new_card(&frame, &(FakeScene){ .no_classes = true }, 300, 370);
    static const int32_t context[CONTEXT_ROW] = { 32, 32, 32, 32, 32, 9, 26, 32, 32, 32, 32 };
    SceneNeighbour *contexts = frame.scene.card.contexts;
    memcpy(contexts[1].context, context, sizeof context);
    memcpy(contexts[2].context,
           (int32_t[CONTEXT_ROW]){ -1, -1, -1, 13, 12, 14, 25, -1, -1, -1, -1 },
           sizeof context); // The . turtle ful
    panel_frame_draw(&frame, PANEL_CARD);
    DrawCommand middles[3], text;
    ck_assert_int_eq(find_middles(middles, &frame), 3);
    ck_assert_float_eq(middles[0].rect.x, middles[1].rect.x);
    ck_assert_float_eq(middles[1].rect.x, middles[2].rect.x);
    ck_assert_str_eq(middles[1].text, "dog");
    ck_assert_str_eq(middles[2].text, "turtle");
    bool left = false, right = false;
    for (size_t cursor = 0; draw_next(&frame.list, &text, &cursor);) {
        if (text.kind != DRAW_TEXT || text.rect.y != middles[1].rect.y) continue;
        size_t end = strlen(text.text);
        left |= strncmp(text.text, "…", 3) == 0 && strcmp(text.text + end - 7, " island") == 0;
        right |=
            strncmp(text.text, "boat island", 10) == 0 && strcmp(text.text + end - 3, "…") == 0;
    }
    ck_assert(left && right);
    ck_assert(says(&frame, "The.")); // whole, and joined as in the text
    ck_assert(says(&frame, "ful"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(leaves_out_what_is_not_known)
{
    PanelFrame frame;
    new_card(&frame, &(FakeScene){ .no_recording = true }, 480, 510);
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "reads") && !says(&frame, "fires at"));
    ck_assert(says(&frame, "when it fires is not known without a recording"));
    panel_frame_free(&frame);
    new_card(&frame, &(FakeScene){ .kind = "moe", .n = 8 }, 480, 510);
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(!says(&frame, "reads") && says(&frame, "fires at"));
    frame.view.neuron = -1;
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "click an expert to open its card"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(the_card_of_another_neuron_is_not_shown)
{
    PanelFrame frame;
    new_card(&frame, &(FakeScene){ 0 }, 480, 510);
    frame.view.neuron++;
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "…") && drawn_count(&frame.list, DRAW_TEXT) == 1);
    select_card(&frame);
    frame.view.layer++;
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "…"));
    frame.view.neuron = frame.scene.card.index = -1;
    panel_frame_draw(&frame, PANEL_CARD);
    ck_assert(says(&frame, "click a neuron to open its card"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(a_row_of_words_ends_where_its_space_does)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 480, 510);
    const int32_t words[] = { 9, 14, 11, -1, 23 }; // dog turtle Tim
    float end = part_words(&frame.frame, (Rect){ 10, 10, 400, 20 }, COLOR_TEXT, words, 5);
    ck_assert(says(&frame, "dog") && says(&frame, "turtle") && says(&frame, "Tim"));
    ck_assert(!says(&frame, "lake") && !says(&frame, "…"));
    ck_assert_float_lt(end, 410);
    draw_clear(&frame.list, 480, 510);
    part_words(&frame.frame, (Rect){ 10, 10, end - 11, 20 }, COLOR_TEXT, words, 5);
    ck_assert(says(&frame, "turtle") && says(&frame, "…") && !says(&frame, "Tim"));
    ck_assert(panel_frame_inside(&frame));
    draw_clear(&frame.list, 480, 510);
    part_words(&frame.frame, (Rect){ 10, 10, 20, 20 }, COLOR_TEXT, words + 1, 1);
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_TEXT), 1);
    ck_assert(!says(&frame, "turtle")); // cut
    ck_assert_float_eq(part_words(&frame.frame, (Rect){ 10, 10, 90, 20 }, COLOR_TEXT, words, 0),
                       10);
    panel_frame_free(&frame);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { stays_inside_and_allocates_once },
        { says_what_a_neuron_reads_and_writes_and_when_it_fires },
        { words_without_bars_leave_space_for_contexts },
        { counts_have_commas },
        { contexts_are_aligned_and_cut_at_both_ends },
        { leaves_out_what_is_not_known },
        { the_card_of_another_neuron_is_not_shown },
        { a_row_of_words_ends_where_its_space_does },
    };
    return run_tests("panel_card", tests, COUNT_OF(tests));
}
