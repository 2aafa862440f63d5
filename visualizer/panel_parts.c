#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void part_empty(const Frame *frame, Rect area, const char *why) {
    if (area.height < font_line(TEXT_SMALL)) return;
    float y = area.y + (area.height - font_line(TEXT_SMALL)) / 2;
    float width = draw_text_width(frame->list, why, TEXT_SMALL);
    float x = area.x + fmaxf(0, (area.width - width) / 2);
    draw_text_cut(frame->list, x, y, TEXT_SMALL, COLOR_DIM, why, area.width);
}

void part_bar(const Frame *frame, Rect rect, double share, Color color) {
    draw_rect(frame->list, rect, COLOR_EMPTY);
    rect.width *= (float)fmin(1, fmax(0, share));
    draw_rect(frame->list, rect, color);
}

Color part_token_color(const Frame *frame, int32_t token, Color otherwise) {
    int class = lexicon_class(frame->scene->model.lexicon, token);
    return class == NO_CLASS ? otherwise : color_class(class);
}

const char *part_token_text(const Frame *frame, int32_t token, char out[SCENE_TEXT]) {
    const char *text = lexicon_text(frame->scene->model.lexicon, token);
    size_t used = 0;
    for (; *text != '\0' && used + 8 < SCENE_TEXT; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '\n') {
            used += (size_t)snprintf(out + used, SCENE_TEXT - used, "\\n");
        } else if (byte < 0x20 || byte == 0x7f) {
            used += (size_t)snprintf(out + used, SCENE_TEXT - used, "\\x%02x", byte);
        } else {
            out[used++] = (char)byte;
        }
    }
    if (used > 0 || token < 0) {
        out[used] = '\0';
    } else {
        snprintf(out, SCENE_TEXT, "␣");
    }
    return out;
}

int part_first(int count, int visible, int selected) {
    return max_int(0, min_int(count - visible, selected - visible / 2));
}

double part_glow(const Frame *frame, double time) {
    const double FADE = 0.5;
    double age = frame->view->now - time;
    return age < 0 || age >= FADE ? 0 : 1 - age / FADE;
}

float part_words(const Frame *frame, Rect row, Color otherwise, const int32_t *tokens, int count) {
    const float GAP = 10;
    DrawList *list = frame->list;
    char text[SCENE_TEXT];
    float x = row.x, right = row.x + row.width, dots = draw_text_width(list, "…", TEXT_SMALL);
    for (int i = 0; i < count && tokens[i] >= 0; i++) {
        bool last = i + 1 == count || tokens[i + 1] < 0;
        Color color = part_token_color(frame, tokens[i], otherwise);
        part_token_text(frame, tokens[i], text);
        float end = x + draw_text_width(list, text, TEXT_SMALL);
        if (end + (last ? 0 : GAP + dots) > right) {
            if (i == 0) draw_text_cut(list, x, row.y, TEXT_SMALL, color, text, row.width);
            return i > 0 ? draw_text(list, x, row.y, TEXT_SMALL, COLOR_DIM, "…") : right;
        }
        draw_text(list, x, row.y, TEXT_SMALL, color, text);
        x = end + (last ? 0 : GAP);
    }
    return x;
}

int panel_find(const char *name) {
    for (int i = 0; i < PANELS; i++) {
        if (strcmp(panels[i].name, name) == 0) return i;
    }
    return -1;
}
