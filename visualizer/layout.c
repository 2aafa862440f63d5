#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Where the panels are: sizes in points.
enum {
    MARGIN = 16,
    GAP = 12,
    HEADER = 44, // the line at the top
    FOOTER = 40, // the line at the bottom
    PADDING = 16,
    TITLE = 34, // of a panel, with the padding above
};

static void title_story(char *out, size_t size, const Scene *scene, const View *view) {
    (void)view;
    snprintf(out, size, "%s", scene->story.before_count > 0 ? "STORY, BEFORE AND AFTER" : "STORY");
}
static void title_gates(char *out, size_t size, const Scene *scene, const View *view) {
    (void)view;
    snprintf(out, size, "%s", scene->model.ragged ? "ACTIVE EXPERTS" : "ACTIVE NEURONS");
}
static void title_neighbours(char *out, size_t size, const Scene *scene, const View *view) {
    (void)scene;
    snprintf(out, size, "NEAREST CIRCUITS · LAYER %d, CHANNEL %d", view->layer, view->channel);
}
static void title_map(char *out, size_t size, const Scene *scene, const View *view) {
    (void)scene;
    snprintf(out, size, "MAP OF CIRCUITS · LAYER %d", view->layer);
}
static void title_why(char *out, size_t size, const Scene *scene, const View *view) {
    (void)scene, (void)view;
    snprintf(out, size, "WHY THIS WORD");
}
static void title_timeline(char *out, size_t size, const Scene *scene, const View *view) {
    (void)scene, (void)view;
    snprintf(out, size, "TIMELINE");
}
static void title_usage(char *out, size_t size, const Scene *scene, const View *view) {
    (void)view;
    snprintf(out, size, "%s THAT EVER FIRED", scene->model.ragged ? "EXPERTS" : "NEURONS");
}
static void title_loss(char *out, size_t size, const Scene *scene, const View *view) {
    (void)scene, (void)view;
    snprintf(out, size, "LOSS");
}
static void title_card(char *out, size_t size, const Scene *scene, const View *view) {
    (void)scene;
    snprintf(out, size, "NEURON %d · LAYER %d, CHANNEL %d", view->neuron, view->layer,
             view->channel);
}

const Panel panels[PANELS] = {
    { "story", title_story, panel_story },
    { "gates", title_gates, panel_gates },
    { "neighbours", title_neighbours, panel_neighbours },
    { "map", title_map, panel_map },
    { "why", title_why, panel_why },
    { "timeline", title_timeline, panel_timeline },
    { "usage", title_usage, panel_usage },
    { "loss", title_loss, panel_loss },
    { "card", title_card, panel_card },
};

static void draw_panel(const Frame *frame, PanelNumber number, Rect rect) {
    char title[SCENE_TEXT];
    DrawList *list = frame->list;
    draw_round_rect(list, rect, 6, COLOR_PANEL);
    panels[number].title(title, sizeof title, frame->scene, frame->view);
    float width = rect.width - 2 * PADDING;
    if (width < 40 || rect.height < TITLE + PADDING) return;
    draw_text_cut(list, rect.x + PADDING, rect.y + 10, TEXT_SMALL, COLOR_DIM, title, width);
    Target target = { .kind = TARGET_PANEL, .index = number };
    hit_add(frame->hits, (Rect){ rect.x, rect.y, rect.width, TITLE }, target);
    Rect area = { rect.x + PADDING, rect.y + TITLE, width, rect.height - TITLE - PADDING };
    draw_clip(list, area);
    panels[number].draw(frame, area);
    draw_clip(list, draw_whole(list));
}

void layout_draw(const Frame *frame) {
    Rect whole = draw_whole(frame->list);
    if (frame->view->panel >= 0) draw_panel(frame, (PanelNumber)frame->view->panel, whole);
}
