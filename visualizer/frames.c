#include "visualizer/frames.h"
#include "reference/draw/animation.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "visualizer/tour.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    Teller *teller;
    const FrameOptions *options;
    View view;
    DrawList list;
    HitList hits;
    RequestList requests;
    Picture picture;
    Animation *animation; // NULL: none
} Frames;

// Does all that is due up to a time, as a window would that looks every tenth of a second.
static void advance(Frames *frames, double now) {
    const double STEP = 0.1;
    bool changed;
    while (frames->view.now < now) {
        frames->view.now = fmin(now, frames->view.now + STEP);
        tour_advance(&frames->view, teller_scene(frames->teller), &frames->requests);
        double due = frames->view.now;
        while (due <= frames->view.now) {
            due = teller_advance(frames->teller, frames->view.now, &frames->requests, &changed);
            frames->requests.count = 0;
        }
        view_fit(&frames->view, teller_scene(frames->teller));
    }
}

static bool write_png(const Frames *frames, int64_t number, Error *error) {
    char name[48];
    snprintf(name, sizeof name, "frame-%06lld.png", (long long)number);
    char *path = path_join(frames->options->folder, name);
    bool ok = path != NULL ? picture_write_png(&frames->picture, path, error)
                           : fail(error, "out of memory for a frame");
    free(path);
    return ok;
}

static bool write_frame(Frames *frames, int64_t number, Error *error) {
    DrawList *list = &frames->list;
    draw_clear(list, frames->options->width, frames->options->height);
    frames->hits.count = 0;
    layout_draw(&(Frame){ list, &frames->hits, teller_scene(frames->teller), &frames->view });
    if (frames->hits.failed) return fail(error, "out of memory for a frame");
    if (!paint_list(&frames->picture, list, error)) return false;
    double seconds = 1 / frames->options->fps;
    return (frames->options->folder == NULL || write_png(frames, number, error)) &&
           (frames->animation == NULL ||
            animation_add(frames->animation, &frames->picture, seconds, error));
}

static bool write_all(Frames *frames, Error *error) {
    const FrameOptions *options = frames->options;
    int64_t count = (int64_t)fmax(1, floor(options->fps * options->seconds + 1e-9));
    frames->view.now = -1e-9; // the first frame is at 0
    if (options->tour) tour_go(&frames->view, teller_scene(frames->teller), 0, &frames->requests);
    for (int64_t i = 0; i < count; i++) {
        advance(frames, (double)i / options->fps);
        if (!write_frame(frames, i, error)) return false;
    }
    return true;
}

static bool open_outputs(Frames *frames, Error *error) {
    const FrameOptions *options = frames->options;
    if (options->folder != NULL && !folder_make(options->folder, error)) return false;
    if (!picture_new(&frames->picture, options->width, options->height, error)) return false;
    if (options->animation == NULL) return true;
    frames->animation = animation_open(options->animation, options->width, options->height, error);
    return frames->animation != NULL;
}

bool frames_write(Teller *teller, const FrameOptions *options, Error *error) {
    Frames frames = { .teller = teller, .options = options };
    frames.view = view_new(options->width, options->height);
    frames.view.panel = options->panel;
    frames.view.speed = options->speed;
    frames.view.scale =
        options->scale > 0 ? options->scale : view_scale(options->width, options->height, 1);
    frames.list = draw_new(options->width, options->height, font_find());
    frames.list.scale = frames.view.scale;
    bool ok = open_outputs(&frames, error) && write_all(&frames, error);
    if (ok && frames.animation != NULL)
        ok = animation_commit(frames.animation, error);
    else if (frames.animation != NULL)
        animation_discard(frames.animation);
    picture_free(&frames.picture);
    draw_free(&frames.list);
    free(frames.hits.items);
    return ok;
}
