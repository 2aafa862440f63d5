#ifndef VISUALIZER_SCREEN_H
#define VISUALIZER_SCREEN_H
#include "visualizer/scene_exchange.h"
#include "visualizer/snapshot.h"
#include "visualizer/tiles.h"
#include "visualizer/window.h"

// The part of the window that needs no SDL2: what it shows, as pixels, and when another frame is
// due.
typedef struct {
    const WindowOptions *options;
    const Scene *scene; // the newest; the exchange's
    View view;
    RequestList requests;
    DrawList list;
    HitList hits;
    Tiles tiles;
    float density;      // of the display, for view_scale
    Picture picture;    // the last frame
    Snapshot *snapshot; // NULL: no picture is being saved
    bool changed;       // since the last frame
    bool message;       // the last frame shows one
    double due;         // when the next frame is drawn, at the earliest
} Screen;

void screen_open(Screen *out, const WindowOptions *options);
void screen_close(Screen *screen);

double screen_now(const Screen *screen); // the time of View.now
// Whether the picture changes without input and without a new scene.
bool screen_moves(const Screen *screen);
// Between input and a frame: takes the newest scene, sends the requests, saves pictures.
void screen_update(Screen *screen);
// Seconds until a frame should be drawn; INFINITY: not before something happens.
double screen_wait(const Screen *screen);
// Draws a frame of this size in pixels. `tiles` then says what changed in `picture`.
bool screen_draw(Screen *screen, int width, int height, Error *error);
#endif
