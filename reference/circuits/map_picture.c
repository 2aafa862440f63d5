#include "reference/circuits/map_picture.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WIDTH = 1280,
    HEIGHT = 900,
    MARGIN = 16,
    PADDING = 24,
    LEGEND = 190,
    ROW = 24,    // of the legend
    TITLE = 44,  // from the top of the panel to the map
    AROUND = 20, // pixels: points so near are of one cluster
};

static const float DOT = 4.5f;
static const Rect MAP = { MARGIN + PADDING, MARGIN + TITLE + PADDING,
                          WIDTH - LEGEND - 2 * (MARGIN + PADDING),
                          HEIGHT - TITLE - 2 * (MARGIN + PADDING) };

MapPlace map_fit(const float low[2], const float high[2], Rect area) {
    float width = high[0] - low[0], height = high[1] - low[1];
    float scale = fminf(width > 0 ? area.width / width : INFINITY,
                        height > 0 ? area.height / height : INFINITY);
    if (!isfinite(scale)) scale = 0;
    return (MapPlace){ { low[0], low[1] },
                       scale,
                       { area.x + (area.width - width * scale) / 2,
                         area.y + (area.height - height * scale) / 2 } };
}

void map_place(float out[2], const MapPlace *place, const float xy[2]) {
    for (int d = 0; d < 2; d++) out[d] = place->shift[d] + (xy[d] - place->low[d]) * place->scale;
}

static MapPlace fit(const MapPicture *picture) {
    float low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
    for (int i = 0; i < picture->N; i++) {
        for (int d = 0; d < 2; d++) {
            low[d] = fminf(low[d], picture->xy[2 * (size_t)i + (size_t)d]);
            high[d] = fmaxf(high[d], picture->xy[2 * (size_t)i + (size_t)d]);
        }
    }
    return map_fit(low, high, MAP);
}

static Color group_color(int group) { return group < 0 ? COLOR_FAINT : color_class(group); }

// ---- labels by size

typedef struct {
    int label, count;
} Sized;

static int larger_first(const void *a, const void *b) {
    const Sized *x = a, *y = b;
    if (x->count != y->count) return y->count - x->count;
    return x->label - y->label;
}

// out [labels->count]: all labels, largest first.
static void sort_labels(Sized *out, const MapLabels *labels, int N) {
    for (int l = 0; l < labels->count; l++) out[l] = (Sized){ l, 0 };
    for (int i = 0; i < N; i++) {
        if (labels->label[i] >= 0) out[labels->label[i]].count++;
    }
    qsort(out, (size_t)labels->count, sizeof *out, larger_first);
}

// ---- names

// The point of a label that has most others of it around: the middle of its largest cluster.
static int densest_point(const float *pixels, const MapLabels *labels, int N, int label) {
    int best = -1, most = -1;
    for (int i = 0; i < N; i++) {
        if (labels->label[i] != label) continue;
        int around = 0;
        for (int j = 0; j < N; j++) {
            float x = pixels[2 * (size_t)j] - pixels[2 * (size_t)i];
            float y = pixels[2 * (size_t)j + 1] - pixels[2 * (size_t)i + 1];
            around += labels->label[j] == label && x * x + y * y < AROUND * AROUND;
        }
        if (around > most) {
            most = around;
            best = i;
        }
    }
    return best;
}

static bool overlaps(Rect a, const Rect *drawn, int count) {
    for (int i = 0; i < count; i++) {
        Rect b = drawn[i];
        if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
            b.y < a.y + a.height)
            return true;
    }
    return false;
}

bool map_name(Rect *out, DrawList *list, Rect area, const float at[2], const char *name,
              Color color, Color background, const Rect *drawn, int count) {
    enum { AWAY = 5 };
    float width = draw_text_width(list, name, TEXT_SMALL) + 8, height = font_line(TEXT_SMALL);
    float x = fminf(fmaxf(at[0] - width / 2, area.x), area.x + area.width - width);
    for (int below = 0; below < 2; below++) {
        Rect rect = { x, below ? at[1] + AWAY : at[1] - height - AWAY, width, height };
        if (x < area.x || rect.y < area.y || rect.y + height > area.y + area.height) continue;
        if (overlaps(rect, drawn, count)) continue;
        draw_round_rect(list, rect, 4, background);
        draw_text_center(list, x + width / 2, rect.y, TEXT_SMALL, color, name);
        *out = rect;
        return true;
    }
    return false;
}

// Names at the middle of their largest clusters, where none is yet. drawn [labels->count] is
// scratch.
static void draw_names(DrawList *list, const MapPicture *picture, const MapLabels *labels,
                       const Sized *sized, const float *pixels, Rect *drawn) {
    int count = 0;
    for (int l = 0; l < labels->count && sized[l].count > 0; l++) {
        int label = sized[l].label;
        const char *name = labels->names[label];
        int point = densest_point(pixels, labels, picture->N, label);
        count += map_name(&drawn[count], list, MAP, pixels + 2 * (size_t)point, name, COLOR_TEXT,
                          COLOR_BACKGROUND, drawn, count);
    }
}

static void draw_legend(DrawList *list, const MapLabels *groups, const Sized *sized, int N) {
    float x = MAP.x + MAP.width + PADDING + 12, y = MAP.y;
    int rows = (int)(MAP.height / ROW), labelled = 0, shown = 0;
    for (int l = 0; l < groups->count; l++) labelled += sized[l].count;
    for (int l = 0; l < groups->count && sized[l].count > 0 && l < rows - 2; l++, shown++) {
        float middle = y + ROW / 2.0f;
        draw_line(list, x, middle, x, middle, 10, group_color(sized[l].label));
        draw_text_cut(list, x + 14, y + 2, TEXT_NORMAL, COLOR_TEXT, groups->names[sized[l].label],
                      LEGEND - 40);
        y += ROW;
    }
    int more = 0;
    for (int l = shown; l < groups->count; l++) more += sized[l].count > 0;
    char text[48];
    snprintf(text, sizeof text, "and %d more", more);
    if (more > 0) draw_text(list, x + 14, y + 2, TEXT_NORMAL, COLOR_DIM, text);
    if (more > 0) y += ROW;
    if (labelled == N) return;
    draw_line(list, x, y + ROW / 2.0f, x, y + ROW / 2.0f, 10, group_color(-1));
    draw_text(list, x + 14, y + 2, TEXT_NORMAL, COLOR_DIM, "no class");
}

// ---- the picture

static void draw_points(DrawList *list, const MapPicture *picture, const float *pixels) {
    for (int pass = 0; pass < 2; pass++) { // those without a group below
        for (int i = 0; i < picture->N; i++) {
            int group = picture->groups.label[i];
            if ((group >= 0) != (pass == 1)) continue;
            const float *at = pixels + 2 * (size_t)i;
            draw_line(list, at[0], at[1], at[0], at[1], DOT, group_color(group));
        }
    }
}

bool map_picture(DrawList *list, const MapPicture *picture, Error *error) {
    const MapLabels *named = picture->words.count > 0 ? &picture->words : &picture->groups;
    int most = max_int(named->count, picture->groups.count);
    float *pixels = malloc((2 * (size_t)picture->N + 1) * sizeof *pixels);
    Sized *sized = malloc(((size_t)most + 1) * sizeof *sized);
    Rect *drawn = malloc(((size_t)most + 1) * sizeof *drawn);
    bool ok = pixels != NULL && sized != NULL && drawn != NULL;
    if (ok) {
        MapPlace place = fit(picture);
        for (int i = 0; i < picture->N; i++)
            map_place(pixels + 2 * (size_t)i, &place, picture->xy + 2 * (size_t)i);
        draw_clear(list, WIDTH, HEIGHT);
        draw_round_rect(list, (Rect){ MARGIN, MARGIN, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN }, 8,
                        COLOR_PANEL);
        draw_text_cut(list, MAP.x, MARGIN + 14, TEXT_LARGE, COLOR_TEXT, picture->title,
                      WIDTH - 2 * MAP.x);
        draw_points(list, picture, pixels);
        sort_labels(sized, &picture->groups, picture->N);
        draw_legend(list, &picture->groups, sized, picture->N);
        sort_labels(sized, named, picture->N);
        draw_names(list, picture, named, sized, pixels, drawn);
    }
    free(pixels);
    free(sized);
    free(drawn);
    return ok || fail(error, "out of memory for a picture of %d points", picture->N);
}
