#include "chapters/00_text/pictures.h"
#include "reference/draw/chart.h"
#include "reference/draw/paint.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const pair_letters = " abcdefghijklmnopqrstuvwxyz.,\"";
enum { SHOWN = 30, CELL = 22, LEFT = 70, TOP = 112, GRID = SHOWN * CELL };

double pair_probability(const Ngram *table, char letter, char next) {
    const Alphabet *alphabet = table->alphabet;
    if (alphabet->numbers[(unsigned char)letter] < 0 || alphabet->numbers[(unsigned char)next] < 0)
        return 0.0;
    return ngram_probability(table, (const char[]){ letter, next } + 1, 0.0);
}

static void draw_letter(DrawList *list, float middle, float y, char letter) {
    const char text[] = { letter == ' ' ? '_' : letter, '\0' };
    draw_text_center(list, middle, y, TEXT_NORMAL, COLOR_TEXT, text);
}

static void draw_pairs(DrawList *list, const Ngram *table, float highest) {
    float values[SHOWN * SHOWN];
    for (int row = 0; row < SHOWN; row++) {
        float offset = (float)(row * CELL);
        for (int column = 0; column < SHOWN; column++)
            values[row * SHOWN + column] =
                (float)pair_probability(table, pair_letters[row], pair_letters[column]);
        draw_letter(list, LEFT - 14, TOP + offset, pair_letters[row]);
        draw_letter(list, LEFT + offset + CELL / 2.0f, TOP - 24, pair_letters[row]);
    }
    draw_cells(list, (Rect){ LEFT, TOP, GRID, GRID }, SHOWN, SHOWN, values, 0, highest);
}

// The numbers beside the picture: colors for 0 to `highest`.
static void draw_scale(DrawList *list, float x, float y, float highest) {
    enum { STEPS = 64 };
    float values[STEPS];
    char text[32];
    for (int i = 0; i < STEPS; i++) values[i] = (float)(STEPS - 1 - i);
    draw_text(list, x, y - 26, TEXT_SMALL, COLOR_DIM, "probability of the next letter");
    draw_cells(list, (Rect){ x, y, 20, 192 }, STEPS, 1, values, 0, STEPS - 1);
    for (int i = 0; i <= 4; i++) {
        snprintf(text, sizeof text, "%g%s", highest * (float)(4 - i) / 4, i == 0 ? " or more" : "");
        draw_text(list, x + 28, y + 192 * (float)i / 4 - 9, TEXT_SMALL, COLOR_DIM, text);
    }
}

// A frame around the cell of a pair, and a line of text that says what it shows.
static void mark_pair(DrawList *list, const Ngram *table, const char *letters, const char *meaning,
                      int mark) {
    float row = (float)(strchr(pair_letters, letters[0]) - pair_letters) * CELL;
    float column = (float)(strchr(pair_letters, letters[1]) - pair_letters) * CELL;
    float x = LEFT + GRID + 30, y = TOP + 262 + 84 * (float)mark;
    char text[64];
    const Rect cell = { LEFT + column - 2, TOP + row - 2, CELL + 3, CELL + 3 };
    draw_frame(list, cell, 2, 0xffffff);
    snprintf(text, sizeof text, "%d", mark + 1);
    draw_text(list, cell.x + CELL + 5, cell.y + 2, TEXT_SMALL, 0xffffff, text);
    snprintf(text, sizeof text, "%d   %c after %c: %.2f", mark + 1,
             letters[1] == ' ' ? '_' : letters[1], letters[0],
             pair_probability(table, letters[0], letters[1]));
    draw_text(list, x, y, TEXT_NORMAL, COLOR_TEXT, text);
    draw_text(list, x + 20, y + 22, TEXT_SMALL, COLOR_DIM, meaning);
}

bool pairs_picture(const Ngram *table, const char *path, Error *error) {
    const float highest = 0.5f;
    DrawList list = draw_new(LEFT + GRID + 300, TOP + GRID + 54, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, (float)list.width - 16, (float)list.height - 16 }, 6,
                    COLOR_PANEL);
    draw_text(&list, 28, 22, TEXT_LARGE, COLOR_TEXT, "Which letter follows which");
    draw_text(&list, LEFT, 58, TEXT_SMALL, COLOR_DIM,
              "column: the next letter (_ is the space) · row: the letter before it");
    draw_pairs(&list, table, highest);
    draw_scale(&list, LEFT + GRID + 30, TOP + 8, highest);
    mark_pair(&list, table, "th", "the, they, that, then", 0);
    mark_pair(&list, table, "ve", "have, very, gave, loved", 1);
    mark_pair(&list, table, "d ", "words that end: and, had, said", 2);
    draw_text(&list, LEFT, TOP + GRID + 14, TEXT_SMALL, COLOR_DIM,
              "dark: never. The rows of q and z are empty: these stories have neither");
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}

bool surprise_picture(int V, const char *path, Error *error) {
    enum { POINTS = 400, MARKS = 4 };
    double p[POINTS], surprise[POINTS];
    for (int i = 0; i < POINTS; i++) {
        p[i] = 0.01 + 0.99 * i / (POINTS - 1);
        surprise[i] = -log(p[i]);
    }
    const double at[MARKS] = { 1.0, 0.5, 0.1, 1.0 / V };
    double height[MARKS];
    char names[MARKS][48];
    static const char *const meanings[MARKS] = { "certain", "one of two", "one of ten", "one of" };
    for (int i = 0; i < MARKS; i++) {
        height[i] = fabs(log(at[i])); // not -0
        if (i < MARKS - 1)
            snprintf(names[i], sizeof names[i], "%s: %.2f", meanings[i], height[i]);
        else
            snprintf(names[i], sizeof names[i], "%s %d: %.2f", meanings[i], V, height[i]);
    }
    const Series series[] = {
        { "-ln p", COLOR_TEXT, p, surprise, POINTS },
        { names[0], color_class(1), &at[0], &height[0], 1 },
        { names[1], color_class(2), &at[1], &height[1], 1 },
        { names[2], color_class(5), &at[2], &height[2], 1 },
        { names[3], COLOR_ACCENT, &at[3], &height[3], 1 },
    };
    const Chart chart = { .title = "How surprised are you by what you gave probability p?",
                          .x_label = "p",
                          .y_label = "surprise in nats",
                          .series = series,
                          .series_count = COUNT_OF(series) };
    return chart_write_png(&chart, path, error);
}
