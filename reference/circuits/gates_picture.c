#include "reference/circuits/gates_picture.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 1280,
    TALLEST = 880, // of all the rows of grids together
    MARGIN = 16,
    LABEL = 40,  // left of the grids, for "L1"
    GAP = 16,    // between grids
    LINE = 28,   // from one line of the heading to the next
    LEGEND = 40, // below the grids
};

static const double SMALL = 1.5, LARGE = 2.0;
static const Color RESTING = 0x1b2129; // a neuron that did not fire

static size_t chosen(const SentenceGates *gates, int t, int layer, int channel) {
    return (((size_t)t * (size_t)gates->L + (size_t)layer) * (size_t)gates->C + (size_t)channel) *
           (size_t)gates->K;
}

// The side of the grid: the smallest n with n² >= F.
static int grid_side(int F) {
    int n = (int)sqrt((double)F);
    while ((int64_t)n * n < F) n++;
    return n;
}

static bool check_gates(const SentenceGates *gates, Error *error) {
    if (gates->T < 1 || gates->L < 1 || gates->C < 1 || gates->K < 1 || gates->F < 1) {
        return fail(error,
                    "gates of %d tokens, %d layers, %d channels, %d of %d neurons: nothing to draw",
                    gates->T, gates->L, gates->C, gates->K, gates->F);
    }
    size_t count = chosen(gates, gates->T, 0, 0);
    for (size_t i = 0; i < count; i++) {
        if (gates->list && gates->index[i] == NO_EXPERT) continue;
        if (gates->index[i] < 0 || gates->index[i] >= gates->F) {
            return fail(error, "gates: entry %zu chose neuron %d, wanted one below %d", i,
                        (int)gates->index[i], gates->F);
        }
    }
    return true;
}

// counts[f]: at how many tokens neuron f fired. Returns the largest.
static int count_fired(int *counts, const SentenceGates *gates, int layer, int channel) {
    int most = 0;
    memset(counts, 0, (size_t)gates->F * sizeof *counts);
    for (int t = 0; t < gates->T; t++) {
        const int32_t *index = gates->index + chosen(gates, t, layer, channel);
        for (int k = 0; k < gates->K; k++) {
            if (index[k] == NO_EXPERT) continue;
            int count = ++counts[index[k]];
            if (count > most) most = count;
        }
    }
    return most;
}

// Draws one grid of F cells with its corner at (x, y); brightness[f] from 0 to 1, or below 0 at
// rest.
static void draw_grid(Picture *picture, int x, int y, int cell, int F, const float *brightness) {
    int n = grid_side(F), inner = cell > 3 ? cell - 1 : cell;
    for (int f = 0; f < F; f++) {
        Color color = brightness[f] < 0.0f ? RESTING : color_heat(brightness[f]);
        picture_fill(picture, x + f % n * cell, y + f / n * cell, inner, inner, color);
    }
}

// Neurons that fired once are dark, the one that fired most in the whole picture (`most`) bright.
static void draw_counts(Picture *picture, int x, int y, int cell, const SentenceGates *gates,
                        int layer, int channel, int most, int *counts, float *brightness) {
    count_fired(counts, gates, layer, channel);
    for (int f = 0; f < gates->F; f++) {
        brightness[f] = most > 1 ? (float)(counts[f] - 1) / (float)(most - 1) : (float)counts[f];
        if (counts[f] == 0) brightness[f] = -1.0f;
    }
    draw_grid(picture, x, y, cell, gates->F, brightness);
}

// What fired at token t: the least scored at 0.25, the most at 1.
static void draw_token(Picture *picture, int x, int y, int cell, const SentenceGates *gates, int t,
                       int layer, int channel, float *brightness) {
    size_t at = chosen(gates, t, layer, channel);
    int K = 0;
    while (K < gates->K && gates->index[at + (size_t)K] != NO_EXPERT) K++;
    float low = gates->score[at], high = low;
    for (int k = 1; k < K; k++) {
        low = fminf(low, gates->score[at + (size_t)k]);
        high = fmaxf(high, gates->score[at + (size_t)k]);
    }
    for (int f = 0; f < gates->F; f++) brightness[f] = -1.0f;
    for (int k = 0; k < K; k++) {
        float share = high > low ? (gates->score[at + (size_t)k] - low) / (high - low) : 1.0f;
        brightness[gates->index[at + (size_t)k]] = 0.25f + 0.75f * share;
    }
    draw_grid(picture, x, y, cell, gates->F, brightness);
}

// The whole sentence as one text, without the first token's leading space.
static char *sentence_text(const SentenceGates *gates) {
    size_t size = 1;
    for (int t = 0; t < gates->T; t++) size += strlen(gates->tokens[t]);
    char *text = malloc(size);
    if (text == NULL) return NULL;
    size_t used = 0;
    for (int t = 0; t < gates->T; t++) {
        const char *token = gates->tokens[t];
        if (t == 0) token += strspn(token, " ");
        used += (size_t)snprintf(text + used, size - used, "%s", token);
    }
    text[used] = '\0';
    return text;
}

// Draws text cut to a width, with ".." where it was cut.
static void draw_cut(Picture *picture, int x, int y, int width, double scale, Color color,
                     const char *text) {
    char part[256];
    snprintf(part, sizeof part, "%s", text);
    for (size_t length = strlen(part); length > 0 && text_width(part, scale) > width; length--) {
        snprintf(part + length - 1, sizeof part - length + 1, "%s", length > 1 ? ".." : "");
    }
    picture_text(picture, x, y, scale, color, part);
}

// A panel over the whole picture, the sentence and what is to be seen; returns the y below.
static int draw_heading(Picture *picture, const SentenceGates *gates, const char *what) {
    picture_fill(picture, MARGIN, MARGIN, picture->width - 2 * MARGIN, picture->height - 2 * MARGIN,
                 COLOR_PANEL);
    int x = 2 * MARGIN, y = 2 * MARGIN, width = picture->width - 4 * MARGIN;
    char *sentence = sentence_text(gates);
    if (sentence != NULL) draw_cut(picture, x, y, width, LARGE, COLOR_TEXT, sentence);
    free(sentence);
    draw_cut(picture, x, y + LINE, width, SMALL, COLOR_DIM, what);
    return y + 2 * LINE;
}

// A strip of the colours from `low` to `high` (of 0 to 1) between two words.
static void draw_legend(Picture *picture, double low, const char *first, const char *last) {
    enum { STRIP = 160 };
    int x = 2 * MARGIN + LABEL, y = picture->height - MARGIN - LEGEND + 8;
    picture_fill(picture, x, y, 12, 12, RESTING);
    x = picture_text(picture, x + 20, y, SMALL, COLOR_DIM, "at rest") + 24;
    x = picture_text(picture, x, y, SMALL, COLOR_DIM, first) + 8;
    for (int i = 0; i < STRIP; i++)
        picture_fill(picture, x + i, y, 1, 12, color_heat(low + (1.0 - low) * i / STRIP));
    picture_text(picture, x + STRIP + 8, y, SMALL, COLOR_DIM, last);
}

static void draw_layer_label(Picture *picture, int y, int side, int layer) {
    char label[16];
    snprintf(label, sizeof label, "L%d", layer + 1);
    picture_text(picture, 2 * MARGIN, y + side / 2 - 6, SMALL, COLOR_DIM, label);
}

// Pixels of a cell so that `columns` grids beside and `rows` above each other fit; 0 when they do
// not.
static int cell_size(int n, int columns, int rows, int largest) {
    int across = ((WIDTH - 4 * MARGIN - LABEL) / columns - GAP) / n,
        down = (TALLEST / rows - GAP) / n;
    int cell = across < down ? across : down;
    return cell < 0 ? 0 : cell < largest ? cell : largest;
}

// A picture with room for the heading, `rows` grids above each other, and the legend.
static bool new_picture(Picture *out, int width, int side, int rows, Error *error) {
    int height = 2 * MARGIN + 3 * LINE + rows * (side + GAP) + LEGEND + MARGIN;
    return picture_new(out, width, height, error);
}

// "8 of 1024 neurons fire", "2 of 8 experts work" or, where tokens get more or fewer, "0 to 4 of 8
// experts work"
static void how_many(char *out, size_t size, const SentenceGates *gates) {
    if (!gates->list) {
        snprintf(out, size, "%d of %d neurons fire", gates->K, gates->F);
        return;
    }
    int least = gates->K, most = 0;
    size_t rows = chosen(gates, gates->T, 0, 0) / (size_t)gates->K;
    for (size_t row = 0; row < rows; row++) {
        int count = 0;
        while (count < gates->K &&
               gates->index[row * (size_t)gates->K + (size_t)count] != NO_EXPERT)
            count++;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    char from[16] = "";
    if (least < most) snprintf(from, sizeof from, "%d to ", least);
    snprintf(out, size, "%s%d of %d experts work", from, most, gates->F);
}

static bool draw_sentence(Picture *out, const SentenceGates *gates, int *counts, float *brightness,
                          Error *error) {
    int n = grid_side(gates->F), cell = cell_size(n, gates->C, gates->L, 12), side = cell * n;
    if (cell < 1) {
        return fail(error, "gates: %d layers of %d channels of %d neurons do not fit in a picture",
                    gates->L, gates->C, gates->F);
    }
    int width = 4 * MARGIN + LABEL + gates->C * (side + GAP);
    if (!new_picture(out, width < 640 ? 640 : width, side, gates->L, error)) return false;
    int most = 0;
    for (int layer = 0; layer < gates->L; layer++) {
        for (int channel = 0; channel < gates->C; channel++) {
            int count = count_fired(counts, gates, layer, channel);
            if (count > most) most = count;
        }
    }
    char text[128], many[64];
    how_many(many, sizeof many, gates);
    snprintf(text, sizeof text, "%s in each grid at each of %d tokens", many, gates->T);
    int top = draw_heading(out, gates, text);
    for (int layer = 0; layer < gates->L; layer++) {
        int y = top + LINE + layer * (side + GAP);
        draw_layer_label(out, y, side, layer);
        for (int channel = 0; channel < gates->C; channel++) {
            int x = 2 * MARGIN + LABEL + channel * (side + GAP);
            snprintf(text, sizeof text, "channel %d", channel);
            if (layer == 0 && !gates->list)
                draw_cut(out, x, y - LINE + 8, side + GAP - 4, SMALL, COLOR_DIM, text);
            draw_counts(out, x, y, cell, gates, layer, channel, most, counts, brightness);
        }
    }
    snprintf(text, sizeof text, "at %d tokens", most);
    draw_legend(out, 0.0, "fired at one token", text);
    return true;
}

static bool draw_words(Picture *out, const SentenceGates *gates, int channel, int *counts,
                       float *brightness, Error *error) {
    enum { NARROWEST = 64 }; // a column less wide has no room for its word
    int n = grid_side(gates->F), columns = gates->T + 1,
        fitting = (WIDTH - 4 * MARGIN - LABEL) / (NARROWEST + GAP);
    if (columns > fitting) columns = fitting;
    int cell = cell_size(n, columns, gates->L, 8), side = cell * n;
    if (cell < 1)
        return fail(error, "gates: %d layers of %d neurons do not fit in a picture", gates->L,
                    gates->F);
    int column = side > NARROWEST ? side : NARROWEST,
        width = 4 * MARGIN + LABEL + columns * (column + GAP);
    if (!new_picture(out, width < 880 ? 880 : width, side, gates->L, error)) return false;
    char text[160], many[64];
    how_many(many, sizeof many, gates);
    int used = gates->list
                   ? snprintf(text, sizeof text, "%s at each token, layer by layer", many)
                   : snprintf(text, sizeof text, "channel %d: %s at each token, layer by layer",
                              channel, many);
    if (columns - 1 < gates->T) {
        snprintf(text + used, sizeof text - (size_t)used, " (the first %d of %d tokens)",
                 columns - 1, gates->T);
    }
    int top = draw_heading(out, gates, text) + LINE;
    for (int t = 0; t < columns; t++) {
        bool sum = t == columns - 1;
        int x = 2 * MARGIN + LABEL + t * (column + GAP);
        const char *word = sum ? "all" : gates->tokens[t] + strspn(gates->tokens[t], " ");
        draw_cut(out, x, top - LINE + 8, column + GAP - 4, SMALL, sum ? COLOR_ACCENT : COLOR_TEXT,
                 word);
        for (int layer = 0; layer < gates->L; layer++) {
            int y = top + layer * (side + GAP);
            if (t == 0) draw_layer_label(out, y, side, layer);
            if (!sum) draw_token(out, x, y, cell, gates, t, layer, channel, brightness);
            if (sum) {
                int most = count_fired(counts, gates, layer, channel);
                draw_counts(out, x, y, cell, gates, layer, channel, most, counts, brightness);
            }
        }
    }
    draw_legend(out, 0.25, "fires, lowest score", "highest; all: the more tokens, the brighter");
    return true;
}

static bool draw(Picture *out, const SentenceGates *gates, int channel, Error *error) {
    *out = (Picture){ 0 };
    if (!check_gates(gates, error)) return false;
    if (channel >= gates->C)
        return fail(error, "gates: channel %d, wanted one below %d", channel, gates->C);
    int *counts = calloc((size_t)gates->F, sizeof *counts);
    float *brightness = calloc((size_t)gates->F, sizeof *brightness);
    bool ok = false;
    if (counts == NULL || brightness == NULL) {
        fail(error, "gates: out of memory for %d neurons", gates->F);
    } else if (channel < 0) {
        ok = draw_sentence(out, gates, counts, brightness, error);
    } else {
        ok = draw_words(out, gates, channel, counts, brightness, error);
    }
    free(counts);
    free(brightness);
    return ok;
}

bool gates_picture_sentence(Picture *out, const SentenceGates *gates, Error *error) {
    return draw(out, gates, -1, error);
}

bool gates_picture_words(Picture *out, const SentenceGates *gates, int channel, Error *error) {
    if (channel < 0) channel = gates->C; // refused like any other that is not there
    return draw(out, gates, channel, error);
}
