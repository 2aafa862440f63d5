#include "chapters/scoreboard.h"
#include "chapters/00_text/ngram.h"
#include "datasets/storyworld/storyworld.h"
#include "reference/draw/chart.h"
#include "reference/draw/paint.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *stories_text(int first, int count) {
    char *text = malloc(TEXT_START + (size_t)count * STORYWORLD_STORY_MAX + 3);
    if (text == NULL) return NULL;
    memset(text, '\n', TEXT_START);
    size_t length = TEXT_START;
    for (int i = first; i < first + count; i++) {
        length += storyworld_story(text + length, STORYWORLD_STORY_MAX, 1, (uint64_t)i);
        memcpy(text + length, "\n\n", 2);
        length += 2;
    }
    text[length] = '\0';
    return text;
}

void print_letters(const char *letters) {
    for (; *letters != '\0'; letters += strnlen(letters, LETTERS_PER_LINE)) {
        printf("|");
        for (int i = 0; i < LETTERS_PER_LINE && letters[i] != '\0'; i++)
            putchar(letters[i] == '\n' ? '/' : letters[i]);
        printf("|\n");
    }
}

// ---- as text

static void print_board(const Scoreboard *board) {
    int width = 0;
    for (int i = 0; i < board->count; i++)
        width = max_int(width, (int)strlen(board->scores[i].name));
    printf("%s\n", board->title);
    for (int i = 0; i < board->count; i++) {
        const Score *score = &board->scores[i];
        printf("  %s  %-*s %6.3f%s%s\n", score->chapter, width, score->name, score->loss,
               score->note ? "  " : "", score->note ? score->note : "");
    }
}

// ---- as bars

enum { WIDTH = 960, MARGIN = 8, PADDING = 20, ROW = 30, HEAD = 54, FOOT = 36, NAMES = 300 };
enum { NOTES = 200 }; // space to the right of the longest bar

static int board_height(const Scoreboard *board) { return HEAD + ROW * board->count + FOOT; }

// From 0, so that the lengths of the bars can be compared.
static void draw_axis(DrawList *list, Rect bars, double highest) {
    double ticks[8];
    int count = chart_ticks(ticks, COUNT_OF(ticks), 0.0, highest);
    for (int i = 0; i < count; i++) {
        char text[16];
        float x = roundf(bars.x + bars.width * (float)(ticks[i] / highest));
        snprintf(text, sizeof text, "%g", ticks[i]);
        draw_rect(list, (Rect){ x, bars.y, 1, bars.height }, COLOR_FAINT);
        draw_text_center(list, x, bars.y + bars.height + 6, TEXT_SMALL, COLOR_DIM, text);
    }
}

static void draw_bar(DrawList *list, const Scoreboard *board, const Score *score, Rect row,
                     float length) {
    bool here = strcmp(score->chapter, board->chapter) == 0;
    char text[96];
    float y = row.y + (ROW - font_line(TEXT_NORMAL)) / 2;
    Color color = here ? COLOR_TEXT : COLOR_DIM;
    draw_text(list, row.x, y, TEXT_NORMAL, color, score->chapter);
    draw_text(list, row.x + 34, y, TEXT_NORMAL, color, score->name);
    draw_rect(list, (Rect){ row.x + NAMES, row.y + 4, length, ROW - 8 },
              here ? COLOR_ACCENT : color_class(1));
    snprintf(text, sizeof text, "%.3f%s%s", score->loss, score->note ? "   " : "",
             score->note ? score->note : "");
    draw_text(list, row.x + NAMES + length + 8, y, TEXT_NORMAL, color, text);
}

static void draw_board(DrawList *list, const Scoreboard *board, float top) {
    double highest = 0.0;
    for (int i = 0; i < board->count; i++) highest = fmax(highest, board->scores[i].loss);
    const float left = MARGIN + PADDING, width = WIDTH - 2 * left - NAMES - NOTES;
    const Rect bars = { left + NAMES, top + HEAD, width, (float)(ROW * board->count) };
    draw_text(list, left, top + 14, TEXT_LARGE, COLOR_TEXT, board->title);
    draw_axis(list, bars, highest);
    for (int i = 0; i < board->count; i++) {
        const Score *score = &board->scores[i];
        draw_bar(list, board, score, (Rect){ left, bars.y + (float)(ROW * i), width, ROW },
                 width * (float)(score->loss / highest));
    }
}

DrawList scoreboard_new(const Scoreboard *boards, int count, Font *font) {
    int height = 2 * MARGIN;
    for (int i = 0; i < count; i++) height += board_height(&boards[i]);
    return draw_new(WIDTH, height, font);
}

void scoreboard_draw(DrawList *list, const Scoreboard *boards, int count) {
    const Rect panel = { MARGIN, MARGIN, WIDTH - 2 * MARGIN, (float)list->height - 2 * MARGIN };
    draw_round_rect(list, panel, 6, COLOR_PANEL);
    float top = MARGIN;
    for (int i = 0; i < count; i++) {
        draw_board(list, &boards[i], top);
        top += (float)board_height(&boards[i]);
    }
}

static bool write_png(const Scoreboard *boards, int count, const char *path, Error *error) {
    DrawList list = scoreboard_new(boards, count, font_find());
    scoreboard_draw(&list, boards, count);
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}

bool scoreboard_show(const Scoreboard *boards, int count, const char *path, Error *error) {
    for (int i = 0; i < count; i++) {
        if (i > 0) printf("\n");
        print_board(&boards[i]);
    }
    return path == NULL || write_png(boards, count, path, error);
}
