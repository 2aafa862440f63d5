#include "visualizer/panel.h"

void panel_why(const Frame *frame, Rect area) { part_empty(frame, area, "nothing to show yet"); }
