#include "visualizer/tour.h"
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
    snprintf(out, size, "%s THAT %s", scene->model.ragged ? "EXPERTS" : "NEURONS",
             scene->training.fired != NULL ? "FIRED RECENTLY" : "EVER FIRED");
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

static bool is_alone(const View *view) { return view->panel >= 0; }

static void draw_panel(const Frame *frame, PanelNumber number, Rect rect) {
    char title[SCENE_TEXT];
    DrawList *list = frame->list;
    float width = rect.width - 2 * PADDING;
    if (width < 24 || rect.height < TITLE + PADDING) return;
    if (tour_panel(frame->view) == (int)number)
        draw_round_rect(list, (Rect){ rect.x - 2, rect.y - 2, rect.width + 4, rect.height + 4 }, 8,
                        COLOR_ACCENT);
    draw_round_rect(list, rect, 6, COLOR_PANEL);
    panels[number].title(title, sizeof title, frame->scene, frame->view);
    const Target *hover = &frame->view->hover;
    bool hovered = hover->kind == TARGET_PANEL && hover->index == (int)number;
    Color color = hovered ? COLOR_TEXT : COLOR_DIM;
    draw_text_cut(list, rect.x + PADDING, rect.y + 10, TEXT_SMALL, color, title, width);
    Target target = { .kind = TARGET_PANEL, .index = (int)number };
    hit_add(frame->hits, (Rect){ rect.x, rect.y, rect.width, TITLE }, target);
    Rect area = { rect.x + PADDING, rect.y + TITLE, width, rect.height - TITLE - PADDING };
    draw_clip(list, area);
    panels[number].draw(frame, area);
    draw_clip(list, draw_whole(list));
}

// ---- the line at the top

static void model_words(char *out, size_t size, const SceneModel *model) {
    char sizes[96] = "";
    if (model->ragged) {
        snprintf(sizes, sizeof sizes, "%d layers × %d experts", model->L, model->F);
    } else if (model->sparse) {
        snprintf(sizes, sizeof sizes, "%d layers × %d channels × %d neurons, %d active each",
                 model->L, model->C, model->F, model->K);
    } else {
        snprintf(sizes, sizeof sizes, "%d layers", model->config.L);
    }
    snprintf(out, size, "%s · %.1f M parameters · %s", model->config.ffn->name,
             model->parameters / 1e6, sizes);
}

static void state_words(char *out, size_t size, const Frame *frame) {
    static const char *const states[] = {
        [STORY_WAITING] = "waiting",
        [STORY_TELLING] = "telling",
        [STORY_PAUSED] = "paused",
        [STORY_ENDED] = "the end",
    };
    const SceneTraining *training = &frame->scene->training;
    if (training->mode != NOT_TRAINING && training->running) {
        snprintf(out, size, "training · step %lld of %lld", (long long)training->step,
                 (long long)training->steps);
    } else {
        snprintf(out, size, "%s · %g tokens per second", states[frame->scene->story.state],
                 frame->view->speed);
    }
}

static void draw_header(const Frame *frame, Rect rect) {
    DrawList *list = frame->list;
    char words[SCENE_TEXT], state[SCENE_TEXT];
    float y = rect.y + 13, right = rect.x + rect.width - MARGIN - 4;
    state_words(state, sizeof state, frame);
    float taken = draw_text_width(list, state, TEXT_SMALL);
    float x = rect.x + MARGIN + 4, left = right - x;
    if (taken + 80 < left) {
        draw_text_right(list, right, y, TEXT_SMALL, COLOR_DIM, state);
        left -= taken + 24;
    }
    const SceneModel *model = &frame->scene->model;
    float name = fminf(left, draw_text_width(list, model->name, TEXT_NORMAL));
    draw_text_cut(list, x, y - 2, TEXT_NORMAL, COLOR_TEXT, model->name, left);
    if (model->config.ffn == NULL || left - name < 60) return;
    model_words(words, sizeof words, model);
    draw_text_cut(list, x + name + 16, y, TEXT_SMALL, COLOR_DIM, words, left - name - 16);
}

// ---- the line at the bottom: what can be done now

typedef struct {
    Key key;
    const char *name, *what;
} Hint;

enum { MAX_HINTS = 12 };

// Returns how many there are, the most useful first.
static int hints_now(Hint out[MAX_HINTS], const Frame *frame) {
    const View *view = frame->view;
    const SceneStory *story = &frame->scene->story;
    int count = 0;
    if (view->editing) {
        out[count++] = (Hint){ KEY_ENTER, "Enter", "tell this story" };
        out[count++] = (Hint){ KEY_ESCAPE, "Esc", "cancel" };
        return count;
    }
    if (view->help) {
        out[count++] = (Hint){ 'h', "h", "close" };
        return count;
    }
    out[count++] = (Hint){ KEY_SPACE, "space", view->paused ? "go on" : "pause" };
    if (view->paused) out[count++] = (Hint){ 'n', "n", "one token" };
    if (view->neuron >= 0) out[count++] = (Hint){ 'x', "x", "silence this neuron" };
    if (view->token != LATEST || view->circuit >= 0)
        out[count++] = (Hint){ 'p', "p", "patch the circuit in here" };
    if (story->before_count > 0) out[count++] = (Hint){ 'u', "u", "undo patches" };
    out[count++] = (Hint){ KEY_LEFT, "←→", "token" };
    out[count++] = (Hint){ KEY_DOWN, "↑↓", "layer" };
    out[count++] = (Hint){ 'c', "c", "channel" };
    out[count++] = (Hint){ KEY_ENTER, "Enter", "prompt" };
    out[count++] = (Hint){ 'r', "r", "another story" };
    out[count++] = (Hint){ 'h', "h", "all keys" };
    if (is_alone(view)) out[count++] = (Hint){ KEY_ESCAPE, "Esc", "all panels" };
    return count;
}

static void draw_hint(const Frame *frame, const Hint *hint, float x, float y, float width) {
    DrawList *list = frame->list;
    const Target *hover = &frame->view->hover;
    bool hovered = hover->kind == TARGET_KEY && hover->index == (int)hint->key;
    float words = draw_text(list, x, y, TEXT_SMALL, COLOR_TEXT, hint->name);
    draw_text(list, words + 6, y, TEXT_SMALL, hovered ? COLOR_TEXT : COLOR_DIM, hint->what);
    Target target = { .kind = TARGET_KEY, .index = (int)hint->key };
    hit_add(frame->hits, (Rect){ x - 6, y - 4, width + 12, font_line(TEXT_SMALL) + 8 }, target);
}

static void draw_footer(const Frame *frame, Rect rect) {
    Hint hints[MAX_HINTS];
    DrawList *list = frame->list;
    float x = rect.x + MARGIN + 4, y = rect.y + 11, right = rect.x + rect.width - MARGIN;
    const View *view = frame->view;
    const char *note = frame->scene->note;
    bool said = view->message[0] != '\0' && view->now < view->message_until;
    if (said || note[0] != '\0') {
        Color color = said ? COLOR_ACCENT : COLOR_TEXT;
        draw_text_cut(list, x, y, TEXT_SMALL, color, said ? view->message : note, right - x);
        return;
    }
    int count = hints_now(hints, frame);
    for (int i = 0; i < count; i++) {
        float width = draw_text_width(list, hints[i].name, TEXT_SMALL) + 6 +
                      draw_text_width(list, hints[i].what, TEXT_SMALL);
        if (x + width > right) break;
        draw_hint(frame, &hints[i], x, y, width);
        x += width + 22;
    }
}

// ---- help

static const Hint help[] = {
    { KEY_SPACE, "space", "pause, and go on" },
    { 'n', "n", "one token, or one step of training, while paused" },
    { '+', "+ −", "faster, slower" },
    { KEY_ENTER, "Enter", "type a prompt" },
    { 'r', "r", "another story" },
    { KEY_LEFT, "← →", "select a token; End: follow the story again" },
    { KEY_UP, "↑ ↓", "layer" },
    { 'c', "c C", "next and previous channel" },
    { 'p', "p", "put the selected circuit in at the selected token" },
    { 'x', "x", "silence the selected neuron" },
    { 'u', "u", "undo patches and silenced neurons" },
    { KEY_TAB, "Tab", "one panel alone; a click on its title does it too" },
    { KEY_PAGE_UP, "PgUp PgDn", "scroll the story" },
    { 't', "t", "the tour" },
    { 's', "s", "save a picture" },
    { KEY_F11, "F11", "full screen" },
    { KEY_ESCAPE, "Esc", "leave what was opened last" },
    { 'q', "q", "quit" },
};

static void draw_help(const Frame *frame, Rect whole) {
    enum { ROW = 24, NAMES = 96, WIDTH = 520 };
    DrawList *list = frame->list;
    int count = (int)(sizeof help / sizeof help[0]);
    float width = fminf(WIDTH, whole.width - 2 * GAP);
    float height = fminf((float)(count * ROW + TITLE + PADDING), whole.height - 2 * GAP);
    if (width < 120 || height < TITLE + ROW) return;
    Rect box = { (whole.width - width) / 2, (whole.height - height) / 2, width, height };
    draw_round_rect(list, (Rect){ box.x - 1, box.y - 1, width + 2, height + 2 }, 7, COLOR_DIM);
    draw_round_rect(list, box, 6, COLOR_BACKGROUND);
    draw_text(list, box.x + PADDING, box.y + 10, TEXT_SMALL, COLOR_DIM, "KEYS");
    float y = box.y + TITLE, text = width - NAMES - 2 * PADDING;
    for (int i = 0; i < count && y + ROW <= box.y + height; i++, y += ROW) {
        Target target = { .kind = TARGET_KEY, .index = (int)help[i].key };
        draw_text(list, box.x + PADDING, y, TEXT_SMALL, COLOR_TEXT, help[i].name);
        draw_text_cut(list, box.x + PADDING + NAMES, y, TEXT_SMALL, COLOR_DIM, help[i].what, text);
        hit_add(frame->hits, (Rect){ box.x, y, width, ROW }, target);
    }
}

// ---- panels side by side

// The panel at the left below the story: why, or in training the loss.
static PanelNumber left_panel(const Frame *frame) {
    return frame->scene->training.mode != NOT_TRAINING ? PANEL_LOSS : PANEL_WHY;
}

// The panel at the right above the map: a neuron's card, or the nearest circuits.
static PanelNumber right_panel(const Frame *frame) {
    return frame->view->neuron >= 0 ? PANEL_CARD : PANEL_NEIGHBOURS;
}

static Rect split_left(Rect *rest, float width) {
    Rect part = { rest->x, rest->y, width, rest->height };
    rest->x += width + GAP;
    rest->width -= width + GAP;
    return part;
}

static Rect split_top(Rect *rest, float height) {
    Rect part = { rest->x, rest->y, rest->width, height };
    rest->y += height + GAP;
    rest->height -= height + GAP;
    return part;
}

static void draw_tour(const Frame *frame, Rect rect) {
    draw_round_rect(frame->list, rect, 6, COLOR_PANEL);
    Rect area = { rect.x + PADDING, rect.y + PADDING, rect.width - 2 * PADDING,
                  rect.height - 2 * PADDING };
    draw_clip(frame->list, area);
    tour_draw(frame, area);
    draw_clip(frame->list, draw_whole(frame->list));
}

static void draw_wide(const Frame *frame, Rect rest) {
    float bottom = fminf(150, fmaxf(110, 0.19f * rest.height));
    Rect top = split_top(&rest, rest.height - bottom - GAP);
    Rect left = split_left(&top, floorf(0.29f * (top.width - 2 * GAP)));
    Rect middle = split_left(&top, floorf(0.56f * (top.width - GAP)));
    draw_panel(frame, PANEL_STORY, split_top(&left, floorf(0.62f * (left.height - GAP))));
    draw_panel(frame, left_panel(frame), left);
    draw_panel(frame, PANEL_GATES, middle);
    draw_panel(frame, right_panel(frame), split_top(&top, floorf(0.47f * (top.height - GAP))));
    draw_panel(frame, PANEL_MAP, top);
    if (frame->view->tour >= 0) {
        draw_tour(frame, rest);
        return;
    }
    draw_panel(frame, PANEL_TIMELINE, split_left(&rest, floorf(0.78f * (rest.width - GAP))));
    draw_panel(frame, PANEL_USAGE, rest);
}

static void draw_small(const Frame *frame, Rect rest) {
    if (rest.height > 340) {
        Rect top = split_top(&rest, rest.height - 110 - GAP);
        if (frame->view->tour >= 0) {
            draw_tour(frame, rest);
        } else {
            draw_panel(frame, PANEL_TIMELINE, rest);
        }
        rest = top;
    }
    if (rest.width > 480) draw_panel(frame, PANEL_STORY, split_left(&rest, 0.5f * rest.width));
    bool card = frame->view->neuron >= 0;
    if (rest.width <= 480 && !card) {
        draw_panel(frame, PANEL_STORY, rest);
    } else {
        draw_panel(frame, card ? PANEL_CARD : PANEL_GATES, rest);
    }
}

void layout_draw(const Frame *frame) {
    Rect whole = draw_whole(frame->list), rest = whole;
    if (whole.height >= 200) {
        draw_header(frame, (Rect){ 0, 0, whole.width, HEADER });
        draw_footer(frame, (Rect){ 0, whole.height - FOOTER, whole.width, FOOTER });
        rest = (Rect){ MARGIN, HEADER, whole.width - 2 * MARGIN, whole.height - HEADER - FOOTER };
    }
    if (is_alone(frame->view)) {
        draw_panel(frame, (PanelNumber)frame->view->panel, rest);
    } else if (rest.width >= 900 && rest.height >= 500) {
        draw_wide(frame, rest);
    } else {
        draw_small(frame, rest);
    }
    if (frame->view->help) draw_help(frame, whole);
}
