#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- text

enum { PART_TEXT = 2 * SCENE_TEXT };

static float line_height(float size) { return font_line(size) + 2; }

// Where the first line of a text ends: at the last space that lets it fit, or after one word.
static const char *line_end(const Frame *frame, const char *text, float size, float width) {
    char line[PART_TEXT];
    const char *end = text + strcspn(text, " ");
    while (*end != '\0') {
        const char *next = end + 1 + strcspn(end + 1, " ");
        snprintf(line, sizeof line, "%.*s", (int)(next - text), text);
        if (draw_text_width(frame->list, line, size) > width) break;
        end = next;
    }
    return end;
}

static int count_lines(const Frame *frame, const char *text, float size, float width) {
    int count = 0;
    for (const char *end; *text != '\0'; text = end + (*end == ' '), count++)
        end = line_end(frame, text, size, width);
    return count;
}

float part_text_height(const Frame *frame, float width, float size, const char *text) {
    return line_height(size) * (float)count_lines(frame, text, size, width);
}

// align: 0 at the left, 0.5 in the middle.
static void draw_lines(const Frame *frame, Rect area, float size, Color color, const char *text,
                       float align) {
    char line[PART_TEXT];
    int fitting = (int)((area.height + 2.5f) / line_height(size));
    for (int i = 0; i < fitting && *text != '\0'; i++) {
        const char *end = line_end(frame, text, size, area.width);
        int bytes = (int)(i + 1 < fitting ? (size_t)(end - text) : strlen(text));
        snprintf(line, sizeof line, "%.*s", bytes, text);
        float width = fminf(area.width, draw_text_width(frame->list, line, size));
        float x = area.x + align * (area.width - width);
        draw_text_cut(frame->list, x, area.y + line_height(size) * (float)i, size, color, line,
                      area.x + area.width - x);
        text = end + (*end == ' ');
    }
}

void part_text(const Frame *frame, Rect area, float size, Color color, const char *text) {
    draw_lines(frame, area, size, color, text, 0);
}

void part_empty(const Frame *frame, Rect area, const char *why) {
    const float WIDEST = 480; // of a line that is easy to read
    if (area.height < font_line(TEXT_SMALL)) return;
    float margin = fmaxf(0, (area.width - WIDEST) / 2);
    Rect middle = { area.x + margin, area.y, area.width - 2 * margin, area.height };
    float height = part_text_height(frame, middle.width, TEXT_SMALL, why);
    middle.y += fmaxf(0, (area.height + 2 - height) / 2);
    middle.height -= middle.y - area.y;
    draw_lines(frame, middle, TEXT_SMALL, COLOR_DIM, why, 0.5f);
}

// ---- bars and tokens

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
