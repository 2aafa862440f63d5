#include "reference/numbers/minmax.h"
#include "visualizer/panel_gates.h"
#include <math.h>
#include <stdio.h>

PixelRect gates_pixels(const Frame *frame, Rect rect) {
    float scale = frame->list->scale;
    int left = (int)ceilf(scale * rect.x), top = (int)ceilf(scale * rect.y);
    return (PixelRect){ left, top, (int)floorf(scale * (rect.x + rect.width)) - left,
                        (int)floorf(scale * (rect.y + rect.height)) - top };
}

Rect gates_points(const Frame *frame, PixelRect rect) {
    float scale = frame->list->scale;
    return (Rect){ (float)rect.x / scale, (float)rect.y / scale, (float)rect.width / scale,
                   (float)rect.height / scale };
}

int gates_scaled(const Frame *frame, float points) {
    return max_int(1, (int)lroundf(points * frame->list->scale));
}

void gates_frame(const Frame *frame, PixelRect rect, float thickness, Color color) {
    float pixels = (float)gates_scaled(frame, thickness);
    draw_frame(frame->list, gates_points(frame, rect), pixels / frame->list->scale, color);
}

float gates_brightness(float share) { return 0.35f + 0.65f * fminf(1, fmaxf(0, share)); }

float gates_most_fired(const Scene *scene) {
    const SceneTraining *training = &scene->training;
    const SceneModel *model = &scene->model;
    if (training->mode == NOT_TRAINING || training->fired == NULL) return NAN;
    float most = 0;
    size_t count = (size_t)model->L * (size_t)model->C * (size_t)model->F;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, training->fired[i]);
    return most;
}

void gates_note(const Frame *frame, Rect area, const char *note) {
    float y = area.y + area.height - font_line(TEXT_SMALL);
    draw_text_cut(frame->list, area.x, y, TEXT_SMALL, COLOR_DIM, note, area.width);
}

void gates_layer_label(const Frame *frame, int x, int y, int layer) {
    char text[16];
    float scale = frame->list->scale;
    Color color = layer == frame->view->layer ? COLOR_TEXT : COLOR_DIM;
    snprintf(text, sizeof text, "L%d", layer);
    draw_text(frame->list, (float)x / scale, (float)y / scale - font_line(TEXT_SMALL) / 2,
              TEXT_SMALL, color, text);
}

// The words of the neuron that is pointed at; NULL: they are not there (yet).
static const int32_t *favourite_words(const Frame *frame) {
    const SceneCard *card = &frame->scene->card;
    const SceneHover *named = &frame->scene->hover;
    const Target *hover = &frame->view->hover;
    if (named->index == hover->index && named->layer == hover->layer &&
        named->channel == hover->channel && named->fires[0] >= 0)
        return named->fires;
    bool same = card->index == hover->index && card->layer == hover->layer &&
                card->channel == hover->channel;
    if (same && card->recorded && card->fires[0] >= 0) return card->fires;
    return same && card->has_weights && card->reads[0] >= 0 ? card->reads : NULL;
}

// Where a box of a size is drawn: after `cell` where that fits in the area, else before it.
static float beside(float start, float length, float cell, float cell_end, float size) {
    const float GAP = 6;
    float at = cell_end + GAP;
    if (at + size > start + length) at = cell - GAP - size;
    return fmaxf(start, fminf(at, start + length - size));
}

void gates_tooltip(const Frame *frame, Rect area, PixelRect cell, const char *name) {
    const float PADDING = 8, LINE = font_line(TEXT_SMALL) + 2, WORDS = 200;
    const int32_t *words = favourite_words(frame);
    float text = draw_text_width(frame->list, name, TEXT_SMALL);
    if (words != NULL) text = fmaxf(text, WORDS);
    float width = fminf(text + 2 * PADDING, area.width);
    float height = (words != NULL ? 2 : 1) * LINE + PADDING;
    if (height > area.height || width < 4 * PADDING) return;
    Rect from = gates_points(frame, cell), box = { 0, 0, width, height };
    box.x = beside(area.x, area.width, from.x, from.x + from.width, width);
    box.y = beside(area.y, area.height, from.y, from.y + from.height, height);
    draw_rect(frame->list, box, COLOR_PANEL);
    draw_frame(frame->list, box, 1, COLOR_FAINT);
    float x = box.x + PADDING, y = box.y + PADDING / 2;
    draw_text_cut(frame->list, x, y, TEXT_SMALL, COLOR_TEXT, name, width - 2 * PADDING);
    if (words != NULL)
        part_words(frame, (Rect){ x, y + LINE, width - 2 * PADDING, LINE }, COLOR_DIM, words,
                   SCENE_WORDS);
}
