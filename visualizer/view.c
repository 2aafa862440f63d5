#include "visualizer/view.h"
#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include "visualizer/tour.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MESSAGE_SECONDS = 4;
static const double MIN_SPEED = 0.25, MAX_SPEED = 256;

View view_new(int width, int height) {
    return (View){ .width = width,
                   .height = height,
                   .scale = 1,
                   .token = LATEST,
                   .neuron = -1,
                   .circuit = -1,
                   .panel = -1,
                   .speed = 4,
                   .tour = -1 };
}

float view_scale(int width, int height, float density) {
    float scale = fmaxf(density, fminf((float)width / 1280, (float)height / 720));
    return fminf(3, fmaxf(1, floorf(2 * scale) / 2));
}

void view_fit(View *view, const Scene *scene) {
    const SceneModel *model = &scene->model;
    view->layer = max_int(0, min_int(view->layer, model->L - 1));
    view->channel = max_int(0, min_int(view->channel, model->C - 1));
    if (view->neuron >= model->F) view->neuron = -1;
    if (view->token >= scene->story.count) view->token = LATEST;
}

int view_token(const View *view, const Scene *scene) {
    int last = scene->story.count - 1;
    return view->token == LATEST || view->token > last ? last : view->token;
}

void view_say(View *view, const char *message) {
    snprintf(view->message, sizeof view->message, "%s", message);
    view->message_until = view->now + MESSAGE_SECONDS;
}

// ---- selections

static void request_focus(const View *view, RequestList *requests) {
    Request *request = request_add(requests, REQUEST_FOCUS);
    request->index = view->token;
    request->layer = view->layer;
    request->channel = view->channel;
}

static void request_neuron(const View *view, RequestList *requests) {
    Request *request = request_add(requests, REQUEST_NEURON);
    request->layer = view->layer;
    request->channel = view->channel;
    request->index = view->neuron;
}

static void select_token(View *view, const Scene *scene, int token, RequestList *requests) {
    int last = scene->story.count - 1;
    view->token = token >= last ? LATEST : max_int(0, token);
    view->scroll = 0;
    request_focus(view, requests);
}

static void close_card(View *view, RequestList *requests) {
    view->neuron = -1;
    request_neuron(view, requests);
}

static void select_grid(View *view, const Scene *scene, int layer, int channel,
                        RequestList *requests) {
    int L = max_int(1, scene->model.L), C = max_int(1, scene->model.C);
    layer = max_int(0, min_int(layer, L - 1));
    channel = (channel % C + C) % C;
    if (view->neuron >= 0 && (layer != view->layer || channel != view->channel))
        close_card(view, requests);
    view->layer = layer;
    view->channel = channel;
    request_focus(view, requests);
}

static void select_neuron(View *view, const Scene *scene, int layer, int channel, int neuron,
                          RequestList *requests) {
    select_grid(view, scene, layer, channel, requests);
    view->neuron = neuron;
    request_neuron(view, requests);
}

// ---- deeds

static void pause(View *view, RequestList *requests) {
    view->paused = !view->paused;
    request_add(requests, REQUEST_PAUSE)->value = view->paused;
}

static void set_speed(View *view, double speed, RequestList *requests) {
    char message[64];
    view->speed = fmin(MAX_SPEED, fmax(MIN_SPEED, speed));
    request_add(requests, REQUEST_SPEED)->value = view->speed;
    snprintf(message, sizeof message, "%g tokens per second", view->speed);
    view_say(view, message);
}

// The nearest circuit of another word, where none was selected.
static int circuit_of_another_word(const Scene *scene, int token) {
    const SceneFocus *focus = &scene->focus;
    for (int i = 0; i < focus->neighbour_count; i++) {
        if (focus->neighbours[i].context[CONTEXT_TOKENS] != scene->story.tokens[token].id)
            return focus->neighbours[i].circuit;
    }
    return -1;
}

static void patch(View *view, const Scene *scene, RequestList *requests) {
    int token = view_token(view, scene), circuit = view->circuit;
    if (circuit < 0 && token >= 0) circuit = circuit_of_another_word(scene, token);
    if (token < 0 || circuit < 0) {
        view_say(view, "select a circuit first: a row of the nearest ones, or a point of the map");
        return;
    }
    Request *request = request_add(requests, REQUEST_PATCH);
    request->index = token;
    request->value = circuit;
    view->token = LATEST;
    view->scroll = 0;
    view->circuit = -1;
    request_focus(view, requests);
}

static void silence(View *view, RequestList *requests) {
    if (view->neuron < 0) {
        view_say(view, "select a neuron first: click one in the grids");
        return;
    }
    Request *request = request_add(requests, REQUEST_SILENCE);
    request->layer = view->layer;
    request->channel = view->channel;
    request->index = view->neuron;
}

static void tell_another(View *view, RequestKind kind, RequestList *requests) {
    request_add(requests, kind);
    view->token = LATEST;
    view->scroll = 0;
    view->circuit = -1;
    request_focus(view, requests);
}

// Leaves what was opened last.
static void leave(View *view, const Scene *scene, RequestList *requests) {
    if (view->help) {
        view->help = false;
    } else if (view->tour >= 0) {
        view->tour = -1;
    } else if (view->neuron >= 0) {
        close_card(view, requests);
    } else if (view->circuit >= 0) {
        view->circuit = -1;
    } else if (view->panel >= 0) {
        view->panel = -1;
    } else if (view->token != LATEST || view->scroll > 0) {
        select_token(view, scene, scene->story.count, requests);
    }
}

// ---- keys

// The start of the character that ends at `size`, or 0.
static size_t character_before(const char *utf8, size_t size) {
    while (size > 1 && ((unsigned char)utf8[size - 1] & 0xc0) == 0x80) size--;
    return size > 0 ? size - 1 : 0;
}

static void edit_key(View *view, Key key, RequestList *requests) {
    size_t size = view->prompt_selected ? 0 : strlen(view->prompt);
    view->prompt_selected = false;
    if (key == KEY_ESCAPE) view->editing = false;
    if (key == KEY_BACKSPACE) view->prompt[character_before(view->prompt, size)] = '\0';
    if (key != KEY_ENTER) return;
    Request *request = request_add(requests, REQUEST_PROMPT);
    snprintf(request->text, sizeof request->text, "%s", view->prompt);
    view->editing = false;
    view->token = LATEST;
    view->scroll = 0;
    view->circuit = -1;
}

static void letter_key(View *view, const Scene *scene, Key key, RequestList *requests) {
    switch ((int)key) {
    case ' ': pause(view, requests); break;
    case 'n': request_add(requests, REQUEST_STEP); break;
    case '+':
    case '=': set_speed(view, 2 * view->speed, requests); break;
    case '-': set_speed(view, view->speed / 2, requests); break;
    case 'c': select_grid(view, scene, view->layer, view->channel + 1, requests); break;
    case 'C': select_grid(view, scene, view->layer, view->channel - 1, requests); break;
    case 'p': patch(view, scene, requests); break;
    case 'x': silence(view, requests); break;
    case 'u': request_add(requests, REQUEST_RESTORE); break;
    case 'r': tell_another(view, REQUEST_ANOTHER, requests); break;
    case 'h':
    case '?': view->help = !view->help; break;
    case 's': view->save_picture = true; break;
    case 't': tour_go(view, scene, 0, requests); break;
    case 'f': view->full_screen = true; break;
    case 'q': view->quit = true; break;
    default: break;
    }
}

void view_key(View *view, const Scene *scene, Key key, RequestList *requests) {
    int token = view_token(view, scene);
    if (view->editing) {
        edit_key(view, key, requests);
        return;
    }
    if (tour_key(view, scene, key, requests)) return;
    if (view->help && key != KEY_ESCAPE) view->help = key == 'h' || key == '?';
    switch (key) {
    case KEY_LEFT: select_token(view, scene, token - 1, requests); break;
    case KEY_RIGHT: select_token(view, scene, token + 1, requests); break;
    case KEY_HOME: select_token(view, scene, 0, requests); break;
    case KEY_END: select_token(view, scene, scene->story.count, requests); break;
    case KEY_UP: select_grid(view, scene, view->layer - 1, view->channel, requests); break;
    case KEY_DOWN: select_grid(view, scene, view->layer + 1, view->channel, requests); break;
    case KEY_PAGE_UP: view_wheel(view, scene, 200); break;
    case KEY_PAGE_DOWN: view_wheel(view, scene, -200); break;
    case KEY_ENTER: view->editing = true; break;
    case KEY_TAB: view->panel = view->panel + 1 < PANELS ? view->panel + 1 : -1; break;
    case KEY_ESCAPE: leave(view, scene, requests); break;
    case KEY_F11: view->full_screen = true; break;
    default: letter_key(view, scene, key, requests); break;
    }
}

void view_text(View *view, const char *utf8) {
    if (!view->editing) return;
    size_t used = view->prompt_selected ? 0 : strlen(view->prompt), size = strlen(utf8);
    size_t fits = sizeof view->prompt - 1 - used;
    if (size > fits) size = character_before(utf8, fits + 1);
    memcpy(view->prompt + used, utf8, size);
    view->prompt[used + size] = '\0';
    view->prompt_selected = false;
}

// ---- the mouse

static bool is_neuron(const Target *target) {
    return target->kind == TARGET_GRID || target->kind == TARGET_EXPERT;
}

void view_hover(View *view, const HitList *hits, float x, float y, RequestList *requests) {
    Target target = hit_find(hits, x, y), *old = &view->hover;
    bool same = target.kind == old->kind && target.layer == old->layer &&
                target.channel == old->channel && target.index == old->index;
    view->mouse_x = x;
    view->mouse_y = y;
    view->hover = target;
    if (same || !is_neuron(&target)) return;
    Request *request = request_add(requests, REQUEST_HOVER);
    request->layer = target.layer;
    request->channel = target.channel;
    request->index = target.index;
}

static void click_term(View *view, const Scene *scene, int i, RequestList *requests) {
    if (i < 0 || i >= scene->focus.term_count) return;
    const SceneTerm *term = &scene->focus.terms[i];
    if (term->kind == TERM_NEURON || term->kind == TERM_EXPERT)
        select_neuron(view, scene, term->layer, term->channel, term->index, requests);
}

void view_click(View *view, const Scene *scene, const HitList *hits, float x, float y,
                RequestList *requests) {
    Target target = hit_find(hits, x, y);
    int i = target.index;
    view_hover(view, hits, x, y, requests);
    if (view->help) { // a click ends it, on a row of it as the row's key does
        view->help = false;
        if (target.kind == TARGET_KEY && i != 'h' && i != KEY_ESCAPE)
            view_key(view, scene, (Key)i, requests);
        return;
    }
    switch (target.kind) {
    case TARGET_TOKEN: select_token(view, scene, i, requests); break;
    case TARGET_CELL:
        select_grid(view, scene, target.layer, view->channel, requests);
        select_token(view, scene, i, requests);
        break;
    case TARGET_GRID:
    case TARGET_EXPERT:
        select_neuron(view, scene, target.layer, target.channel, i, requests);
        break;
    case TARGET_NEIGHBOUR:
        if (i < scene->focus.neighbour_count) view->circuit = scene->focus.neighbours[i].circuit;
        break;
    case TARGET_POINT:
        if (i < scene->circuits.count) view->circuit = scene->circuits.points[i].circuit;
        break;
    case TARGET_TERM: click_term(view, scene, i, requests); break;
    case TARGET_PANEL: view->panel = view->panel == i ? -1 : i; break;
    case TARGET_KEY: view_key(view, scene, (Key)i, requests); break;
    case TARGET_PROMPT: view->editing = true; break;
    case TARGET_BEFORE:
    case TARGET_NONE: break;
    }
}

void view_wheel(View *view, const Scene *scene, float points) {
    (void)scene;
    view->scroll = fmaxf(0, view->scroll + points);
}
