#include "visualizer/tour.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *title;
    const char *text;
    int panel; // -1: none
    double seconds;
    void (*begin)(View *view, const Scene *scene, RequestList *requests); // NULL: nothing
} Step;

static void pause_story(View *view, bool paused, RequestList *requests) {
    if (view->paused == paused) return;
    view->paused = paused;
    request_add(requests, REQUEST_PAUSE)->value = paused;
}

static void select_token(View *view, int token, RequestList *requests) {
    view->token = token;
    Request *request = request_add(requests, REQUEST_FOCUS);
    request->index = token;
    request->layer = view->layer;
    request->channel = view->channel;
}

static void close_card(View *view, RequestList *requests) {
    if (view->neuron < 0) return;
    view->neuron = -1;
    request_add(requests, REQUEST_NEURON)->index = -1;
}

static void tell(View *view, const Scene *scene, RequestList *requests) {
    (void)scene;
    pause_story(view, false, requests);
    select_token(view, LATEST, requests);
}

// The last token that has a class, such as an animal; else the last one.
static void stop_at_word(View *view, const Scene *scene, RequestList *requests) {
    int token = scene->story.count - 1;
    while (token > 0 &&
           lexicon_class(scene->model.lexicon, scene->story.tokens[token].id) == NO_CLASS)
        token--;
    pause_story(view, true, requests);
    view->layer = view->channel = 0; // where circuits know the word itself
    select_token(view, token > 0 ? token : scene->story.count - 1, requests);
}

static void show_neuron(View *view, const Scene *scene, RequestList *requests) {
    const SceneFocus *focus = &scene->focus;
    for (int i = 0; i < focus->term_count; i++) {
        const SceneTerm *term = &focus->terms[i];
        if (term->kind != TERM_NEURON && term->kind != TERM_EXPERT) continue;
        view->layer = term->layer;
        view->channel = term->channel;
        view->neuron = term->index;
        select_token(view, view->token, requests);
        Request *request = request_add(requests, REQUEST_NEURON);
        request->layer = term->layer;
        request->channel = term->channel;
        request->index = term->index;
        return;
    }
}

static void hide_neuron(View *view, const Scene *scene, RequestList *requests) {
    (void)scene;
    close_card(view, requests);
}

static void swap_circuit(View *view, const Scene *scene, RequestList *requests) {
    int token = view_token(view, scene);
    if (token < 0) return;
    Request *request = request_add(requests, REQUEST_PATCH);
    request->index = token;
    request->value = ANY_CIRCUIT;
    pause_story(view, false, requests);
    select_token(view, LATEST, requests);
}

static const Step steps[] = {
    { "A model tells a story",
      "It writes one token at a time: a word, or a piece of one. Each time it gives every token "
      "it knows a probability, and draws one. The bars show the most likely ones.",
      PANEL_STORY, 14, tell },
    { "One token",
      "The story is stopped at one of its words. Colors are classes of words, such as animals or "
      "places. The model was never told of them.",
      PANEL_STORY, 10, stop_at_word },
    { "The neurons that it activates",
      "Every layer has several channels, each with a grid of neurons. Of each grid a few are "
      "active for this word, the bright cells; all the others do nothing at all.",
      PANEL_GATES, 14, NULL },
    { "Two keys choose them",
      "A neuron is a row and a column. Its score is the sum of two: the strip at the left has a "
      "score for each row, the strip above one for each column. The highest sums are active.",
      PANEL_GATES, 14, NULL },
    { "Who else activates these neurons?",
      "The active neurons and their scores are the word's circuit. These are the most similar "
      "circuits among thousands that were recorded: often words of the same kind.",
      PANEL_NEIGHBOURS, 14, NULL },
    { "A map of circuits",
      "Every point is the circuit of one word; similar circuits are near each other. The line is "
      "the path of this story. Words of one class form islands, although nobody named them.",
      PANEL_MAP, 14, NULL },
    { "Why the next word?",
      "Neurons are linear once they are chosen, so the score of the next word is a plain sum: so "
      "much from the embedding, from each attention head, and from each active neuron.",
      PANEL_WHY, 14, NULL },
    { "One neuron",
      "The card of the neuron that says most: what it reads and what it promotes, by its weights "
      "alone, and the recorded words at which it fires.",
      PANEL_CARD, 12, show_neuron },
    { "What if it were another word?",
      "Now the circuit of another word takes the place of this one, while the text stays as it is. "
      "Most circuits change nothing; this one was found by trying, and turns the story.",
      PANEL_STORY, 16, swap_circuit },
    { "Your turn",
      "Click a word, a neuron, a neighbour; type a prompt with Enter; put circuits in with p, "
      "silence neurons with x; h lists all keys.",
      -1, 8, hide_neuron },
};

int tour_steps(void) { return (int)(sizeof steps / sizeof steps[0]); }

double tour_seconds(void) {
    double sum = 0;
    for (int i = 0; i < tour_steps(); i++) sum += steps[i].seconds;
    return sum;
}

static bool is_on(const View *view) { return view->tour >= 0 && view->tour < tour_steps(); }

int tour_panel(const View *view) { return is_on(view) ? steps[view->tour].panel : -1; }

void tour_go(View *view, const Scene *scene, int step, RequestList *requests) {
    view->tour = step < tour_steps() ? step : -1;
    view->tour_since = view->now;
    view->panel = -1;
    view->scroll = 0;
    if (!is_on(view)) return;
    if (steps[step].panel != PANEL_CARD) close_card(view, requests);
    if (steps[step].begin != NULL) steps[step].begin(view, scene, requests);
}

void tour_advance(View *view, const Scene *scene, RequestList *requests) {
    if (is_on(view) && view->now >= view->tour_since + steps[view->tour].seconds)
        tour_go(view, scene, view->tour + 1, requests);
}

bool tour_key(View *view, const Scene *scene, Key key, RequestList *requests) {
    if (!is_on(view)) return false;
    switch (key) {
    case KEY_RIGHT:
    case KEY_ENTER:
    case KEY_SPACE: tour_go(view, scene, view->tour + 1, requests); return true;
    case KEY_LEFT: tour_go(view, scene, view->tour > 0 ? view->tour - 1 : 0, requests); return true;
    default: return false;
    }
}

enum { TITLE = 32, BAR = 2, ABOVE_BAR = 6, WIDEST = 860 }; // points; of a line of text

float tour_height(const Frame *frame, float width) {
    if (!is_on(frame->view)) return 0;
    const char *text = steps[frame->view->tour].text;
    return TITLE + part_text_height(frame, fminf(WIDEST, width), TEXT_NORMAL, text) + ABOVE_BAR +
           BAR;
}

void tour_draw(const Frame *frame, Rect area) {
    const View *view = frame->view;
    if (!is_on(view)) return;
    const Step *step = &steps[view->tour];
    DrawList *list = frame->list;
    char count[32];
    snprintf(count, sizeof count, "%d of %d", view->tour + 1, tour_steps());
    float taken = draw_text_width(list, count, TEXT_SMALL) + 24;
    draw_text_cut(list, area.x, area.y, TEXT_LARGE, COLOR_ACCENT, step->title, area.width - taken);
    draw_text_right(list, area.x + area.width, area.y + 6, TEXT_SMALL, COLOR_DIM, count);
    Rect text = { area.x, area.y + TITLE, fminf(WIDEST, area.width),
                  area.height - TITLE - ABOVE_BAR - BAR };
    part_text(frame, text, TEXT_NORMAL, COLOR_TEXT, step->text);
    double share = (view->now - view->tour_since) / step->seconds;
    part_bar(frame, (Rect){ area.x, area.y + area.height - BAR, area.width, BAR }, share,
             COLOR_DIM);
    Target on = { .kind = TARGET_KEY, .index = KEY_RIGHT };
    Target back = { .kind = TARGET_KEY, .index = KEY_LEFT };
    hit_add(frame->hits, area, on);
    hit_add(frame->hits, (Rect){ area.x, area.y, area.width / 4, area.height }, back);
}
