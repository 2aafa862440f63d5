#include "chapters/07_language_model/pictures.h"
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/rope.h"
#include "chapters/07_language_model/toy_language.h"
#include "chapters/diagram.h"
#include <math.h>
#include <stdio.h>

// ---- the model

static const float STREAM = 190; // x of the residual stream

static void draw_shape(DrawList *list, float x, float y, int rows, int columns) {
    char text[32];
    snprintf(text, sizeof text, "[%d,%d]", rows, columns);
    draw_text(list, x, y - 11, DIAGRAM_NOTE, COLOR_DIM, text);
}

// A sublayer: from the stream through a norm and a box, and back to be added.
static void draw_sublayer(DrawList *list, float y, const char *name, const char *note,
                          const char *what, const char *how) {
    const float back = y + 72;
    diagram_dot(list, STREAM, y, 9, COLOR_TEXT);
    diagram_arrow(list, STREAM, y, 290, y, 2, COLOR_TEXT);
    diagram_box(list, (Rect){ 296, y - 24, 116, 48 }, COLOR_DIM, "rmsnorm", NULL);
    diagram_arrow(list, 414, y, 448, y, 2, COLOR_TEXT);
    diagram_box(list, (Rect){ 454, y - 33, 226, 66 }, COLOR_ACCENT, name, note);
    draw_line(list, 567, y + 34, 567, back, 2, COLOR_TEXT);
    diagram_arrow(list, 567, back, STREAM + 20, back, 2, COLOR_TEXT);
    diagram_dot(list, STREAM, back, 34, COLOR_TEXT);
    diagram_dot(list, STREAM, back, 30, COLOR_EMPTY);
    diagram_text(list, STREAM, back - 1, DIAGRAM_TITLE, COLOR_TEXT, "+");
    draw_text(list, 700, y - 24, DIAGRAM_NOTE, COLOR_TEXT, what);
    draw_text(list, 700, y + 2, DIAGRAM_NOTE, COLOR_DIM, how);
}

// The first words of an input.
static void draw_words(DrawList *list, float x, float y) {
    enum { SHOWN = 8 };
    int targets[TOY_T], inputs[TOY_T];
    toy_sentence(targets, 4, 1, 0);
    shift_right(inputs, targets, TOY_T);
    for (int t = 0; t < SHOWN; t++)
        x = draw_text(list, x, y, DIAGRAM_NOTE, COLOR_TEXT, toy_words[inputs[t]]) + 8;
    draw_text(list, x, y, DIAGRAM_NOTE, COLOR_TEXT, "…");
}

static void draw_ends(DrawList *list, const ModelSizes *sizes) {
    char text[48];
    const float y = 660;
    snprintf(text, sizeof text, "[%d]", sizes->T);
    diagram_box(list, (Rect){ STREAM - 90, 84, 180, 46 }, COLOR_DIM, "words", NULL);
    draw_text(list, STREAM + 102, 96, DIAGRAM_NOTE, COLOR_DIM, text);
    draw_words(list, STREAM + 160, 96);
    diagram_arrow(list, STREAM, 131, STREAM, 151, 2, COLOR_TEXT);
    snprintf(text, sizeof text, "[%d,%d]", sizes->V, sizes->D);
    diagram_box(list, (Rect){ STREAM - 90, 158, 180, 62 }, COLOR_TEXT, "embedding", text);
    diagram_box(list, (Rect){ STREAM - 90, y - 24, 180, 48 }, COLOR_DIM, "rmsnorm", NULL);
    diagram_arrow(list, STREAM + 92, y, 344, y, 2, COLOR_TEXT);
    snprintf(text, sizeof text, "[%d,%d], transposed", sizes->D, sizes->V);
    diagram_box(list, (Rect){ 350, y - 31, 190, 62 }, COLOR_TEXT, "embedding", text);
    diagram_arrow(list, 542, y, 636, y, 2, COLOR_TEXT);
    diagram_text(list, 588, y - 18, DIAGRAM_NOTE, COLOR_TEXT, "logits");
    draw_shape(list, 556, y + 20, sizes->T, sizes->V);
    diagram_box(list, (Rect){ 642, y - 24, 104, 48 }, COLOR_DIM, "softmax", NULL);
    diagram_arrow(list, 748, y, 782, y, 2, COLOR_TEXT);
    draw_text(list, 792, y - 24, DIAGRAM_NOTE, COLOR_TEXT, "how likely each");
    draw_text(list, 792, y, DIAGRAM_NOTE, COLOR_TEXT, "word is next");
}

bool model_picture(const char *picture, Error *error) {
    LanguageModel m;
    char text[64], how[64];
    if (!toy_model_new(&m, FEED_FORWARD_SGATLIN, 1)) return fail(error, "no memory for the model");
    const ModelSizes *s = &m.sizes;
    DrawList list = diagram_new(960, 720, "The demo's model", NULL);
    draw_line(&list, STREAM, 220, STREAM, 630, 4, color_class(1));
    diagram_arrow(&list, STREAM, 600, STREAM, 632, 4, color_class(1));
    draw_text(&list, 44, 244, DIAGRAM_NOTE, color_class(1), "residual stream");
    draw_shape(&list, STREAM + 14, 254, s->T, s->D);
    draw_frame(&list, (Rect){ 32, 280, 896, 312 }, 1, COLOR_DIM);
    snprintf(text, sizeof text, "a layer, one of %d", s->L);
    draw_text(&list, 44, 288, DIAGRAM_NOTE, COLOR_DIM, text);
    snprintf(text, sizeof text, "4 matrices [%d,%d]", s->D, s->D);
    snprintf(how, sizeof how, "%d head, %d numbers wide", s->D / s->Dh, s->Dh);
    draw_sublayer(&list, 336, "attention", text, "fetches from earlier words", how);
    snprintf(text, sizeof text, "%d × %d neurons", s->C, s->F);
    snprintf(how, sizeof how, "%d × %d of them selected", s->C, s->K);
    draw_sublayer(&list, 484, "feed-forward", text, "thinks, word by word", how);
    draw_ends(&list, s);
    language_model_free(&m);
    return diagram_write(&list, picture, error);
}

// ---- attention

enum { WORDS = 2, WIDTH = 2 };

static void draw_number(DrawList *list, float x, float y, double value) {
    diagram_numbers(list, (Rect){ x - 37, y - 18, 77, 36 }, &value, 1);
}

bool pair_picture(const char *picture, Error *error) {
    static const char *const words[WORDS] = { "blue", "hat" }, *const heads[] = {
        "key", "query · key", "/ √Dh", "softmax", "value"
    };
    static const float columns[] = { 232, 410, 532, 664, 838 };
    double query[WIDTH] = { 1.5, 0.5 }, keys[WORDS * WIDTH] = { 1.2, 0.8, -0.4, 1.0 },
           values[WORDS * WIDTH] = { 0.9, -0.3, 0.1, 1.4 }, weights[WORDS], context[WIDTH];
    const AttentionHead head = { query, keys, values, weights, context };
    attend(&head, WORDS - 1, WIDTH, WIDTH);
    DrawList list =
        diagram_new(960, 440, "The word \"hat\" attends to \"blue\" and to itself", NULL);
    draw_text_right(&list, 136, 101, DIAGRAM_TEXT, COLOR_ACCENT, "hat's query");
    diagram_numbers(&list, (Rect){ 154, 94, 156, 36 }, query, WIDTH);
    draw_line(&list, 318, 112, columns[1], 112, 2, COLOR_DIM);
    diagram_arrow(&list, columns[1], 112, columns[1], 166, 2, COLOR_DIM);
    for (int i = 0; i < 5; i++)
        diagram_text(&list, columns[i], 186, DIAGRAM_NOTE, COLOR_DIM, heads[i]);
    for (int s = 0; s < WORDS; s++) {
        const float y = 228 + 62 * (float)s;
        double score;
        linear(&score, query, keys + s * WIDTH, WIDTH, 1);
        draw_text_right(&list, 136, y - 12, DIAGRAM_TEXT, COLOR_TEXT, words[s]);
        diagram_numbers(&list, (Rect){ 154, y - 18, 156, 36 }, keys + s * WIDTH, WIDTH);
        diagram_arrow(&list, 322, y, 364, y, 2, COLOR_DIM);
        draw_number(&list, columns[1], y, score);
        draw_number(&list, columns[2], y, score / sqrt(WIDTH));
        diagram_arrow(&list, 580, y, 616, y, 2, COLOR_DIM);
        draw_number(&list, columns[3], y, weights[s]);
        draw_rect(&list, (Rect){ columns[3] - 37, y + 22, 74 * (float)weights[s], 6 },
                  COLOR_ACCENT);
        diagram_text(&list, 734, y, DIAGRAM_TEXT, COLOR_TEXT, "×");
        diagram_numbers(&list, (Rect){ 760, y - 18, 156, 36 }, values + s * WIDTH, WIDTH);
    }
    draw_text_right(&list, 742, 365, DIAGRAM_NOTE, COLOR_DIM,
                    "the sum, the context: what hat receives");
    diagram_numbers(&list, (Rect){ 760, 358, 156, 36 }, context, WIDTH);
    draw_frame(&list, (Rect){ 757, 355, 160, 42 }, 2, COLOR_ACCENT);
    return diagram_write(&list, picture, error);
}

// ---- rope

enum { HANDS = 4, POSITIONS = 8, APART = 2 };

// The hands of one position: HANDS points, which start at twelve o'clock.
static void turned(double hands[2 * HANDS], int position) {
    for (int j = 0; j < HANDS; j++) {
        hands[j] = 1.0;
        hands[HANDS + j] = 0.0;
    }
    rope(hands, position, 2 * HANDS);
}

static void draw_clock(DrawList *list, float x, float y, const double *hands, int j) {
    const float radius = 36;
    diagram_dot(list, x, y, 2 * radius, COLOR_FAINT);
    diagram_dot(list, x, y, 2 * radius - 4, COLOR_EMPTY);
    draw_line(list, x, y - radius + 1, x, y - radius + 6, 2, COLOR_DIM);
    diagram_arrow(list, x, y, x + (radius - 7) * (float)hands[HANDS + j],
                  y - (radius - 7) * (float)hands[j], 3, COLOR_ACCENT);
}

bool rope_picture(const char *picture, Error *error) {
    const float left = 236, top = 166, step = 90;
    double hands[POSITIONS][2 * HANDS];
    char text[64];
    DrawList list =
        diagram_new(960, 590, "RoPE turns each point of a query or key like the hand of a clock",
                    "a head of 8 numbers: four hands. Positions to the right");
    for (int t = 0; t < POSITIONS; t++) turned(hands[t], t);
    for (int t = 0; t < POSITIONS; t++) {
        const float x = left + step * (float)t;
        snprintf(text, sizeof text, t == 0 ? "word %d" : "%d", t);
        diagram_text(&list, x, top - 54, DIAGRAM_NOTE, COLOR_DIM, text);
        for (int j = 0; j < HANDS; j++) draw_clock(&list, x, top + 88 * (float)j, hands[t], j);
        if (t < APART) continue;
        double product =
            hands[t][0] * hands[t - APART][0] + hands[t][HANDS] * hands[t - APART][HANDS];
        draw_number(&list, x, top + 88 * HANDS - 12, product);
    }
    for (int j = 0; j < HANDS; j++) {
        double angle = atan2(hands[1][HANDS + j], hands[1][j]);
        snprintf(text, sizeof text, "once round in");
        draw_text_right(&list, left - 56, top + 88 * (float)j - 22, DIAGRAM_NOTE, COLOR_TEXT, text);
        snprintf(text, sizeof text, "%.0f words", 2 * acos(-1.0) / angle);
        draw_text_right(&list, left - 56, top + 88 * (float)j + 2, DIAGRAM_NOTE, COLOR_TEXT, text);
    }
    draw_text(
        &list, DIAGRAM_LEFT, top + 88 * HANDS + 16, DIAGRAM_NOTE, COLOR_DIM,
        "in the last row: the dot product of a word's first hand with that of the word two before");
    return diagram_write(&list, picture, error);
}
