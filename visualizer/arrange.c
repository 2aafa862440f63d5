#include "visualizer/arrange.h"
#include "visualizer/tour.h"
#include <math.h>

enum { GAP = 12 }; // points between panels

// Each takes a part of *rest, and the gap next to it.
static Rect take_left(Rect *rest, float share) {
    Rect part = *rest;
    part.width = floorf(share * (rest->width - GAP));
    rest->x += part.width + GAP;
    rest->width -= part.width + GAP;
    return part;
}
static Rect take_top(Rect *rest, float share) {
    Rect part = *rest;
    part.height = floorf(share * (rest->height - GAP));
    rest->y += part.height + GAP;
    rest->height -= part.height + GAP;
    return part;
}
static Rect take_bottom(Rect *rest, float height) {
    Rect part = *rest;
    part.y += rest->height - height;
    part.height = height;
    rest->height -= height + GAP;
    return part;
}

// ---- which panels

static bool is_training(const Frame *frame) { return frame->scene->training.mode != NOT_TRAINING; }

// Below the story: why, or in training the loss.
static PanelNumber panel_of_story(const Frame *frame) {
    bool why = tour_panel(frame->view) == PANEL_WHY;
    return is_training(frame) && !why ? PANEL_LOSS : PANEL_WHY;
}

// A neuron's card, or the nearest circuits.
static PanelNumber panel_of_circuit(const Frame *frame) {
    return frame->view->neuron >= 0 ? PANEL_CARD : PANEL_NEIGHBOURS;
}

// Where there is space for just one besides the story, or with `gates` besides that too: what was
// opened, or what the tour is about.
static PanelNumber panel_now(const Frame *frame, bool gates) {
    int tour = tour_panel(frame->view);
    if (tour >= 0 && tour != PANEL_STORY && !(gates && tour == PANEL_GATES))
        return (PanelNumber)tour;
    return frame->view->neuron >= 0 ? PANEL_CARD : gates ? PANEL_NEIGHBOURS : PANEL_GATES;
}

// ---- where they are

static void arrange_tour(Arrangement *out, const Frame *frame, Rect *rest, float height) {
    float caption = tour_height(frame, rest->width - 2 * PANEL_PADDING) + 2 * PANEL_PADDING;
    out->tour = take_bottom(rest, fminf(fmaxf(height, caption), rest->height - GAP));
}

// At the bottom: the caption of the tour, or the timeline, beside it the usage.
static void arrange_bottom(Arrangement *out, const Frame *frame, Rect *rest, float height) {
    if (frame->view->tour >= 0) {
        arrange_tour(out, frame, rest, height);
        return;
    }
    Rect bottom = take_bottom(rest, height);
    out->panel[PANEL_TIMELINE] = take_left(&bottom, 0.78f);
    out->panel[PANEL_USAGE] = bottom;
}

// The same where there is less space: one panel, in training the loss.
static void arrange_narrow_bottom(Arrangement *out, const Frame *frame, Rect *rest) {
    if (frame->view->tour >= 0)
        arrange_tour(out, frame, rest, 110);
    else if (is_training(frame))
        out->panel[PANEL_LOSS] = take_bottom(rest, 150);
    else
        out->panel[PANEL_TIMELINE] = take_bottom(rest, 110);
}

static void arrange_wide(Arrangement *out, const Frame *frame, Rect rest) {
    arrange_bottom(out, frame, &rest, floorf(fminf(150, fmaxf(110, 0.18f * rest.height))));
    Rect left = take_left(&rest, 0.28f), middle = take_left(&rest, 0.6f);
    bool both = frame->scene->story.before_count > 0; // stories, before the patch and after
    out->panel[PANEL_STORY] = take_top(&left, both ? 0.76f : 0.64f);
    out->panel[panel_of_story(frame)] = left;
    out->panel[PANEL_GATES] = middle;
    out->panel[panel_of_circuit(frame)] = take_top(&rest, 0.47f);
    out->panel[PANEL_MAP] = rest;
}

// Wide, and too low for two panels in a column.
static void arrange_low(Arrangement *out, const Frame *frame, Rect rest) {
    if (frame->view->tour >= 0) arrange_tour(out, frame, &rest, 0);
    bool map = rest.width >= 1400;
    PanelNumber now = panel_now(frame, true);
    out->panel[PANEL_STORY] = take_left(&rest, map ? 0.25f : 0.32f);
    out->panel[PANEL_GATES] = take_left(&rest, map ? 0.4f : 0.55f);
    if (map) {
        PanelNumber other = now == PANEL_MAP ? panel_of_circuit(frame) : now;
        out->panel[other] = take_left(&rest, 0.5f);
    }
    out->panel[map ? PANEL_MAP : now] = rest;
}

// Higher than wide.
static void arrange_tall(Arrangement *out, const Frame *frame, Rect rest) {
    if (rest.width >= 700) {
        arrange_bottom(out, frame, &rest, fmaxf(110, floorf(0.12f * rest.height)));
        Rect story = take_top(&rest, 0.3f), gates = take_top(&rest, 0.58f);
        out->panel[PANEL_STORY] = take_left(&story, 0.55f);
        out->panel[panel_of_story(frame)] = story;
        out->panel[PANEL_GATES] = gates;
        out->panel[panel_of_circuit(frame)] = take_left(&rest, 0.5f);
        out->panel[PANEL_MAP] = rest;
        return;
    }
    if (rest.height >= 420 || frame->view->tour >= 0) arrange_narrow_bottom(out, frame, &rest);
    if (rest.height >= 560) {
        out->panel[PANEL_STORY] = take_top(&rest, 0.38f);
        out->panel[PANEL_GATES] = take_top(&rest, 0.6f);
        out->panel[panel_now(frame, true)] = rest;
    } else {
        out->panel[PANEL_STORY] = take_top(&rest, 0.45f);
        out->panel[panel_now(frame, false)] = rest;
    }
}

static void arrange_small(Arrangement *out, const Frame *frame, Rect rest) {
    bool tour = frame->view->tour >= 0;
    if (rest.height >= 340 || tour) arrange_narrow_bottom(out, frame, &rest);
    if (rest.width < 480) {
        out->panel[tour || frame->view->neuron >= 0 ? panel_now(frame, false) : PANEL_STORY] = rest;
        return;
    }
    Rect story = take_left(&rest, 0.5f);
    if (story.height >= 400) {
        out->panel[PANEL_STORY] = take_top(&story, 0.62f);
        out->panel[PANEL_WHY] = story;
    } else {
        out->panel[PANEL_STORY] = story;
    }
    out->panel[panel_now(frame, false)] = rest;
}

// Without a gating there is just the story, and that nothing else can be shown. In training there
// is the loss too. Before a model is there the story says why.
static void arrange_dense(Arrangement *out, const Frame *frame, Rect rest) {
    if (frame->view->tour >= 0)
        arrange_tour(out, frame, &rest, 0);
    else if (frame->scene->model.config.ffn != NULL && rest.height >= 300)
        out->panel[PANEL_GATES] = take_bottom(&rest, 90);
    if (is_training(frame) && rest.width >= 480)
        out->panel[PANEL_STORY] = take_left(&rest, 0.5f);
    else if (is_training(frame) && rest.height >= 300)
        out->panel[PANEL_STORY] = take_top(&rest, 0.6f);
    out->panel[out->panel[PANEL_STORY].width > 0 ? PANEL_LOSS : PANEL_STORY] = rest;
}

Arrangement arrange(const Frame *frame, Rect area) {
    Arrangement out = { 0 };
    if (frame->view->panel >= 0) {
        if (frame->view->tour >= 0) arrange_tour(&out, frame, &area, 0);
        out.panel[frame->view->panel] = area;
    } else if (!frame->scene->model.sparse) {
        arrange_dense(&out, frame, area);
    } else if (area.width >= 900 && area.height >= 480 && area.height <= 1.3f * area.width) {
        arrange_wide(&out, frame, area);
    } else if (area.width >= 900 && area.height < 480) {
        arrange_low(&out, frame, area);
    } else if (area.height >= 320 && area.height > (area.width < 480 ? 1 : 1.3f) * area.width) {
        arrange_tall(&out, frame, area);
    } else {
        arrange_small(&out, frame, area);
    }
    for (int i = 0; i < PANELS; i++) // the tour left it no space
        if (out.panel[i].width <= 0 || out.panel[i].height <= 0) out.panel[i] = (Rect){ 0 };
    return out;
}
