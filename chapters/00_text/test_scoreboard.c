// The scoreboard: its stories, the rows of chapter 00, and its bars.
#include "chapters/00_text/letter_scores.h"
#include "datasets/storyworld/storyworld.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define START "\n\n\n\n\n\n\n\n"

START_TEST(stories_are_those_of_storyworld)
{
    char story[STORYWORLD_STORY_MAX];
    char *text = stories_text(7, 2);
    ck_assert_int_eq(strncmp(text, START, TEXT_START), 0);
    const char *at = text + TEXT_START;
    for (uint64_t i = 7; i < 9; i++) {
        size_t length = storyworld_story(story, sizeof story, 1, i);
        ck_assert_mem_eq(at, story, length);
        ck_assert_int_eq(strncmp(at + length, "\n\n", 2), 0);
        at += length + 2;
    }
    ck_assert_int_eq(*at, '\0');
    free(text);
}
END_TEST

START_TEST(each_letter_of_context_helps)
{
    char *texts[] = { stories_text(0, 20), stories_text(HELD_OUT_FIRST, 3) };
    double loss[TABLES];
    Alphabet alphabet;
    alphabet_of(&alphabet, (const char *const *)texts, 2);
    ck_assert(table_losses(loss, &alphabet, texts[0], texts[1], SMALL_COUNT));
    ck_assert_double_lt(loss[0], log(alphabet.V) - 0.5);
    ck_assert_double_lt(loss[1], loss[0] - 0.5);
    ck_assert_double_lt(loss[2], loss[1] - 0.3);
    free(texts[0]);
    free(texts[1]);
}
END_TEST

// The rows are those losses, after that of a machine that knows nothing.
START_TEST(rows_of_the_tables)
{
    const char *counted = START "abba", *held_out = START "baab";
    double loss[TABLES];
    Score scores[TABLE_SCORES];
    Alphabet alphabet;
    alphabet_of(&alphabet, &counted, 1);
    ck_assert(table_losses(loss, &alphabet, counted, held_out, SMALL_COUNT));
    ck_assert(table_scores(scores, &alphabet, counted, held_out));
    ck_assert_double_eq(scores[0].loss, log(3));
    for (int i = 0; i < TABLES; i++) ck_assert_double_eq(scores[1 + i].loss, loss[i]);
}
END_TEST

enum { MAX_BARS = 8 };

// The rectangles of a color, which are the bars.
static int bars_of(Rect bars[MAX_BARS], const DrawList *list, Color color) {
    DrawCommand command;
    int count = 0;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind != DRAW_RECT || command.color != color) continue;
        ck_assert_int_lt(count, MAX_BARS);
        bars[count++] = command.rect;
    }
    return count;
}

// Bars start at the same x and are as long as their losses, in each board by its own scale; those
// of the chapter that draws have a color of their own. Nothing lies outside of the picture.
START_TEST(bars_are_as_long_as_losses)
{
    const Score letters[] = { { .chapter = "00", .name = "a", .loss = 4 },
                              { .chapter = "00", .name = "b", .loss = 1 },
                              { .chapter = "07", .name = "c", .loss = 2, .note = "d" } },
                wave[] = { { .chapter = "07", .name = "e", .loss = 0.5 } };
    const Scoreboard boards[] = { { "letters", "07", letters, 3 }, { "wave", "07", wave, 1 } };
    DrawList list = scoreboard_new(boards, 2, font_builtin());
    Rect earlier[MAX_BARS], here[MAX_BARS];
    scoreboard_draw(&list, boards, 2);
    ck_assert_int_eq(bars_of(earlier, &list, color_class(1)), 2);
    ck_assert_int_eq(bars_of(here, &list, COLOR_ACCENT), 2);
    ck_assert_float_eq(earlier[1].width, earlier[0].width / 4);
    ck_assert_float_eq(here[0].width, earlier[0].width / 2);
    ck_assert_float_eq(here[1].width, earlier[0].width);
    const Rect order[] = { earlier[0], earlier[1], here[0], here[1] };
    for (int i = 0; i < 4; i++) {
        ck_assert_float_eq(order[i].x, order[0].x);
        ck_assert(i == 0 || order[i].y >= order[i - 1].y + order[i - 1].height);
        ck_assert_float_lt(order[i].y + order[i].height, (float)list.height);
        ck_assert_float_lt(order[i].x + order[i].width, (float)list.width);
    }
    ck_assert(!list.failed);
    draw_free(&list);
}
END_TEST

// Losses of many starts: dots on lines from low to high, a tenth as much as far to the left from
// decade to decade. What is below a thousandth is at the left end, NaN at the right.
START_TEST(dots_are_at_powers_of_ten)
{
    const Score scores[] = {
        { .chapter = "01", .name = "a", .loss = 1, .low = 0.1, .high = 10 },
        { .chapter = "01", .name = "b", .loss = 0, .low = 0, .high = 0.01 },
        { .chapter = "01", .name = "c", .loss = 10, .low = 0.1, .high = NAN }
    };
    const Scoreboard board = { "a*b", "02", scores, 3 };
    DrawList list = scoreboard_new(&board, 1, font_builtin());
    Rect lines[MAX_BARS];
    float dots[3];
    DrawCommand command;
    int count = 0;
    scoreboard_draw(&list, &board, 1);
    ck_assert_int_eq(bars_of(lines, &list, color_class(1)), 3);
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind != DRAW_LINE || command.color != color_class(1)) continue;
        ck_assert_int_lt(count, 3);
        dots[count++] = command.x0;
    }
    ck_assert_int_eq(count, 3);
    // the axis reaches from 0.001 to 10: four decades
    float decade = lines[0].width / 2;
    ck_assert_float_eq_tol(dots[0], lines[0].x + decade, 0.01);
    ck_assert_float_eq_tol(lines[1].x, lines[0].x - 2 * decade, 0.01);
    ck_assert_float_eq_tol(lines[2].width, 2 * decade, 0.01);
    ck_assert_float_eq_tol(dots[1], lines[1].x, 0.01);
    ck_assert_float_eq_tol(dots[2], lines[0].x + 2 * decade, 0.01);
    ck_assert_float_lt(dots[2], (float)list.width);
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { stories_are_those_of_storyworld },
        { each_letter_of_context_helps },
        { rows_of_the_tables },
        { bars_are_as_long_as_losses },
        { dots_are_at_powers_of_ten },
    };
    return run_tests("00 scoreboard", tests, COUNT_OF(tests));
}
