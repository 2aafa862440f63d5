#include "tests/harness/panel_sweep.h"
#include "reference/numbers/minmax.h"
#include <check.h>

static const FakeScene scenes[] = {
    { .kind = "sgatlin" },
    { .L = 1, .C = 1, .n = 4, .K = 2, .tokens = 1 },
    { .L = 12, .C = 16, .n = 64, .K = 16, .tokens = 20 },
    { .tokens = 10000, .L = 2, .C = 2, .n = 4 },
    { .kind = "moe", .n = 8 },
    { .kind = "mlp" },
    { .no_recording = true },
    { .no_classes = true },
    { .long_words = true, .patched = true },
    { .training = true, .L = 3 },
    { .kind = "mlp", .training = true, .no_recording = true },
};

static const struct {
    int width, height;
    float scale;
} sizes[] = { { 1, 1, 1 },       { 3, 200, 1 },      { 200, 3, 1 },    { 40, 40, 1 },
              { 100, 20, 1 },    { 150, 90, 1 },     { 200, 120, 1 },  { 240, 71, 1 },
              { 330, 130, 1 },   { 370, 370, 1 },    { 480, 510, 1 },  { 1240, 640, 1 },
              { 3840, 2160, 1 }, { 370, 370, 2 },    { 31, 57, 1.5f }, { 7, 7, 3 },
              { 2480, 700, 2 },  { 1001, 301, 1.5f } };

// The same frame again must not need more memory.
static void draw_twice(PanelFrame *frame, PanelNumber panel) {
    panel_frame_draw(frame, panel);
    size_t commands = frame->list.capacity, data = frame->list.data_capacity;
    size_t hits = frame->hits.capacity;
    panel_frame_draw(frame, panel);
    ck_assert_uint_eq(frame->list.capacity, commands);
    ck_assert_uint_eq(frame->list.data_capacity, data);
    ck_assert_uint_eq(frame->hits.capacity, hits);
}

void panel_sweep(PanelNumber panel) {
    for (int i = 0; i < COUNT_OF(scenes); i++) {
        PanelFrame frame;
        panel_frame_new(&frame, &scenes[i], 1, 1);
        for (int j = 0; j < 2 * COUNT_OF(sizes); j++) {
            int size = j / 2;
            frame.list.width = sizes[size].width;
            frame.list.height = sizes[size].height;
            frame.list.scale = frame.view.scale = sizes[size].scale;
            frame.view.layer = j % 2 ? 0 : frame.scene.focus.layer;
            draw_twice(&frame, panel);
            ck_assert_msg(panel_frame_inside(&frame), "scene %d, layer %d, %d x %d, scale %g", i,
                          frame.view.layer, sizes[size].width, sizes[size].height,
                          (double)sizes[size].scale);
        }
        panel_frame_free(&frame);
    }
}
