#include "visualizer/arrange.h"
#include "visualizer/tour.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Sizes in points.
enum {
    MARGIN = 16,
    SMALL_MARGIN = 8, // of a window that is narrower than NARROW
    NARROW = 480,
    GAP = 12,
    HEADER = 40, // the line at the top; of a low window there is none
    FOOTER = 38, // the line at the bottom
    BOTTOM = 12, // of a panel, below its area
};

static void title_story(char *out, size_t size, const Scene *scene, const View *view) {
    (void)view;
    snprintf(out, size, "%s", scene->story.before_count > 0 ? "STORY, BEFORE AND AFTER" : "STORY");
}
static void title_gates(char *out, size_t size, const Scene *scene, const View *view) {
    (void)view;
    snprintf(out, size, "%s", scene->model.ragged ? "ACTIVE EXPERTS" : "ACTIVE NEURONS");
}
// " · LAYER 1, CHANNEL 2", as far as the model has them.
static const char *place_words(char out[64], const Scene *scene, const View *view) {
    out[0] = '\0';
    if (scene->model.sparse)
        snprintf(out, 64, scene->model.ragged ? " · LAYER %d" : " · LAYER %d, CHANNEL %d",
                 view->layer, view->channel);
    return out;
}
static void title_neighbours(char *out, size_t size, const Scene *scene, const View *view) {
    char place[64];
    snprintf(out, size, "NEAREST CIRCUITS%s", place_words(place, scene, view));
}
static void title_map(char *out, size_t size, const Scene *scene, const View *view) {
    snprintf(out, size, scene->model.sparse ? "MAP OF CIRCUITS · LAYER %d" : "MAP OF CIRCUITS",
             view->layer);
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
    char number[16] = "", place[64] = "";
    if (view->neuron >= 0) {
        snprintf(number, sizeof number, " %d", view->neuron);
        place_words(place, scene, view);
    }
    snprintf(out, size, "%s%s%s", scene->model.ragged ? "EXPERT" : "NEURON", number, place);
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
    float width = rect.width - 2 * PANEL_PADDING;
    if (width < 24 || rect.height < PANEL_TITLE + BOTTOM) return;
    if (tour_panel(frame->view) == (int)number)
        draw_round_rect(list, (Rect){ rect.x - 2, rect.y - 2, rect.width + 4, rect.height + 4 }, 8,
                        COLOR_ACCENT);
    draw_round_rect(list, rect, 6, COLOR_PANEL);
    panels[number].title(title, sizeof title, frame->scene, frame->view);
    const Target *hover = &frame->view->hover;
    bool hovered = hover->kind == TARGET_PANEL && hover->index == (int)number;
    Color color = hovered ? COLOR_TEXT : COLOR_DIM;
    draw_text_cut(list, rect.x + PANEL_PADDING, rect.y + 10, TEXT_SMALL, color, title, width);
    Target target = { .kind = TARGET_PANEL, .index = (int)number };
    hit_add(frame->hits, (Rect){ rect.x, rect.y, rect.width, PANEL_TITLE }, target);
    Rect area = { rect.x + PANEL_PADDING, rect.y + PANEL_TITLE, width,
                  rect.height - PANEL_TITLE - BOTTOM };
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
    } else if (training->stopped[0] != '\0') {
        snprintf(out, size, "not training since %s", training->stopped);
    } else {
        snprintf(out, size, "%s · %g tokens per second", states[frame->scene->story.state],
                 frame->view->speed);
    }
}

static void draw_header(const Frame *frame, Rect rect) {
    DrawList *list = frame->list;
    char words[SCENE_TEXT], state[SCENE_TEXT];
    float y = rect.y + 11, right = rect.x + rect.width - 4;
    state_words(state, sizeof state, frame);
    float taken = draw_text_width(list, state, TEXT_SMALL);
    float x = rect.x + 4, left = right - x;
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
    if (is_alone(view)) out[count++] = (Hint){ KEY_ESCAPE, "Esc", "all panels" };
    out[count++] = (Hint){ KEY_SPACE, "space", view->paused ? "resume" : "pause" };
    if (view->paused) out[count++] = (Hint){ 'n', "n", "one token" };
    if (view->neuron >= 0) out[count++] = (Hint){ 'x', "x", "silence this neuron" };
    if (view->token != LATEST || view->circuit >= 0)
        out[count++] = (Hint){ 'p', "p", "patch the circuit in here" };
    if (story->before_count > 0) out[count++] = (Hint){ 'u', "u", "undo patches" };
    out[count++] = (Hint){ KEY_LEFT, "←→", "token" };
    if (frame->scene->model.L > 1) out[count++] = (Hint){ KEY_DOWN, "↑↓", "layer" };
    if (frame->scene->model.C > 1) out[count++] = (Hint){ 'c', "c", "channel" };
    out[count++] = (Hint){ KEY_ENTER, "Enter", "prompt" };
    out[count++] = (Hint){ 'r', "r", "another story" };
    return count;
}

static float hint_width(const Frame *frame, const Hint *hint) {
    return draw_text_width(frame->list, hint->name, TEXT_SMALL) + 6 +
           draw_text_width(frame->list, hint->what, TEXT_SMALL);
}

static void draw_hint(const Frame *frame, const Hint *hint, float x, float y) {
    DrawList *list = frame->list;
    const Target *hover = &frame->view->hover;
    bool hovered = hover->kind == TARGET_KEY && hover->index == (int)hint->key;
    float words = draw_text(list, x, y, TEXT_SMALL, COLOR_TEXT, hint->name);
    draw_text(list, words + 6, y, TEXT_SMALL, hovered ? COLOR_TEXT : COLOR_DIM, hint->what);
    Target target = { .kind = TARGET_KEY, .index = (int)hint->key };
    Rect rect = { x - 6, y - 4, hint_width(frame, hint) + 12, font_line(TEXT_SMALL) + 8 };
    hit_add(frame->hits, rect, target);
}

// What was just said, or what the model's thread says; false: nothing.
static bool draw_note(const Frame *frame, float x, float y, float right) {
    const View *view = frame->view;
    const char *note = frame->scene->note;
    bool said = view->message[0] != '\0' && view->now < view->message_until;
    if (!said && note[0] == '\0') return false;
    draw_text_cut(frame->list, x, y, TEXT_SMALL, said ? COLOR_ACCENT : COLOR_TEXT,
                  said ? view->message : note, right - x);
    return true;
}

// At the right the key of all keys, where there is space for it.
static void draw_footer(const Frame *frame, Rect rect) {
    const float BETWEEN = 22;
    Hint hints[MAX_HINTS];
    float x = rect.x + 4, y = rect.y + 11, right = rect.x + rect.width - 4;
    Hint all = { 'h', "h", frame->view->help ? "close" : "all keys" };
    float width = hint_width(frame, &all);
    if (!frame->view->editing && x + width <= right) {
        draw_hint(frame, &all, right - width, y);
        right -= width + BETWEEN;
    }
    if (draw_note(frame, x, y, right) || frame->view->help) return;
    int count = hints_now(hints, frame);
    for (int i = 0; i < count; i++) {
        if (x + hint_width(frame, &hints[i]) > right) break;
        draw_hint(frame, &hints[i], x, y);
        x += hint_width(frame, &hints[i]) + BETWEEN;
    }
}

// ---- help

static const Hint help[] = {
    { KEY_SPACE, "space", "pause and resume" },
    { 'n', "n", "one token, or one step of training, while paused" },
    { '+', "+ −", "faster, slower" },
    { KEY_ENTER, "Enter", "type a prompt, with Ctrl-A, C, X and V as elsewhere" },
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

// Rows are less far from each other where all fit in that way; else the last one counts the others.
static void draw_help_rows(const Frame *frame, Rect box) {
    enum { ROW = 24, LEAST_ROW = 19, NAMES = 96 };
    DrawList *list = frame->list;
    int count = (int)(sizeof help / sizeof help[0]);
    float row = fmaxf(LEAST_ROW, fminf(ROW, floorf(box.height / (float)count)));
    int fitting = (int)(box.height / row), shown = fitting < count ? fitting - 1 : count;
    float y = box.y;
    for (int i = 0; i < shown; i++, y += row) {
        Target target = { .kind = TARGET_KEY, .index = (int)help[i].key };
        draw_text(list, box.x, y, TEXT_SMALL, COLOR_TEXT, help[i].name);
        draw_text_cut(list, box.x + NAMES, y, TEXT_SMALL, COLOR_DIM, help[i].what,
                      box.width - NAMES);
        hit_add(frame->hits, (Rect){ box.x, y, box.width, row }, target);
    }
    char more[64];
    snprintf(more, sizeof more, "%d more in a larger window", count - shown);
    if (shown < count && fitting > 0)
        draw_text_cut(list, box.x, y, TEXT_SMALL, COLOR_DIM, more, box.width);
}

static void draw_help(const Frame *frame, Rect around) {
    enum { WIDTH = 520, HEIGHT = 478 };
    DrawList *list = frame->list;
    float width = fminf(WIDTH, around.width), height = fminf(HEIGHT, around.height);
    if (width < 200 || height < 2 * PANEL_TITLE) return;
    Rect box = { around.x + (around.width - width) / 2, around.y + (around.height - height) / 2,
                 width, height };
    draw_round_rect(list, (Rect){ box.x - 1, box.y - 1, width + 2, height + 2 }, 7, COLOR_DIM);
    draw_round_rect(list, box, 6, COLOR_BACKGROUND);
    draw_text(list, box.x + PANEL_PADDING, box.y + 10, TEXT_SMALL, COLOR_DIM, "KEYS");
    draw_help_rows(frame, (Rect){ box.x + PANEL_PADDING, box.y + PANEL_TITLE,
                                  width - 2 * PANEL_PADDING, height - PANEL_TITLE - BOTTOM });
}

// ---- the whole window

static void draw_tour(const Frame *frame, Rect rect) {
    Rect area = { rect.x + PANEL_PADDING, rect.y + PANEL_PADDING, rect.width - 2 * PANEL_PADDING,
                  rect.height - 2 * PANEL_PADDING };
    if (area.width < 24 || area.height < font_line(TEXT_LARGE)) return;
    draw_round_rect(frame->list, rect, 6, COLOR_PANEL);
    draw_clip(frame->list, area);
    tour_draw(frame, area);
    draw_clip(frame->list, draw_whole(frame->list));
}

void layout_draw(const Frame *frame) {
    Rect rest = draw_whole(frame->list);
    float margin = rest.width < NARROW ? SMALL_MARGIN : MARGIN;
    if (rest.height >= 160) {
        bool header = rest.height >= 260;
        rest = (Rect){ margin, margin, rest.width - 2 * margin, rest.height - margin - FOOTER };
        if (header) {
            draw_header(frame, (Rect){ rest.x, 0, rest.width, HEADER });
            rest.height -= HEADER - margin;
            rest.y = HEADER;
        }
        draw_footer(frame, (Rect){ rest.x, rest.y + rest.height, rest.width, FOOTER });
    }
    Arrangement arrangement = arrange(frame, rest);
    for (int i = 0; i < PANELS; i++) draw_panel(frame, (PanelNumber)i, arrangement.panel[i]);
    draw_tour(frame, arrangement.tour);
    if (frame->view->help) draw_help(frame, rest);
}
