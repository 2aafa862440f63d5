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

// Its scores are of many starts.
static bool is_spread(const Scoreboard *board) { return board->scores[0].high > 0.0; }

static void print_board(const Scoreboard *board) {
    int width = 0;
    for (int i = 0; i < board->count; i++)
        width = max_int(width, (int)strlen(board->scores[i].name));
    printf("%s\n", board->title);
    for (int i = 0; i < board->count; i++) {
        const Score *score = &board->scores[i];
        printf("  %s  %-*s", score->chapter, width, score->name);
        if (is_spread(board))
            printf("%8.3f  (%7.3f to %7.3f)", score->loss, score->low, score->high);
        else
            printf(" %6.3f", score->loss);
        printf("%s%s\n", score->note ? "  " : "", score->note ? score->note : "");
    }
}

// ---- as a picture

enum { WIDTH = 960, MARGIN = 8, PADDING = 20, ROW = 30, HEAD = 54, FOOT = 36, NAMES = 300 };
enum { NOTES = 200 }; // space to the right of the longest bar
enum { LINE_NAMES = 250, LINE_NOTES = 270, DOT = 10 };
#define LOWEST 0.001 // what is printed as 0.001 or less is drawn there

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

// The names, the loss and the note of a row; those of this chapter stand out. Returns the color of
// what is drawn between them.
static Color draw_row(DrawList *list, const Scoreboard *board, const Score *score, float left,
                      float y, float notes) {
    bool here = strcmp(score->chapter, board->chapter) == 0;
    char text[96];
    Color color = here ? COLOR_TEXT : COLOR_DIM;
    y += (ROW - font_line(TEXT_NORMAL)) / 2;
    draw_text(list, left, y, TEXT_NORMAL, color, score->chapter);
    draw_text(list, left + 34, y, TEXT_NORMAL, color, score->name);
    snprintf(text, sizeof text, "%.3f%s%s", score->loss, score->note ? "   " : "",
             score->note ? score->note : "");
    draw_text(list, notes, y, TEXT_NORMAL, color, text);
    return here ? COLOR_ACCENT : color_class(1);
}

static void draw_bars(DrawList *list, const Scoreboard *board, float top) {
    double highest = 0.0;
    for (int i = 0; i < board->count; i++) highest = fmax(highest, board->scores[i].loss);
    const float left = MARGIN + PADDING, width = WIDTH - 2 * left - NAMES - NOTES;
    const Rect bars = { left + NAMES, top + HEAD, width, (float)(ROW * board->count) };
    draw_axis(list, bars, highest);
    for (int i = 0; i < board->count; i++) {
        const Score *score = &board->scores[i];
        float y = bars.y + (float)(ROW * i), length = width * (float)(score->loss / highest);
        Color color = draw_row(list, board, score, left, y, bars.x + length + 8);
        draw_rect(list, (Rect){ bars.x, y + 4, length, ROW - 8 }, color);
    }
}

// Where a loss is on an axis of powers of ten from `first` to `last`; what is outside is at an end,
// NaN at the end of the high losses.
static float decade_x(Rect area, int first, int last, double loss) {
    double decades = isnan(loss) ? last - first : log10(fmax(LOWEST, loss)) - first;
    return area.x + area.width * (float)(fmin(fmax(decades, 0), last - first) / (last - first));
}

static void draw_decades(DrawList *list, Rect area, int first, int last) {
    for (int decade = first; decade <= last; decade++) {
        char text[16];
        float x = roundf(decade_x(area, first, last, pow(10.0, decade)));
        snprintf(text, sizeof text, "%g", pow(10.0, decade));
        draw_rect(list, (Rect){ x, area.y, 1, area.height }, COLOR_FAINT);
        draw_text_center(list, x, area.y + area.height + 6, TEXT_SMALL, COLOR_DIM, text);
    }
}

static void draw_lines(DrawList *list, const Scoreboard *board, float top) {
    double lowest = INFINITY, highest = LOWEST;
    for (int i = 0; i < board->count; i++) {
        lowest = fmin(lowest, fmax(LOWEST, board->scores[i].low));
        highest = fmax(highest, board->scores[i].high);
    }
    const int first = (int)floor(log10(lowest)),
              last = max_int(first + 1, (int)ceil(log10(highest)));
    const float left = MARGIN + PADDING, width = WIDTH - 2 * left - LINE_NAMES - LINE_NOTES;
    const Rect area = { left + LINE_NAMES, top + HEAD, width, (float)(ROW * board->count) };
    draw_decades(list, area, first, last);
    for (int i = 0; i < board->count; i++) {
        const Score *score = &board->scores[i];
        float y = area.y + (float)(ROW * i), middle = y + ROW / 2;
        Color color = draw_row(list, board, score, left, y, area.x + width + 24);
        float low = decade_x(area, first, last, score->low),
              high = decade_x(area, first, last, score->high),
              x = decade_x(area, first, last, score->loss);
        draw_rect(list, (Rect){ low, middle - 1, high - low, 3 }, color);
        draw_line(list, x, middle + 0.5f, x, middle + 0.5f, DOT, color);
    }
}

static void draw_board(DrawList *list, const Scoreboard *board, float top) {
    draw_text(list, MARGIN + PADDING, top + 14, TEXT_LARGE, COLOR_TEXT, board->title);
    if (is_spread(board))
        draw_lines(list, board, top);
    else
        draw_bars(list, board, top);
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
