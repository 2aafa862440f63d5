#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>

enum { ROW = 21, HEAD = 30, GAP = 10 };

// The columns, in points: a label, a bar from `axis` to the left or right, a number that ends at
// `value`, and the words of a card.
typedef struct {
    const Frame *frame;
    bool full; // labels are written out
    float label, axis, value, words, words_width;
    float half; // of the bars' column, on each side of the axis
    float unit; // points of a value of 1
} Table;

// "layer 2 channel 1 neuron 137", or "L2 C1 137" where that is too long.
static void label_of(char *out, size_t size, const SceneTerm *term, bool full) {
    switch (term->kind) {
    case TERM_HEAD:
        snprintf(out, size, full ? "layer %d head %d" : "L%d head %d", term->layer, term->head);
        break;
    case TERM_NEURON:
        snprintf(out, size, full ? "layer %d channel %d neuron %d" : "L%d C%d %d", term->layer,
                 term->channel, term->index);
        break;
    case TERM_EXPERT:
        snprintf(out, size, full ? "layer %d expert %d" : "L%d expert %d", term->layer,
                 term->index);
        break;
    default: snprintf(out, size, "embedding");
    }
}

// The columns of an area, for values up to `largest`.
static Table table_of(const Frame *frame, Rect area, double largest) {
    const float MAX_BARS = 440, MAX_WORDS = 420;
    DrawList *list = frame->list;
    Table table = { .frame = frame, .full = area.width >= 720 };
    const char *longest = table.full ? "layer 10 channel 10 neuron 1000" : "the other 1000";
    char number[32];
    snprintf(number, sizeof number, "%+.2f", -largest);
    float value = draw_text_width(list, number, TEXT_SMALL);
    table.label = fminf(draw_text_width(list, longest, TEXT_SMALL), 0.4f * area.width);
    float x = area.x + table.label + GAP;
    float rest = fmaxf(0, area.x + area.width - x - value - GAP);
    bool words = frame->scene->model.neurons && rest >= 150;
    table.words_width = words ? fminf(0.6f * rest, MAX_WORDS) : 0;
    float bars = fminf(rest - table.words_width - (words ? GAP : 0), MAX_BARS);
    table.half = bars / 2;
    table.axis = x + table.half;
    table.value = x + bars + GAP + value;
    table.words = table.value + GAP;
    table.unit = largest > 0 ? table.half / (float)largest : 0;
    return table;
}

static void draw_bar(const Table *table, Rect row, double value) {
    const float BAR = 10;
    float length = fminf((float)fabs(value) * table->unit, table->half);
    Rect bar = { value < 0 ? table->axis - length : table->axis,
                 row.y + (font_line(TEXT_SMALL) - BAR) / 2, length, BAR };
    draw_rect(table->frame->list, bar, color_heat(value < 0 ? 0.25 : 0.65));
}

static void draw_value(const Table *table, Rect row, const char *label, double value, Color color) {
    DrawList *list = table->frame->list;
    char number[32];
    draw_text_cut(list, row.x, row.y, TEXT_SMALL, color, label, table->label);
    snprintf(number, sizeof number, "%+.2f", value);
    float left = table->value - draw_text_width(list, number, TEXT_SMALL);
    if (left >= row.x && table->value <= row.x + row.width + 0.5f)
        draw_text(list, left, row.y, TEXT_SMALL, COLOR_DIM, number);
}

// What a neuron fires at and what it writes: "dog turtle → slow".
static void draw_card(const Table *table, Rect row, const SceneTerm *term) {
    DrawList *list = table->frame->list;
    int count = table->words_width < 160 ? 1 : table->words_width < 280 ? 2 : 3;
    if (term->kind != TERM_NEURON || table->words_width <= 0) return;
    float arrow = draw_text_width(list, " → ", TEXT_SMALL);
    Rect words = { table->words, row.y, (table->words_width - arrow) / 2, ROW };
    float end = part_words(table->frame, words, COLOR_DIM, term->fires, count);
    words.x = draw_text(list, end, row.y, TEXT_SMALL, COLOR_DIM, " → ");
    words.width = table->words + table->words_width - words.x;
    part_words(table->frame, words, COLOR_DIM, term->writes, count);
}

static void draw_head(const Frame *frame, Rect area) {
    const SceneFocus *focus = &frame->scene->focus;
    char token[SCENE_TEXT], text[2 * SCENE_TEXT], sum[64];
    snprintf(text, sizeof text, "“%s” · logit %.2f",
             part_token_text(frame, focus->term_token, token), focus->logit);
    snprintf(sum, sizeof sum, "sum %.2f", focus->total);
    float width = area.width, needed = draw_text_width(frame->list, sum, TEXT_SMALL);
    if (draw_text_width(frame->list, text, TEXT_NORMAL) + GAP + needed <= width) {
        float y = area.y + font_baseline(TEXT_NORMAL) - font_baseline(TEXT_SMALL);
        draw_text_right(frame->list, area.x + width, y, TEXT_SMALL, COLOR_DIM, sum);
        width -= needed + GAP;
    }
    draw_text_cut(frame->list, area.x, area.y, TEXT_NORMAL, COLOR_TEXT, text, width);
}

static void draw_term(const Table *table, Rect row, int number) {
    const Frame *frame = table->frame;
    const SceneTerm *term = &frame->scene->focus.terms[number];
    const Target *hover = &frame->view->hover;
    char label[64];
    if (hover->kind == TARGET_TERM && hover->index == number)
        draw_rect(frame->list, row, COLOR_EMPTY);
    label_of(label, sizeof label, term, table->full);
    draw_value(table, row, label, (double)term->value, COLOR_TEXT);
    draw_bar(table, row, (double)term->value);
    draw_card(table, row, term);
    hit_add(frame->hits, row, (Target){ .kind = TARGET_TERM, .index = number });
}

// The terms that fit, and in the last row the sum of all others.
static void draw_terms(const Frame *frame, Rect area) {
    const SceneFocus *focus = &frame->scene->focus;
    int rows = (int)((area.height - font_line(TEXT_SMALL)) / ROW) + 1;
    int shown = min_int(focus->term_count, rows - 1), others = focus->terms_left;
    double rest = focus->rest, largest = 0;
    for (int i = 0; i < focus->term_count; i++) {
        double value = (double)focus->terms[i].value;
        if (i < shown) largest = fmax(largest, fabs(value));
        if (i >= shown) rest += value, others++;
    }
    Table table = table_of(frame, area, largest);
    Rect axis = { table.axis, area.y, 1 / frame->list->scale, (float)shown * ROW };
    if (table.half > 0) draw_rect(frame->list, axis, COLOR_FAINT);
    Rect row = { area.x, area.y, area.width, ROW };
    for (int i = 0; i < shown; i++, row.y += ROW) draw_term(&table, row, i);
    char label[64];
    snprintf(label, sizeof label, "the other %d", others);
    if (others > 0) draw_value(&table, row, label, rest, COLOR_DIM);
}

void panel_why(const Frame *frame, Rect area) {
    const SceneFocus *focus = &frame->scene->focus;
    if (!frame->scene->model.sparse) {
        part_empty(frame, area, "attribution needs a sparse model");
    } else if (focus->token < 0 || focus->term_count < 1) {
        part_empty(frame, area, "select a word to see why it came");
    } else if (area.height >= HEAD + font_line(TEXT_SMALL)) {
        draw_head(frame, area);
        draw_terms(frame, (Rect){ area.x, area.y + HEAD, area.width, area.height - HEAD });
    } else if (area.height >= font_line(TEXT_NORMAL)) {
        draw_head(frame, area);
    }
}
