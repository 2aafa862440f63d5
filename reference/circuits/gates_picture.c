#include "reference/circuits/gates_picture.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 1280,
    MAX_HEIGHT = 880, // of all the rows of grids together
    MARGIN = 16,      // around the panel, and inside it
    LABEL = 40,       // left of the grids, for "L1"
    GAP = 16,         // between grids
    LINE = 28,        // from one line of the heading to the next
    LEGEND = 40,      // below the grids
    LEFT = 2 * MARGIN + LABEL,
    WORD_WIDTH = 64, // of a column of grids, at least where that fits: what a word needs
};

// One picture: where it is drawn, and memory for one grid.
typedef struct {
    DrawList *list;
    const GatingRecord *gates;
    const char *const *words; // [T]
    int n, cell, side;        // neurons in a grid's row, pixels of a neuron, pixels of a grid
    int *counts;              // [F]
    float *brightness;        // [F], 0 to 1; NaN did not fire
} Page;

static bool check_gates(const GatingRecord *gates, Error *error) {
    if (gates->T < 1 || gates->L < 1 || gates->C < 1 || gates->K < 1 || gates->F < 1) {
        return fail(error,
                    "gates of %d tokens, %d layers, %d channels, %d of %d neurons: nothing to draw",
                    gates->T, gates->L, gates->C, gates->K, gates->F);
    }
    size_t count = gating_record_entry(gates, gates->T, 0, 0);
    for (size_t i = 0; i < count; i++) {
        if (gates->ragged && gates->index[i] == NO_EXPERT) continue;
        if (gates->index[i] < 0 || gates->index[i] >= gates->F) {
            return fail(error, "gates: entry %zu is neuron %d; expected 0 to %d", i,
                        (int)gates->index[i], gates->F - 1);
        }
    }
    return true;
}

// ---- pages

static void page_free(Page *page) {
    free(page->counts);
    free(page->brightness);
}

static bool page_new(Page *out, DrawList *list, const GatingRecord *gates, const char *const *words,
                     Error *error) {
    *out = (Page){ .list = list, .gates = gates, .words = words };
    draw_clear(list, 0, 0);
    if (!check_gates(gates, error)) return false;
    out->n = (int)sqrt((double)gates->F);
    while ((int64_t)out->n * out->n < gates->F) out->n++;
    out->counts = calloc((size_t)gates->F, sizeof *out->counts);
    out->brightness = calloc((size_t)gates->F, sizeof *out->brightness);
    if (out->counts != NULL && out->brightness != NULL) return true;
    page_free(out);
    return fail(error, "gates: out of memory for %d neurons", gates->F);
}

// Makes cells as large as they can be, at most `largest`, so that `columns` grids side by side and
// one row of them per layer fit.
static bool choose_cell(Page *page, int columns, int largest, Error *error) {
    const GatingRecord *gates = page->gates;
    int across = ((WIDTH - 4 * MARGIN - LABEL) / columns - GAP) / page->n;
    int down = (MAX_HEIGHT / gates->L - GAP) / page->n;
    page->cell = across < down ? across : down;
    if (page->cell > largest) page->cell = largest;
    page->side = page->cell * page->n;
    return page->cell >= 1 ||
           fail(error, "gates: %d layers of %d channels of %d neurons do not fit in a picture",
                gates->L, gates->C, gates->F);
}

// The width of a column of grids.
static int column_width(const Page *page, int columns) {
    bool fits = columns * (WORD_WIDTH + GAP) <= WIDTH - 4 * MARGIN - LABEL;
    return fits && page->side < WORD_WIDTH ? WORD_WIDTH : page->side;
}

// ---- grids

// Counts at how many tokens each neuron fired. Returns the largest count.
static int count_fired(const Page *page, int layer, int channel) {
    const GatingRecord *gates = page->gates;
    int most = 0;
    memset(page->counts, 0, (size_t)gates->F * sizeof *page->counts);
    for (int t = 0; t < gates->T; t++) {
        const int32_t *index = gates->index + gating_record_entry(gates, t, layer, channel);
        for (int k = 0; k < gates->K; k++) {
            if (index[k] == NO_EXPERT) continue;
            int count = ++page->counts[index[k]];
            if (count > most) most = count;
        }
    }
    return most;
}

// Draws `brightness` with its corner at (x, y). The last row may be shorter.
static void draw_grid(const Page *page, int x, int y) {
    int n = page->n, rows = page->gates->F / n, rest = page->gates->F % n;
    float left = (float)x, top = (float)y, cell = (float)page->cell;
    draw_cells(page->list, (Rect){ left, top, (float)n * cell, (float)rows * cell }, rows, n,
               page->brightness, 0, 1);
    draw_cells(page->list, (Rect){ left, top + (float)rows * cell, (float)rest * cell, cell }, 1,
               rest, page->brightness + (size_t)rows * (size_t)n, 0, 1);
}

// Neurons that fired once are dark, those that fired at `most` tokens bright.
static void draw_counts(const Page *page, int x, int y, int layer, int channel, int most) {
    count_fired(page, layer, channel);
    for (int f = 0; f < page->gates->F; f++) {
        float count = (float)page->counts[f];
        page->brightness[f] = most > 1 ? (count - 1) / (float)(most - 1) : count;
        if (count == 0) page->brightness[f] = NAN;
    }
    draw_grid(page, x, y);
}

// What fired at token t: the lowest score at 0.25, the highest at 1.
static void draw_token(const Page *page, int x, int y, int t, int layer, int channel) {
    const GatingRecord *gates = page->gates;
    const int32_t *index = gates->index + gating_record_entry(gates, t, layer, channel);
    const float *score = gates->score + gating_record_entry(gates, t, layer, channel);
    int K = 0;
    while (K < gates->K && index[K] != NO_EXPERT) K++;
    float low = score[0], high = score[0];
    for (int k = 1; k < K; k++) {
        low = fminf(low, score[k]);
        high = fmaxf(high, score[k]);
    }
    for (int f = 0; f < gates->F; f++) page->brightness[f] = NAN;
    for (int k = 0; k < K; k++) {
        float share = high > low ? (score[k] - low) / (high - low) : 1.0f;
        page->brightness[index[k]] = 0.25f + 0.75f * share;
    }
    draw_grid(page, x, y);
}

// ---- what is around the grids

// The whole sentence as one text, without the first token's leading space. NULL: out of memory.
static char *sentence_text(const Page *page) {
    int T = page->gates->T;
    size_t size = 1;
    for (int t = 0; t < T; t++) size += strlen(page->words[t]);
    char *text = malloc(size);
    if (text == NULL) return NULL;
    size_t used = 0;
    for (int t = 0; t < T; t++) {
        const char *token = page->words[t];
        if (t == 0) token += strspn(token, " ");
        used += (size_t)snprintf(text + used, size - used, "%s", token);
    }
    text[used] = '\0';
    return text;
}

// Sets the size of the picture; draws a panel, the sentence and a line that says what is shown.
// Returns the y below them.
static int draw_heading(const Page *page, int width, const char *what) {
    DrawList *list = page->list;
    int rows = page->gates->L * (page->side + GAP);
    draw_clear(list, width, 2 * MARGIN + 3 * LINE + rows + LEGEND + MARGIN);
    float x = 2 * MARGIN, y = 2 * MARGIN - 4, inner = (float)(width - 4 * MARGIN);
    draw_round_rect(list,
                    (Rect){ MARGIN, MARGIN, (float)(width - 2 * MARGIN),
                            (float)(list->height - 2 * MARGIN) },
                    6, COLOR_PANEL);
    char *sentence = sentence_text(page);
    list->failed |= sentence == NULL;
    draw_text_cut(list, x, y, TEXT_LARGE, COLOR_TEXT, sentence, inner);
    free(sentence);
    draw_text_cut(list, x, y + LINE + 2, TEXT_SMALL, COLOR_DIM, what, inner);
    return 2 * MARGIN + 2 * LINE;
}

// The word above a column of grids whose first row starts at y.
static void draw_word(const Page *page, int x, int y, int width, Color color, const char *word) {
    draw_text_cut(page->list, (float)x, (float)y - 21, TEXT_SMALL, color, word,
                  (float)(width + GAP - 6));
}

static void draw_layer_label(const Page *page, int y, int layer) {
    char label[16];
    snprintf(label, sizeof label, "L%d", layer + 1);
    float middle = (float)y + (float)page->side / 2;
    draw_text(page->list, 2 * MARGIN, middle - font_line(TEXT_SMALL) / 2, TEXT_SMALL, COLOR_DIM,
              label);
}

// A strip of the colors from `low` to 1, between what they mean.
static void draw_legend(const Page *page, float low, const char *first, const char *last) {
    enum { STRIP = 160, TALL = 12 };
    DrawList *list = page->list;
    float values[STRIP], x = LEFT, y = (float)list->height - MARGIN - LEGEND + 8;
    float text = y + TALL / 2.0f - font_line(TEXT_SMALL) / 2;
    draw_rect(list, (Rect){ x, y, TALL, TALL }, COLOR_EMPTY);
    x = draw_text(list, x + 20, text, TEXT_SMALL, COLOR_DIM, "did not fire") + 24;
    x = draw_text(list, x, text, TEXT_SMALL, COLOR_DIM, first) + 8;
    for (int i = 0; i < STRIP; i++) values[i] = low + (1 - low) * (float)i / STRIP;
    draw_cells(list, (Rect){ x, y, STRIP, TALL }, 1, STRIP, values, 0, 1);
    draw_text(list, x + STRIP + 8, text, TEXT_SMALL, COLOR_DIM, last);
}

// "8 of 1024 neurons fire", "2 of 8 experts work", or "0 to 4 of 8 experts work" where the number
// differs between tokens.
static void how_many(char *out, size_t size, const GatingRecord *gates) {
    if (!gates->ragged) {
        snprintf(out, size, "%d of %d neurons fire", gates->K, gates->F);
        return;
    }
    int fewest = gates->K, most = 0;
    size_t rows = gating_record_entry(gates, gates->T, 0, 0) / (size_t)gates->K;
    for (size_t row = 0; row < rows; row++) {
        const int32_t *index = gates->index + row * (size_t)gates->K;
        int count = 0;
        while (count < gates->K && index[count] != NO_EXPERT) count++;
        if (count < fewest) fewest = count;
        if (count > most) most = count;
    }
    char from[16] = "";
    if (fewest < most) snprintf(from, sizeof from, "%d to ", fewest);
    snprintf(out, size, "%s%d of %d experts work", from, most, gates->F);
}

// ---- the two pictures

static void draw_sentence(const Page *page) {
    const GatingRecord *gates = page->gates;
    char text[128], many[64];
    int step = page->side + GAP, column = column_width(page, gates->C), most = 0;
    int width = 4 * MARGIN + LABEL + gates->C * (column + GAP);
    for (int grid = 0; grid < gates->L * gates->C; grid++) {
        int count = count_fired(page, grid / gates->C, grid % gates->C);
        if (count > most) most = count;
    }
    how_many(many, sizeof many, gates);
    snprintf(text, sizeof text, "%s in each grid at each of %d tokens", many, gates->T);
    int top = draw_heading(page, width < 640 ? 640 : width, text) + LINE;
    for (int layer = 0; layer < gates->L; layer++) {
        draw_layer_label(page, top + layer * step, layer);
        for (int channel = 0; channel < gates->C; channel++) {
            int x = LEFT + channel * (column + GAP);
            snprintf(text, sizeof text, "channel %d", channel);
            if (layer == 0 && !gates->ragged) draw_word(page, x, top, column, COLOR_DIM, text);
            draw_counts(page, x, top + layer * step, layer, channel, most);
        }
    }
    snprintf(text, sizeof text, "at %d tokens", most);
    draw_legend(page, 0.0f, "fired at one token", text);
}

static void draw_words(const Page *page, int columns, int channel) {
    const GatingRecord *gates = page->gates;
    int step = page->side + GAP, column = column_width(page, columns);
    int width = 4 * MARGIN + LABEL + columns * (column + GAP), shown = columns - 1;
    char text[192], many[64], where[32] = "", which[48] = "";
    how_many(many, sizeof many, gates);
    if (!gates->ragged) snprintf(where, sizeof where, "channel %d: ", channel);
    if (shown < gates->T)
        snprintf(which, sizeof which, " (the first %d of %d tokens)", shown, gates->T);
    snprintf(text, sizeof text, "%s%s at each token, layer by layer%s", where, many, which);
    int top = draw_heading(page, width < 880 ? 880 : width, text) + LINE;
    for (int t = 0; t < columns; t++) {
        int x = LEFT + t * (column + GAP);
        const char *word = t < shown ? page->words[t] + strspn(page->words[t], " ") : "all";
        draw_word(page, x, top, column, t < shown ? COLOR_TEXT : COLOR_ACCENT, word);
        for (int layer = 0; layer < gates->L; layer++) {
            int y = top + layer * step;
            if (t == 0) draw_layer_label(page, y, layer);
            if (t < shown) draw_token(page, x, y, t, layer, channel);
            if (t == shown)
                draw_counts(page, x, y, layer, channel, count_fired(page, layer, channel));
        }
    }
    draw_legend(page, 0.25f, "lowest score", "highest score; all: the more tokens, the brighter");
}

bool gates_picture_sentence(DrawList *list, const GatingRecord *gates, const char *const *words,
                            Error *error) {
    Page page;
    if (!page_new(&page, list, gates, words, error)) return false;
    bool ok = choose_cell(&page, gates->C, 12, error);
    if (ok) draw_sentence(&page);
    page_free(&page);
    return ok;
}

bool gates_picture_words(DrawList *list, const GatingRecord *gates, const char *const *words,
                         int channel, Error *error) {
    Page page;
    if (!page_new(&page, list, gates, words, error)) return false;
    int columns = gates->T + 1, fitting = (WIDTH - 4 * MARGIN - LABEL) / (WORD_WIDTH + GAP);
    if (columns > fitting) columns = fitting;
    bool ok = channel >= 0 && channel < gates->C;
    if (!ok) fail(error, "gates: channel %d; expected 0 to %d", channel, gates->C - 1);
    ok = ok && choose_cell(&page, columns, 8, error);
    if (ok) draw_words(&page, columns, channel);
    page_free(&page);
    return ok;
}
