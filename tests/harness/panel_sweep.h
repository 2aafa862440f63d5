#ifndef TESTS_HARNESS_PANEL_SWEEP_H
#define TESTS_HARNESS_PANEL_SWEEP_H
#include "tests/harness/panel_frame.h"

// Draws a panel at sizes from one pixel to a large window, of scenes with few and many layers,
// channels, neurons and tokens, of dense models, without a recording, in training: all that is
// drawn lies inside, and once the list has grown no frame allocates. Fails the running test.
void panel_sweep(PanelNumber panel);
#endif
