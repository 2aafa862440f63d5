#include "visualizer/screen.h"
#include "visualizer/panel.h"
#include "visualizer/tour.h"
#include <math.h>
#include <stdlib.h>

static const double FRAME = 1.0 / 60; // seconds between two frames
static const double FADE = 0.6;       // seconds after which a token looks as it always will

double screen_now(const Screen *screen) { return scene_clock(screen->options->exchange); }

static void take_scene(Screen *screen) {
    bool is_new;
    screen->scene = scene_latest(screen->options->exchange, &is_new);
    if (is_new) view_fit(&screen->view, screen->scene);
    screen->changed |= is_new;
}

void screen_open(Screen *out, const WindowOptions *options) {
    *out = (Screen){ .options = options, .density = 1, .changed = true };
    View *view = &out->view;
    take_scene(out);
    *view = view_new(options->width, options->height);
    view->panel = options->panel;
    view->speed = options->speed;
    view->now = out->due = screen_now(out);
    out->list = draw_new(options->width, options->height, font_find());
    if (options->tour) tour_go(view, out->scene, 0, &out->requests);
}

void screen_close(Screen *screen) {
    char said[SCENE_TEXT];
    snapshot_end(screen->snapshot, said, sizeof said);
    draw_free(&screen->list);
    tiles_free(&screen->tiles);
    picture_free(&screen->picture);
    free(screen->hits.items);
}

// ---- pictures

static void say(Screen *screen, const char *message) {
    view_say(&screen->view, message);
    screen->changed = true;
}

static void save_picture(Screen *screen) {
    Error error;
    if (screen->picture.rgb == NULL) return; // nothing was shown yet
    if (screen->snapshot != NULL) {
        say(screen, "the last picture is still being saved");
        return;
    }
    const char *folder = screen->options->pictures;
    screen->snapshot = snapshot_start(&screen->picture, folder, window_notify, &error);
    if (screen->snapshot == NULL) say(screen, error.text);
}

static void finish_picture(Screen *screen) {
    char said[SCENE_TEXT];
    snapshot_end(screen->snapshot, said, sizeof said);
    screen->snapshot = NULL;
    say(screen, said);
}

// ---- when

bool screen_moves(const Screen *screen) {
    const SceneStory *story = &screen->scene->story;
    if (screen->view.tour >= 0) return true;
    return story->count > 0 && screen_now(screen) < story->tokens[story->count - 1].time + FADE;
}

void screen_update(Screen *screen) {
    View *view = &screen->view;
    view->now = screen_now(screen);
    take_scene(screen);
    tour_advance(view, screen->scene, &screen->requests);
    requests_send(screen->options->exchange, &screen->requests);
    if (view->save_picture) save_picture(screen);
    view->save_picture = false;
    if (screen->snapshot != NULL && snapshot_is_done(screen->snapshot)) finish_picture(screen);
    screen->changed |= screen->message && view->now >= view->message_until;
}

double screen_wait(const Screen *screen) {
    double until = INFINITY;
    if (screen->changed || screen_moves(screen)) {
        until = screen->due;
    } else if (screen->message) {
        until = screen->view.message_until;
    }
    return fmax(0, until - screen_now(screen));
}

// ---- a frame

static bool fit(Screen *screen, int width, int height, Error *error) {
    View *view = &screen->view;
    float scale = screen->options->scale;
    view->width = width;
    view->height = height;
    view->scale = scale > 0 ? scale : view_scale(width, height, screen->density);
    if (screen->picture.width == width && screen->picture.height == height) return true;
    picture_free(&screen->picture);
    tiles_forget(&screen->tiles);
    return picture_new(&screen->picture, width, height, error);
}

bool screen_draw(Screen *screen, int width, int height, Error *error) {
    View *view = &screen->view;
    view->now = screen_now(screen);
    bool in_time = view->now < screen->due + FRAME; // then all frames are FRAME apart on average
    screen->due = (in_time ? screen->due : view->now) + FRAME;
    screen->message = view->now < view->message_until;
    screen->changed = false;
    if (!fit(screen, width, height, error)) return false;
    draw_clear(&screen->list, width, height);
    screen->list.scale = view->scale;
    screen->hits.count = 0;
    layout_draw(&(Frame){ &screen->list, &screen->hits, screen->scene, view });
    return tiles_paint(&screen->tiles, &screen->picture, &screen->list, error);
}
