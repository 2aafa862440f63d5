#include "visualizer/panel.h"

void panel_gates(const Frame *frame, Rect area) { part_empty(frame, area, "nothing to show yet"); }
