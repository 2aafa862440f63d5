#ifndef TESTS_HARNESS_PANEL_FRAME_H
#define TESTS_HARNESS_PANEL_FRAME_H
#include "tests/harness/fake_scene.h"
#include "visualizer/panel.h"

// One panel of a fake scene, to check its drawing commands, targets and pixels.
typedef struct {
    Scene scene;
    View view; // follows the story, at the time of its last token
    DrawList list;
    HitList hits;
    Frame frame; // of these; points into this struct, which must not be moved
} PanelFrame;

// In the built-in font, whose pixels are the same on every machine.
void panel_frame_new(PanelFrame *out, const FakeScene *fake, int width, int height);
void panel_frame_free(PanelFrame *frame);
// Draws again, the panel over the whole list.
void panel_frame_draw(PanelFrame *frame, PanelNumber panel);

// Whether everything that is drawn lies inside the list (a line up to half a pixel outside), and
// every target too.
bool panel_frame_inside(const PanelFrame *frame);
// Draws a panel of many scenes at many sizes and scales, each twice, after `prepare` (NULL: none)
// changed the view; fails the running test where something lies outside or the second time
// allocates.
void panel_frame_sweep(PanelNumber panel, void (*prepare)(PanelFrame *frame));
// The first target of a kind with this index; false: none.
bool panel_frame_hit(Hit *out, const PanelFrame *frame, TargetKind kind, int index);
#endif
