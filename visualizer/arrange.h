#ifndef VISUALIZER_ARRANGE_H
#define VISUALIZER_ARRANGE_H
#include "visualizer/panel.h"

// Which panels a window shows, and where.
enum { PANEL_PADDING = 16, PANEL_TITLE = 34 }; // left and right of a panel; its title with padding

typedef struct {
    Rect panel[PANELS]; // width 0: it is not shown
    Rect tour;          // the caption of the tour; width 0: no tour
} Arrangement;

Arrangement arrange(const Frame *frame, Rect area);
#endif
