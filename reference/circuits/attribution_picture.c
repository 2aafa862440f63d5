#include "reference/circuits/attribution_picture.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 880,
    MARGIN = 16,
    ROW = 22,
    TOP = 72,    // below the title
    LABEL = 260, // the width of "layer 3 channel 2 neuron 117"
    VALUE = 64,  // of a number beside a bar
    MAX_BARS = 60,
};

typedef struct {
    DrawList *list;
    float zero, scale; // the x of 0, and the pixels of 1
    int y;
} Bars;

static void draw_bar(Bars *bars, const char *label, double value, Color color) {
    float x = (float)value * bars->scale, y = (float)bars->y, thick = ROW - 6;
    char number[32];
    snprintf(number, sizeof number, "%+.3f", value);
    draw_text_right(bars->list, 2 * MARGIN + LABEL - 12, y, TEXT_SMALL, COLOR_TEXT, label);
    Rect bar = { bars->zero + fminf(x, 0), y, fmaxf(fabsf(x), 1), thick };
    draw_rect(bars->list, bar, color);
    if (value < 0)
        draw_text_right(bars->list, bar.x - 6, y, TEXT_SMALL, COLOR_DIM, number);
    else
        draw_text(bars->list, bar.x + bar.width + 6, y, TEXT_SMALL, COLOR_DIM, number);
    bars->y += ROW;
}

static void label_of(char *out, size_t size, const Term *term) {
    if (term->kind == TERM_EMBEDDING)
        snprintf(out, size, "embedding");
    else if (term->kind == TERM_HEAD)
        snprintf(out, size, "layer %d head %d", term->layer, term->head);
    else if (term->kind == TERM_EXPERT)
        snprintf(out, size, "layer %d expert %d", term->layer, term->index);
    else
        snprintf(out, size, "layer %d channel %d neuron %d", term->layer, term->channel,
                 term->index);
}

// Chooses zero and scale so that bars from `low` to `high`, and their numbers, fit.
static void fit(Bars *bars, double low, double high) {
    float width = WIDTH - 4 * MARGIN - LABEL - (low < 0 ? 2 : 1) * VALUE;
    bars->scale = high > low ? width / (float)(high - low) : 0;
    bars->zero = 2 * MARGIN + LABEL + (low < 0 ? VALUE : 0) - (float)low * bars->scale;
}

void attribution_picture(DrawList *list, const Attribution *attribution, int shown,
                         const char *title) {
    shown = min_int(shown, MAX_BARS);
    double rest = 0, low = fmin(attribution->total, 0), high = fmax(attribution->total, 0);
    for (int i = 0; i < attribution->count; i++) {
        double value = attribution->terms[i].value;
        if (i >= shown) rest += value;
        low = i < shown ? fmin(low, value) : low;
        high = i < shown ? fmax(high, value) : high;
    }
    int others = attribution->count - shown, rows = shown + (others > 0) + 1;
    draw_clear(list, WIDTH, TOP + rows * ROW + 3 * MARGIN);
    draw_round_rect(
        list, (Rect){ MARGIN, MARGIN, WIDTH - 2 * MARGIN, (float)(list->height - 2 * MARGIN) }, 6,
        COLOR_PANEL);
    draw_text_cut(list, 2 * MARGIN, 2 * MARGIN - 4, TEXT_LARGE, COLOR_TEXT, title,
                  WIDTH - 4 * MARGIN);
    Bars bars = { .list = list, .y = TOP };
    fit(&bars, fmin(low, rest), fmax(high, rest));
    draw_rect(list, (Rect){ bars.zero - 1, TOP - 6, 1, (float)(rows * ROW + 6) }, COLOR_FAINT);
    for (int i = 0; i < shown; i++) {
        const Term *term = &attribution->terms[i];
        char label[64];
        label_of(label, sizeof label, term);
        draw_bar(&bars, label, term->value, color_class((int)term->kind));
    }
    char label[64];
    snprintf(label, sizeof label, "the other %d", others);
    if (others > 0) draw_bar(&bars, label, rest, COLOR_DIM);
    draw_bar(&bars, "the logit", attribution->total, COLOR_ACCENT);
}
