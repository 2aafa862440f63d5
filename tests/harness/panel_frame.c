#include "tests/harness/panel_frame.h"
#include "reference/numbers/minmax.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

void panel_frame_new(PanelFrame *out, const FakeScene *fake, int width, int height) {
    memset(out, 0, sizeof *out);
    fake_scene(&out->scene, fake);
    out->view = view_new(width, height);
    out->view.layer = out->scene.focus.layer;
    out->view.channel = out->scene.focus.channel;
    out->view.now = 10;
    out->list = draw_new(width, height, font_builtin());
    out->frame = (Frame){ &out->list, &out->hits, &out->scene, &out->view };
}

void panel_frame_free(PanelFrame *frame) {
    draw_free(&frame->list);
    free(frame->hits.items);
    fake_scene_free(&frame->scene);
}

void panel_frame_draw(PanelFrame *frame, PanelNumber panel) {
    draw_clear(&frame->list, frame->list.width, frame->list.height);
    frame->hits.count = 0;
    panels[panel].draw(&frame->frame, draw_whole(&frame->list));
    ck_assert(!frame->list.failed && !frame->hits.failed);
}

static bool inside(const DrawList *list, Rect rect) {
    return rect.x >= -0.5f && rect.y >= -0.5f && rect.x + rect.width <= (float)list->width + 0.5f &&
           rect.y + rect.height <= (float)list->height + 0.5f;
}

bool panel_frame_inside(const PanelFrame *frame) {
    DrawCommand command;
    for (size_t cursor = 0; draw_next(&frame->list, &command, &cursor);) {
        Rect rect = command.rect;
        if (command.kind == DRAW_CLIP) continue;
        if (command.kind == DRAW_LINE)
            rect =
                (Rect){ command.x0 < command.x1 ? command.x0 : command.x1,
                        command.y0 < command.y1 ? command.y0 : command.y1,
                        command.x0 < command.x1 ? command.x1 - command.x0 : command.x0 - command.x1,
                        command.y0 < command.y1 ? command.y1 - command.y0
                                                : command.y0 - command.y1 };
        if (!inside(&frame->list, rect)) return false;
    }
    for (int i = 0; i < frame->hits.count; i++) {
        Rect rect = frame->hits.items[i].rect;
        float scale = frame->list.scale;
        rect = (Rect){ scale * rect.x, scale * rect.y, scale * rect.width, scale * rect.height };
        if (!inside(&frame->list, rect)) return false;
    }
    return true;
}

static void check_drawn(PanelFrame *frame, PanelNumber panel) {
    panel_frame_draw(frame, panel);
    ck_assert_msg(panel_frame_inside(frame), "%d layers, %d channels, %d neurons in %d x %d at %g",
                  frame->scene.model.L, frame->scene.model.C, frame->scene.model.F,
                  frame->list.width, frame->list.height, (double)frame->list.scale);
    size_t entries = frame->list.capacity, bytes = frame->list.data_capacity;
    size_t targets = frame->hits.capacity;
    panel_frame_draw(frame, panel);
    ck_assert_uint_eq(frame->list.capacity, entries);
    ck_assert_uint_eq(frame->list.data_capacity, bytes);
    ck_assert_uint_eq(frame->hits.capacity, targets);
}

void panel_frame_sweep(PanelNumber panel, void (*prepare)(PanelFrame *frame)) {
    static const FakeScene scenes[] = {
        { 0 },
        { .L = 1, .C = 1, .n = 4, .K = 2 },
        { .L = 12, .C = 16, .n = 64, .tokens = 1 },
        { .L = 3, .C = 5, .n = 23, .tokens = 2, .no_recording = true },
        { .kind = "moe", .n = 8, .long_words = true },
        { .kind = "moe", .L = 12, .n = 64, .no_classes = true },
        { .kind = "mlp" },
        { .long_words = true, .patched = true },
        { .training = true },
        { .L = 2, .C = 2, .n = 8, .tokens = 10000 },
    };
    static const struct {
        int width, height;
    } sizes[] = { { 1, 1 },     { 9, 300 },   { 300, 9 },   { 200, 120 },
                  { 370, 370 }, { 480, 510 }, { 1240, 640 } };
    for (int scene = 0; scene < COUNT_OF(scenes); scene++) {
        PanelFrame frame;
        panel_frame_new(&frame, &scenes[scene], 1, 1);
        if (prepare != NULL) prepare(&frame);
        for (int i = 0; i < 2 * COUNT_OF(sizes); i++) {
            frame.list.scale = i % 2 == 0 ? 1 : 2;
            frame.list.width = sizes[i / 2].width * (int)frame.list.scale;
            frame.list.height = sizes[i / 2].height * (int)frame.list.scale;
            check_drawn(&frame, panel);
        }
        frame.scene.story.count = 0; // nothing was told yet
        frame.scene.focus = (SceneFocus){ .token = -1, .key_scores = frame.scene.focus.key_scores };
        check_drawn(&frame, panel);
        panel_frame_free(&frame);
    }
}

bool panel_frame_hit(Hit *out, const PanelFrame *frame, TargetKind kind, int index) {
    for (int i = 0; i < frame->hits.count; i++) {
        const Hit *hit = &frame->hits.items[i];
        int cells = hit->rows * hit->columns;
        if (hit->target.kind != kind || index < hit->target.index ||
            index >= hit->target.index + cells)
            continue;
        *out = *hit;
        return true;
    }
    return false;
}
