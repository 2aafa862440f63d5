#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>

enum { ROW = 21, GAP = 7 };

// What is left of the area, from the top down.
typedef struct {
    const Frame *frame;
    Rect left;
    float label; // the width of the column of labels
} Page;

static bool row_fits(const Page *page) { return page->left.height >= font_line(TEXT_SMALL); }

static Rect next_row(Page *page) {
    Rect row = { page->left.x, page->left.y, page->left.width, ROW };
    page->left.y += ROW;
    page->left.height -= ROW;
    return row;
}

static void skip(Page *page) {
    page->left.y += GAP;
    page->left.height -= GAP;
}

// Draws a label; returns what is right of it.
static Rect labelled(const Page *page, Rect row, const char *label) {
    draw_text_cut(page->frame->list, row.x, row.y, TEXT_SMALL, COLOR_DIM, label, page->label - 8);
    return (Rect){ row.x + page->label, row.y, row.width - page->label, row.height };
}

static void draw_words(Page *page, const char *label, const int32_t *words) {
    if (words[0] < 0 || !row_fits(page)) return;
    Rect rest = labelled(page, next_row(page), label);
    part_words(page->frame, rest, COLOR_TEXT, words, SCENE_WORDS);
}

// A token and a bar: at which share of its positions the neuron fires.
static void draw_share(const Page *page, Rect row, int32_t token, float share) {
    const float PERCENT = 38, BAR = 8, MAX_BAR = 220;
    DrawList *list = page->frame->list;
    char text[SCENE_TEXT];
    float word = fminf(120, fminf(0.4f * row.width, row.width - PERCENT));
    draw_text_cut(list, row.x, row.y, TEXT_SMALL, part_token_color(page->frame, token, COLOR_TEXT),
                  part_token_text(page->frame, token, text), word - 8);
    float right = fminf(row.x + row.width, row.x + word + MAX_BAR + PERCENT);
    Rect bar = { row.x + word, row.y + (font_line(TEXT_SMALL) - BAR) / 2,
                 right - PERCENT - row.x - word, BAR };
    if (bar.width >= 12) part_bar(page->frame, bar, share, color_heat(0.5));
    snprintf(text, sizeof text, "%.0f%%", 100 * (double)share);
    if (row.width >= PERCENT) draw_text_right(list, right, row.y, TEXT_SMALL, COLOR_DIM, text);
}

// The line and the contexts below have precedence: in a single row there are only words.
static void draw_shares(Page *page, const SceneCard *card) {
    float below = GAP + (float)card->context_count * ROW + font_line(TEXT_SMALL);
    int rows = (int)((page->left.height - below) / ROW);
    if (rows < 2) {
        draw_words(page, "fires at", card->fires);
        return;
    }
    for (int i = 0; i < SCENE_WORDS && i < rows && card->fires[i] >= 0; i++) {
        Rect rest = labelled(page, next_row(page), i == 0 ? "fires at" : "");
        draw_share(page, rest, card->fires[i], card->fires_share[i]);
    }
}

// A count with a comma before each group of three digits.
static const char *grouped(char out[32], int count) {
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%d", count), used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static void draw_fired(Page *page, const SceneCard *card) {
    char text[SCENE_TEXT], fired[32], positions[32];
    if (!row_fits(page)) return;
    grouped(positions, card->positions);
    if (card->fired == 0) {
        snprintf(text, sizeof text, "never fired at %s positions", positions);
    } else {
        snprintf(text, sizeof text, "fired at %s of %s positions, mean score %.2f",
                 grouped(fired, card->fired), positions, card->score);
    }
    Rect row = next_row(page);
    draw_text_cut(page->frame->list, row.x, row.y, TEXT_SMALL, COLOR_DIM, text, row.width);
}

static void draw_contexts(Page *page, const SceneCard *card) {
    const float SCORE = 44;
    for (int i = 0; i < card->context_count && row_fits(page); i++) {
        Rect row = next_row(page);
        if (row.width > 5 * SCORE) {
            char score[32];
            snprintf(score, sizeof score, "%.2f", (double)card->contexts[i].distance);
            draw_text(page->frame->list, row.x, row.y, TEXT_SMALL, COLOR_DIM, score);
            row.x += SCORE;
            row.width -= SCORE;
        }
        const int32_t *context = card->contexts[i].context;
        Color color = part_token_color(page->frame, context[CONTEXT_TOKENS], COLOR_ACCENT);
        part_context(page->frame, row, row.x + 0.42f * row.width, context,
                     (ContextStyle){ TEXT_SMALL, color, COLOR_DIM });
    }
}

static void draw_recorded(Page *page, const SceneCard *card) {
    if (card->has_weights) skip(page);
    draw_shares(page, card);
    skip(page);
    draw_fired(page, card);
    draw_contexts(page, card);
}

static void draw_card(const Frame *frame, Rect area) {
    const SceneCard *card = &frame->scene->card;
    Page page = { frame, area, 0 };
    page.label =
        fminf(draw_text_width(frame->list, "suppresses", TEXT_SMALL) + 14, 0.4f * area.width);
    if (card->has_weights) {
        draw_words(&page, "reads", card->reads);
        draw_words(&page, "promotes", card->promotes);
        draw_words(&page, "suppresses", card->suppresses);
    }
    if (card->recorded) {
        draw_recorded(&page, card);
    } else if (row_fits(&page)) {
        Rect row = next_row(&page);
        draw_text_cut(frame->list, row.x, row.y, TEXT_SMALL, COLOR_DIM,
                      "when it fires is not known without a recording", row.width);
    }
}

void panel_card(const Frame *frame, Rect area) {
    const View *view = frame->view;
    const SceneModel *model = &frame->scene->model;
    const SceneCard *card = &frame->scene->card;
    if (!model->sparse) {
        part_empty(frame, area, "dense feed-forward layers have no cards");
    } else if (view->neuron < 0) {
        part_empty(frame, area,
                   model->ragged ? "click an expert to open its card"
                                 : "click a neuron to open its card");
    } else if (card->index != view->neuron || card->layer != view->layer ||
               card->channel != view->channel) {
        part_empty(frame, area, "…"); // it is about to follow
    } else {
        draw_card(frame, area);
    }
}
