#include "reference/numbers/minmax.h"
#include "visualizer/panel.h"
#include <math.h>
#include <stdio.h>

// One column per token, one band per layer. A tall area has several rows of columns, as text has
// lines.

// Sizes in points.
enum {
    LABELS = 28,      // of the layers, at the left
    WORDS = 20,       // the line above the columns
    MIN_BAND = 14,    // from which on another row is made
    MAX_BAND = 22,    // of a layer
    ROW_GAP = 8,      // below a row
    FRAME = 2,        // around the cells, for the frame of a column
    MAX_COLUMNS = 512 // of a row
};

static const char legend[] =
    "one column per token, one band per layer; bright: unlike every recorded circuit";

typedef struct {
    Rect area;          // of the cells of all rows, without labels
    bool labels, words; // there is space for them
    float above;        // from the top of a row to its cells
    float column, band, row;
    int columns, rows;
    int first, count; // tokens that are shown
} Timeline;

// Depends on nothing but the area, the layers and the tokens, so that nothing jumps.
static Timeline place_rows(const Frame *frame, Rect area) {
    const Scene *scene = frame->scene;
    float L = (float)scene->model.L;
    Timeline out = { .area = area };
    out.labels = area.width >= 120 && area.height >= font_line(TEXT_SMALL);
    out.words = area.height >= WORDS + 3 * L + 4;
    out.above = out.words ? (float)WORDS : (float)FRAME;
    float left = out.labels ? (float)LABELS : (float)FRAME;
    out.area.x += left;
    out.area.width -= left + FRAME;
    out.column = fmaxf(fminf(12, fmaxf(4, out.area.width / 48)), out.area.width / MAX_COLUMNS);
    out.columns = min_int(MAX_COLUMNS, max_int(1, (int)(out.area.width / out.column)));
    float least = out.above + L * MIN_BAND + ROW_GAP;
    out.rows = max_int(1, (int)((area.height + ROW_GAP) / least));
    out.row = (area.height + ROW_GAP) / (float)out.rows;
    out.band = fminf(MAX_BAND, (out.row - ROW_GAP - out.above - FRAME) / L);
    int visible = out.rows * out.columns;
    int first = part_first(scene->story.count, visible, view_token(frame->view, scene));
    // Rows move as a whole.
    if (out.rows > 1) first = (first + out.columns - 1) / out.columns * out.columns;
    out.first = first;
    out.count = min_int(visible, scene->story.count - first);
    return out;
}

// The cells of one row of columns.
static Rect row_rect(const Timeline *timeline, const Frame *frame, int row) {
    int first = row * timeline->columns;
    int columns = min_int(timeline->columns, timeline->count - first);
    return (
        Rect){ timeline->area.x, timeline->area.y + (float)row * timeline->row + timeline->above,
               (float)columns * timeline->column, (float)frame->scene->model.L * timeline->band };
}

// A distance is 0 to 1, rarely more, and most are small: the root shows how those differ.
static float brightness(float unlike) { return isnan(unlike) ? NAN : sqrtf(fmaxf(0, unlike)); }

static void draw_band(const Frame *frame, const Timeline *timeline, int row, int layer) {
    const Scene *scene = frame->scene;
    float values[MAX_COLUMNS];
    Rect rect = row_rect(timeline, frame, row);
    int first = timeline->first + row * timeline->columns, L = scene->model.L;
    int columns = min_int(timeline->columns, scene->story.count - first);
    for (int i = 0; i < columns; i++)
        values[i] =
            brightness(scene->story.unlike[(size_t)(first + i) * (size_t)L + (size_t)layer]);
    rect.y += (float)layer * timeline->band;
    rect.height = timeline->band;
    draw_cells(frame->list, rect, 1, columns, values, 0, 1);
    Target target = { .kind = TARGET_CELL, .layer = layer, .index = first };
    hit_add_cells(frame->hits, rect, target, 1, columns);
}

// Names of the layers: of each, or of as many as there is space for.
static void draw_layers(const Frame *frame, const Timeline *timeline, Rect area, int row) {
    Rect rect = row_rect(timeline, frame, row);
    float height = font_line(TEXT_SMALL);
    if (!timeline->labels) return;
    int step = max_int(1, (int)ceilf(14 / timeline->band));
    for (int layer = 0; layer < frame->scene->model.L; layer += step) {
        char name[16];
        float y = rect.y + ((float)layer + 0.5f) * timeline->band - height / 2;
        snprintf(name, sizeof name, "L%d", layer);
        y = fmaxf(area.y, fminf(y, area.y + area.height - height));
        draw_text_cut(frame->list, area.x, y, TEXT_SMALL, COLOR_DIM, name, LABELS - 1);
    }
}

// ---- the selected and the hovered column

static bool shown(const Timeline *timeline, int token) {
    return token >= timeline->first && token < timeline->first + timeline->count;
}

static Rect column_rect(const Timeline *timeline, const Frame *frame, int token) {
    int i = token - timeline->first;
    Rect rect = row_rect(timeline, frame, i / timeline->columns);
    rect.x += (float)(i % timeline->columns) * timeline->column;
    rect.width = timeline->column;
    return rect;
}

static void frame_column(const Frame *frame, const Timeline *timeline, int token, Color color) {
    if (!shown(timeline, token)) return;
    Rect rect = column_rect(timeline, frame, token);
    rect = (Rect){ rect.x - FRAME, rect.y - FRAME, rect.width + 3, rect.height + 3 };
    draw_frame(frame->list, rect, 1.5f, color);
}

// Where the word of a column is written: above it, as near to its middle as the area allows.
static Rect word_rect(const Frame *frame, const Timeline *timeline, int token, const char *word) {
    Rect column = column_rect(timeline, frame, token);
    float width = fminf(draw_text_width(frame->list, word, TEXT_SMALL), timeline->area.width);
    float x = column.x + (column.width - width) / 2;
    float right = timeline->area.x + timeline->area.width - width;
    return (Rect){ fmaxf(timeline->area.x, fminf(x, right)), column.y - timeline->above, width,
                   timeline->above };
}

static bool overlap(Rect a, Rect b) {
    return a.x < b.x + b.width + 8 && b.x < a.x + a.width + 8 && a.y == b.y && a.width > 0 &&
           b.width > 0;
}

// The word of a column, unless it would lie on `taken`. Returns where it is; width 0: nowhere.
static Rect draw_word(const Frame *frame, const Timeline *timeline, int token, Color color,
                      Rect taken) {
    char text[SCENE_TEXT];
    if (!timeline->words || !shown(timeline, token)) return (Rect){ 0 };
    part_token_text(frame, frame->scene->story.tokens[token].id, text);
    Rect rect = word_rect(frame, timeline, token, text);
    if (overlap(rect, taken)) return (Rect){ 0 };
    draw_text_cut(frame->list, rect.x, rect.y, TEXT_SMALL, color, text, rect.width);
    return rect;
}

// At the right of the first line, or at the left where a word is in the way there.
static void draw_legend(const Frame *frame, const Timeline *timeline, Rect selected, Rect hovered) {
    float width = draw_text_width(frame->list, legend, TEXT_SMALL);
    Rect rect = timeline->area;
    rect.x += rect.width - width;
    rect.width = width;
    if (!timeline->words || width > timeline->area.width) return;
    if (overlap(rect, selected)) rect.x = timeline->area.x;
    if (overlap(rect, selected) || overlap(rect, hovered)) return;
    draw_text(frame->list, rect.x, rect.y, TEXT_SMALL, COLOR_DIM, legend);
}

static void draw_words(const Frame *frame, const Timeline *timeline, int selected, int hovered) {
    Rect over = draw_word(frame, timeline, hovered, COLOR_TEXT, (Rect){ 0 });
    Rect now = draw_word(frame, timeline, selected, COLOR_ACCENT, over);
    draw_legend(frame, timeline, now, over);
}

void panel_timeline(const Frame *frame, Rect area) {
    const Scene *scene = frame->scene;
    const Target *hover = &frame->view->hover;
    if (!scene->model.sparse) {
        part_empty(frame, area, "this model has no gating");
    } else if (scene->circuits.positions == 0) {
        const char *note = scene->circuits.note;
        part_empty(frame, area, note[0] != '\0' ? note : "there is no recording");
    } else if (scene->story.count == 0) {
        part_empty(frame, area, "no story yet");
    } else if (area.width >= 40 && area.height >= 2 * (float)scene->model.L + 4) {
        Timeline timeline = place_rows(frame, area);
        for (int row = 0; row * timeline.columns < timeline.count; row++) {
            for (int layer = 0; layer < scene->model.L; layer++)
                draw_band(frame, &timeline, row, layer);
            draw_layers(frame, &timeline, area, row);
        }
        int selected = view_token(frame->view, scene), hovered = -1;
        if (hover->kind == TARGET_CELL || hover->kind == TARGET_TOKEN) hovered = hover->index;
        if (hovered == selected) hovered = -1;
        frame_column(frame, &timeline, hovered, COLOR_DIM);
        frame_column(frame, &timeline, selected, COLOR_ACCENT);
        draw_words(frame, &timeline, selected, hovered);
    }
}
