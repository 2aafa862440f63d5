#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>

enum {
    ROW = 25,
    INSET = 10, // of the text from the edges of a row
    DISTANCE = 44,
    BAR = 40,
    BAR_HEIGHT = 7,
    GAP = 14,
    LEFT_OF_TOKEN = 200, // at most, for the words in front of it
};

// Where the columns are; below 0: there is no space for it.
typedef struct {
    float distance, bar, token; // x
    Rect context;
} Columns;

static Columns columns_of(Rect row) {
    float x = row.x + INSET, right = row.x + row.width - INSET;
    Columns columns = { -1, -1, 0, { 0, 0, 0, 0 } };
    if (row.width >= 200) {
        columns.distance = x;
        x += DISTANCE;
    }
    if (row.width >= 300) {
        columns.bar = x;
        x += BAR + GAP;
    }
    float height = font_line(TEXT_NORMAL);
    columns.context = (Rect){ x, row.y + (row.height - height) / 2, right - x, height };
    columns.token = x + fminf(LEFT_OF_TOKEN, 0.42f * (right - x));
    return columns;
}

// The selected token among those around it in the story, above a rule.
static void draw_selected(const Frame *frame, Rect row) {
    const SceneStory *story = &frame->scene->story;
    int selected = view_token(frame->view, frame->scene);
    int32_t context[CONTEXT_ROW];
    for (int i = 0; i < CONTEXT_ROW; i++) {
        int token = selected + i - CONTEXT_TOKENS;
        context[i] = token >= 0 && token < story->count ? story->tokens[token].id : -1;
    }
    Columns columns = columns_of(row);
    if (columns.bar > 0 && selected >= 0) {
        char text[32];
        snprintf(text, sizeof text, "token %d", selected);
        draw_text_cut(frame->list, columns.distance, columns.context.y + 1, TEXT_SMALL, COLOR_DIM,
                      text, columns.context.x - GAP - columns.distance);
    }
    Color color = part_token_color(frame, context[CONTEXT_TOKENS], COLOR_ACCENT);
    ContextStyle style = { TEXT_NORMAL, color, COLOR_TEXT };
    part_context(frame, columns.context, columns.token, context, style);
    draw_rect(frame->list, (Rect){ row.x, row.y + row.height, row.width, 1 }, COLOR_FAINT);
}

static void draw_neighbour(const Frame *frame, Rect row, int i, double share) {
    const SceneNeighbour *neighbour = &frame->scene->focus.neighbours[i];
    const Target *hover = &frame->view->hover;
    DrawList *list = frame->list;
    bool hovered = hover->kind == TARGET_NEIGHBOUR && hover->index == i;
    if (hovered) draw_round_rect(list, row, 4, COLOR_EMPTY);
    if (neighbour->circuit == frame->view->circuit) {
        draw_frame(list, row, 1, COLOR_FAINT);
        draw_rect(list, (Rect){ row.x, row.y, 3, row.height }, COLOR_ACCENT);
    }
    Columns columns = columns_of(row);
    Color dim = color_blend(COLOR_PANEL, COLOR_DIM, share);
    Color color = part_token_color(frame, neighbour->context[CONTEXT_TOKENS], COLOR_ACCENT);
    char text[32];
    snprintf(text, sizeof text, "%.2f", (double)neighbour->distance);
    if (columns.distance > 0)
        draw_text(list, columns.distance, columns.context.y + 1, TEXT_SMALL, dim, text);
    Rect bar = { columns.bar, row.y + (row.height - BAR_HEIGHT) / 2, BAR, BAR_HEIGHT };
    if (columns.bar > 0)
        part_bar(frame, bar, 1 - (double)neighbour->distance, color_blend(COLOR_PANEL, dim, 0.5));
    ContextStyle style = { TEXT_NORMAL, color_blend(COLOR_PANEL, color, share),
                           hovered ? COLOR_TEXT : dim };
    part_context(frame, columns.context, columns.token, neighbour->context, style);
    hit_add(frame->hits, row, (Target){ .kind = TARGET_NEIGHBOUR, .index = i });
}

static const char *why_empty(const Scene *scene) {
    if (!scene->model.sparse) return "a dense model has no circuits to compare";
    if (scene->focus.neighbour_count > 0) return NULL;
    if (scene->circuits.note[0] != '\0') return scene->circuits.note;
    return scene->focus.token < 0 ? "no token is selected yet" : "no circuits to compare with";
}

void panel_neighbours(const Frame *frame, Rect area) {
    const SceneFocus *focus = &frame->scene->focus;
    const View *view = frame->view;
    const char *why = why_empty(frame->scene);
    if (why != NULL) {
        part_empty(frame, area, why);
        return;
    }
    if (area.height < ROW || area.width < 4 * INSET) return;
    // What is about to be replaced by that of another token, layer or channel is dimmer.
    bool current = focus->token == view_token(view, frame->scene) && focus->layer == view->layer &&
                   focus->channel == view->channel;
    Rect row = { area.x, area.y, area.width, ROW };
    draw_selected(frame, row);
    row.y += ROW + 4;
    for (int i = 0; i < focus->neighbour_count && row.y + ROW <= area.y + area.height; i++) {
        draw_neighbour(frame, row, i, current ? 1 : 0.45);
        row.y += ROW;
    }
}
