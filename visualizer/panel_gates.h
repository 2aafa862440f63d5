#ifndef VISUALIZER_PANEL_GATES_H
#define VISUALIZER_PANEL_GATES_H
#include "visualizer/panel.h"

// What the two forms of the gates panel share: grids of neurons (panel_gates.c) and a moe's tables
// of tokens and experts (panel_experts.c). Both are laid out in pixels, so that all cells are of
// the same size at every scale.

enum { GATES_VALUES = 64 * 64 }; // that are drawn at once

typedef struct {
    int x, y, width, height;
} PixelRect;

PixelRect gates_pixels(const Frame *frame, Rect rect); // the whole pixels inside
Rect gates_points(const Frame *frame, PixelRect rect);
int gates_scaled(const Frame *frame, float points); // in pixels, at least one
void gates_frame(const Frame *frame, PixelRect rect, float thickness, Color color);

// The brightness of what fired, whose score has this share of the range: dark is not empty.
float gates_brightness(float share);
// The largest share of tokens at which a neuron fired lately in training; NAN: unknown.
float gates_most_fired(const Scene *scene);
// The line at the bottom where not everything fits.
void gates_note(const Frame *frame, Rect area, const char *note);
// "L0" left of what begins at x and whose middle is at y, in pixels.
void gates_layer_label(const Frame *frame, int x, int y, int layer);
// What is pointed at, in a box beside it and inside `area`.
void gates_tooltip(const Frame *frame, Rect area, PixelRect cell, const char *name);

void gates_experts(const Frame *frame, Rect area); // the panel of a moe
#endif
