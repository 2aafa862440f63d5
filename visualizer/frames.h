#ifndef VISUALIZER_FRAMES_H
#define VISUALIZER_FRAMES_H
#include "visualizer/teller.h"

// Without a window: pictures in files. The time is that of the frame's number, so the same
// arguments give the same bytes.
typedef struct {
    const char *folder;    // for frame-000000.png and so on, made if it is missing; NULL: none
    const char *animation; // an animated PNG of all frames; NULL: none
    int width, height;     // pixels
    float scale;           // pixels per point; 0: by the size (view_scale)
    double fps, seconds;
    double speed; // tokens per second, as the teller begins
    int panel;    // the only panel shown; -1: all
    bool tour;    // from the start
} FrameOptions;

bool frames_write(Teller *teller, const FrameOptions *options, Error *error);
#endif
