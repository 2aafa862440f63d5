#include "reference/draw/draw.h"
#include "reference/numbers/array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// A command whose text or values lie at `offset` of the list's data: pointers would not survive its
// growth.
typedef struct DrawEntry {
    DrawCommand command;
    size_t offset;
} DrawEntry;

DrawList draw_new(int width, int height, Font *font) {
    return (DrawList){
        .width = width, .height = height, .scale = 1, .font = font, .failed = font == NULL
    };
}

void draw_free(DrawList *list) {
    font_free(list->font);
    free(list->entries);
    free(list->data);
    *list = (DrawList){ 0 };
}

void draw_clear(DrawList *list, int width, int height) {
    list->width = width;
    list->height = height;
    list->count = list->data_size = 0;
    list->failed = list->font == NULL;
}

// ---- commands

// Appends a command and `size` bytes of data for it.
static void append(DrawList *list, const DrawCommand *command, const void *data, size_t size) {
    if (list->failed) return;
    size_t offset = (list->data_size + sizeof(float) - 1) / sizeof(float) * sizeof(float);
    struct DrawEntry *entries =
        array_grow(list->entries, &list->capacity, list->count + 1, sizeof *entries);
    if (entries != NULL) list->entries = entries;
    unsigned char *bytes = array_grow(list->data, &list->data_capacity, offset + size, 1);
    if (bytes != NULL) list->data = bytes;
    list->failed = entries == NULL || (bytes == NULL && offset + size > 0);
    if (list->failed) return;
    if (size > 0) memcpy(list->data + offset, data, size);
    list->entries[list->count++] = (DrawEntry){ *command, offset };
    list->data_size = offset + size;
}

static bool is_finite(Rect rect) {
    return isfinite(rect.x) && isfinite(rect.y) && isfinite(rect.width) && isfinite(rect.height);
}

static Rect in_pixels(const DrawList *list, Rect rect) {
    float scale = list->scale;
    return (Rect){ scale * rect.x, scale * rect.y, scale * rect.width, scale * rect.height };
}

static bool has_area(Rect rect) { return is_finite(rect) && rect.width > 0 && rect.height > 0; }

void draw_rect(DrawList *list, Rect rect, Color color) {
    DrawCommand command = { .kind = DRAW_RECT, .color = color };
    command.rect = in_pixels(list, rect);
    if (has_area(command.rect)) append(list, &command, NULL, 0);
}

void draw_line(DrawList *list, float x0, float y0, float x1, float y1, float thickness,
               Color color) {
    DrawCommand command = { .kind = DRAW_LINE, .color = color, .size = list->scale * thickness };
    command.x0 = list->scale * x0;
    command.y0 = list->scale * y0;
    command.x1 = list->scale * x1;
    command.y1 = list->scale * y1;
    bool finite = isfinite(command.x0) && isfinite(command.y0) && isfinite(command.x1) &&
                  isfinite(command.y1);
    if (finite && isfinite(command.size) && command.size > 0) append(list, &command, NULL, 0);
}

float draw_text(DrawList *list, float x, float y, float size, Color color, const char *utf8) {
    if (!isfinite(size)) return x;
    float width = draw_text_width(list, utf8, size), pixels = font_size(list->scale * size);
    DrawCommand command = { .kind = DRAW_TEXT, .color = color, .size = pixels };
    command.rect = in_pixels(list, (Rect){ x, y, width, font_line(pixels) / list->scale });
    if (has_area(command.rect)) append(list, &command, utf8, strlen(utf8) + 1);
    return x + width;
}

void draw_cells(DrawList *list, Rect rect, int rows, int columns, const float *values, float low,
                float high) {
    DrawCommand command = { .kind = DRAW_CELLS, .rows = rows, .columns = columns };
    command.rect = in_pixels(list, rect);
    if (!has_area(command.rect) || rows < 1 || columns < 1) return;
    command.low = low;
    command.high = high;
    append(list, &command, values, (size_t)rows * (size_t)columns * sizeof *values);
}

void draw_clip(DrawList *list, Rect rect) {
    DrawCommand command = { .kind = DRAW_CLIP, .rect = in_pixels(list, rect) };
    if (is_finite(command.rect)) append(list, &command, NULL, 0);
}

// ---- made of these

Rect draw_whole(const DrawList *list) {
    return (Rect){ 0, 0, (float)list->width / list->scale, (float)list->height / list->scale };
}

float draw_text_width(const DrawList *list, const char *utf8, float size) {
    if (list->font == NULL || utf8 == NULL) return 0.0f;
    return font_text_width(list->font, utf8, list->scale * size) / list->scale;
}

void draw_text_right(DrawList *list, float right, float y, float size, Color color,
                     const char *utf8) {
    draw_text(list, right - draw_text_width(list, utf8, size), y, size, color, utf8);
}

void draw_text_center(DrawList *list, float middle, float y, float size, Color color,
                      const char *utf8) {
    draw_text(list, middle - draw_text_width(list, utf8, size) / 2, y, size, color, utf8);
}

// Where the character begins that byte i is of.
static size_t character_start(const char *utf8, size_t i) {
    while (i > 0 && ((unsigned char)utf8[i] & 0xc0) == 0x80) i--;
    return i;
}

void draw_text_cut(DrawList *list, float x, float y, float size, Color color, const char *utf8,
                   float width) {
    static const char dots[] = "…";
    char part[512];
    if (utf8 == NULL) return;
    if (strlen(utf8) < sizeof part && draw_text_width(list, utf8, size) <= width) {
        draw_text(list, x, y, size, color, utf8);
        return;
    }
    size_t fits = 0, too_long = strnlen(utf8, sizeof part - sizeof dots); // bytes
    while (too_long - fits > 1) {
        size_t middle = (fits + too_long) / 2;
        memcpy(part, utf8, middle);
        memcpy(part + character_start(utf8, middle), dots, sizeof dots);
        if (draw_text_width(list, part, size) <= width) {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    fits = character_start(utf8, fits);
    memcpy(part, utf8, fits);
    memcpy(part + fits, dots, sizeof dots);
    if (fits > 0) draw_text(list, x, y, size, color, part);
}

void draw_round_rect(DrawList *list, Rect rect, float radius, Color color) {
    float left = rect.x + radius, right = rect.x + rect.width - radius;
    float top = rect.y + radius, bottom = rect.y + rect.height - radius;
    draw_rect(list, (Rect){ left, rect.y, right - left, rect.height }, color);
    draw_rect(list, (Rect){ rect.x, top, rect.width, bottom - top }, color);
    for (int corner = 0; corner < 4; corner++) {
        float x = corner % 2 ? right : left, y = corner / 2 ? bottom : top;
        draw_line(list, x, y, x, y, 2 * radius, color);
    }
}

void draw_frame(DrawList *list, Rect rect, float thickness, Color color) {
    float left = rect.x + thickness / 2, right = rect.x + rect.width - thickness / 2;
    float top = rect.y + thickness / 2, bottom = rect.y + rect.height - thickness / 2;
    draw_line(list, left, top, right, top, thickness, color);
    draw_line(list, right, top, right, bottom, thickness, color);
    draw_line(list, right, bottom, left, bottom, thickness, color);
    draw_line(list, left, bottom, left, top, thickness, color);
}

// ---- reading

bool draw_next(const DrawList *list, DrawCommand *out, size_t *cursor) {
    if (*cursor >= list->count) return false;
    const DrawEntry *entry = &list->entries[(*cursor)++];
    *out = entry->command;
    if (out->kind == DRAW_TEXT) out->text = (const char *)list->data + entry->offset;
    if (out->kind == DRAW_CELLS) out->values = (const float *)(list->data + entry->offset);
    return true;
}

static Color cell_color(const DrawCommand *cells, float value) {
    if (isnan(value)) return COLOR_EMPTY;
    if (!(cells->low < cells->high)) return color_heat(value < cells->high ? 0.0 : 1.0);
    return color_heat((value - cells->low) / (cells->high - cells->low));
}

// Where an edge falls, as a whole number of pixels.
static float edge(float start, float length, int i, int count) {
    return roundf(start + length * (float)i / (float)count);
}

Rect draw_cell(const DrawCommand *cells, int row, int column, Color *color) {
    const Rect *all = &cells->rect;
    float left = edge(all->x, all->width, column, cells->columns);
    float right = edge(all->x, all->width, column + 1, cells->columns);
    float top = edge(all->y, all->height, row, cells->rows);
    float bottom = edge(all->y, all->height, row + 1, cells->rows);
    float gap = right - left >= 4 && bottom - top >= 4 ? 1 : 0;
    *color =
        cell_color(cells, cells->values[(size_t)row * (size_t)cells->columns + (size_t)column]);
    return (Rect){ left, top, fmaxf(1, right - left - gap), fmaxf(1, bottom - top - gap) };
}
