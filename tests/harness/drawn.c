#include "tests/harness/drawn.h"
#include <math.h>
#include <string.h>

int drawn_count(const DrawList *list, DrawKind kind) {
    DrawCommand command;
    int count = 0;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) count += command.kind == kind;
    return count;
}

bool drawn_text(DrawCommand *out, const DrawList *list, const char *text) {
    for (size_t cursor = 0; draw_next(list, out, &cursor);) {
        if (out->kind == DRAW_TEXT && strcmp(out->text, text) == 0) return true;
    }
    return false;
}

static Rect extent(const DrawCommand *command) {
    if (command->kind != DRAW_LINE) return command->rect;
    return (Rect){ fminf(command->x0, command->x1), fminf(command->y0, command->y1),
                   fabsf(command->x1 - command->x0), fabsf(command->y1 - command->y0) };
}

int drawn_inside(const DrawList *list, DrawKind kind, Color color, Rect area) {
    DrawCommand command;
    int count = 0;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        Rect rect = extent(&command);
        bool inside = rect.x >= area.x && rect.x + rect.width <= area.x + area.width &&
                      rect.y >= area.y && rect.y + rect.height <= area.y + area.height;
        count += inside && command.kind == kind && command.color == color;
    }
    return count;
}
