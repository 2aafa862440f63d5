#include "visualizer/frames.h"
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
} Frames;

// Does all that is due up to the frame's time.
static void advance(Frames *frames) {
    bool changed;
    double due = frames->view.now;
    while (due <= frames->view.now) {
        due = teller_advance(frames->teller, frames->view.now, &frames->requests, &changed);
        frames->requests.count = 0;
    }
}

static bool write_frame(Frames *frames, int64_t number, Error *error) {
    char name[48];
    DrawList *list = &frames->list;
    draw_clear(list, frames->options->width, frames->options->height);
    frames->hits.count = 0;
    layout_draw(&(Frame){ list, &frames->hits, teller_scene(frames->teller), &frames->view });
    snprintf(name, sizeof name, "frame-%06lld.png", (long long)number);
    char *path = path_join(frames->options->folder, name);
    bool ok = path != NULL && !frames->hits.failed ? paint_png(list, path, error)
                                                   : fail(error, "out of memory for a frame");
    free(path);
    return ok;
}

bool frames_write(Teller *teller, const FrameOptions *options, Error *error) {
    if (!folder_make(options->folder, error)) return false;
    Frames frames = { .teller = teller, .options = options };
    frames.view = view_new(teller_scene(teller), options->width, options->height);
    frames.view.panel = options->panel;
    frames.view.scale =
        options->scale > 0 ? options->scale : view_scale(options->width, options->height);
    if (options->tour) tour_go(&frames.view, teller_scene(teller), 0, &frames.requests);
    frames.list = draw_new(options->width, options->height, font_find());
    frames.list.scale = frames.view.scale;
    int64_t count = (int64_t)fmax(1, floor(options->fps * options->seconds + 1e-9));
    bool ok = true;
    for (int64_t i = 0; ok && i < count; i++) {
        frames.view.now = (double)i / options->fps;
        tour_advance(&frames.view, teller_scene(teller), &frames.requests);
        advance(&frames);
        view_fit(&frames.view, teller_scene(teller));
        ok = write_frame(&frames, i, error);
    }
    draw_free(&frames.list);
    free(frames.hits.items);
    return ok;
}
