#include "tests/harness/panel_frame.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

void panel_frame_new(PanelFrame *out, const FakeScene *fake, int width, int height) {
    memset(out, 0, sizeof *out);
    fake_scene(&out->scene, fake);
    out->view = view_new(&out->scene, width, height);
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
