#include "visualizer/panel.h"

void panel_story(const Frame *frame, Rect area) { part_empty(frame, area, "nothing to show yet"); }
