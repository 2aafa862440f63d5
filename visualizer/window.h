#ifndef VISUALIZER_WINDOW_H
#define VISUALIZER_WINDOW_H
#include "visualizer/scene_exchange.h"

// The window: shows the newest Scene, turns keys and the mouse into changes of its View and
// Requests. window.c is the only file that knows SDL2.

typedef struct {
    SceneExchange *exchange; // with a first scene already
    int width, height;       // at first
    float scale;             // pixels per point; 0: by the size and the display (view_scale)
    int panel;               // the only panel shown; -1: all
    bool tour;               // from the start
    double speed;            // tokens per second, as the model's thread begins
    double seconds;          // it closes so long after its first frame; INFINITY: never
    const char *pictures;    // the folder that `s` saves pictures in; NULL: the current one
    bool measure;            // print at the end how long frames took
} WindowOptions;

typedef struct Window Window;

// Opens the window; `options` outlive it. NULL: it cannot be opened.
Window *window_open(const WindowOptions *options, Error *error);
// Returns when the window is closed. false: it could not be drawn.
bool window_run(Window *window, Error *error);
void window_close(Window *window);

// A new scene was handed over: a window that waits draws it. From any thread, at any time between
// window_open and the return of main.
void window_notify(void);
#endif
