#ifndef VISUALIZER_TOUR_H
#define VISUALIZER_TOUR_H
#include "visualizer/panel.h"

// The tour: two minutes over one story, step by step. Each step has a caption, one panel that it is
// about, and something that it does to the view when it begins.

int tour_steps(void);
double tour_seconds(void);        // of all steps
int tour_panel(const View *view); // the panel of the step; -1: none, or no tour

// Begins the tour, or goes to a step of it.
void tour_go(View *view, const Scene *scene, int step, RequestList *requests);
// Call it for every frame: moves to the next step when its time has come. After the last the tour
// is over.
void tour_advance(View *view, const Scene *scene, RequestList *requests);
// Right, Enter and space move on, left goes back, Escape leaves. true: it was one of them.
bool tour_key(View *view, const Scene *scene, Key key, RequestList *requests);

// Points that a caption of this width needs.
float tour_height(const Frame *frame, float width);
// The caption, with targets to move on and back.
void tour_draw(const Frame *frame, Rect area);
#endif
