#include "visualizer/panel_gates.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>

// ---- where the grids are

// A block is a grid with its strips. Sizes are pixels.
typedef struct {
    int n;                                            // cells in a row of a grid
    int first_layer, layers, first_channel, channels; // that are shown
    int columns, rows;                                // of blocks; rows of each layer
    int stacks, stacked;                              // beside each other; layers in each
    int cell, strip, strip_gap;
    int block;          // its side
    int label, caption; // left of the blocks, and above: "L0", "channel 0"; 0: none
    int across, down;   // from one block to the next
    int aside;          // from one stack to the next, more than its width
    int between;        // layers, more than between the rows of one
    int pad;            // around a block, for the frame of the selected one
    int left, top;      // of the first block
} Grids;

typedef struct {
    float gap, pad; // points: between blocks, and around each
    bool labels;
} Spacing;

// Sets what depends on the size of a cell, and the least distances between blocks.
static void set_cell(Grids *grids, const Frame *frame, const Spacing *spacing, int cell) {
    bool strips = frame->scene->model.product_keys;
    int gap = gates_scaled(frame, spacing->gap);
    grids->cell = cell;
    grids->strip = strips ? min_int(max_int(cell, 2), gates_scaled(frame, 12)) : 0;
    grids->strip_gap = strips ? min_int(max_int(cell / 2, 1), gates_scaled(frame, 5)) : 0;
    grids->block = grids->strip + grids->strip_gap + grids->n * cell;
    grids->across = grids->block + gap;
    grids->aside = 2 * gap;
    grids->down = grids->block + gap + (grids->rows > 1 ? grids->caption : 0);
    grids->between = grids->rows > 1 ? gap : 0;
}

static int stack_width(const Grids *grids) {
    return grids->label + 2 * grids->pad + (grids->columns - 1) * grids->across + grids->block;
}

static int total_width(const Grids *grids) {
    return grids->stacks * stack_width(grids) + (grids->stacks - 1) * grids->aside;
}

static int total_height(const Grids *grids) {
    int rows = grids->rows * grids->stacked;
    return grids->caption + 2 * grids->pad + (rows - 1) * grids->down +
           (grids->stacked - 1) * grids->between + grids->block;
}

// The largest cells with this many blocks side by side in each stack; false: there are none.
static bool fit_columns(Grids *grids, const Frame *frame, const Spacing *spacing, PixelRect area,
                        int stacks, int columns) {
    grids->stacks = stacks;
    grids->stacked = (grids->layers + stacks - 1) / stacks;
    grids->columns = columns;
    grids->rows = (grids->channels + columns - 1) / columns;
    grids->pad = gates_scaled(frame, spacing->pad);
    grids->label = spacing->labels ? gates_scaled(frame, 28) : 0;
    grids->caption = spacing->labels ? gates_scaled(frame, font_line(TEXT_SMALL) + 2) : 0;
    int cell = min_int(gates_scaled(frame, 30), max_int(area.width, 1) / grids->n);
    for (; cell >= 1; cell--) {
        set_cell(grids, frame, spacing, cell);
        if (total_width(grids) <= area.width && total_height(grids) <= area.height) return true;
    }
    return false;
}

static void keep_larger(Grids *best, const Grids *tried) {
    if (5 * tried->cell > 7 * best->cell) *best = *tried;
}

// Channels are side by side and layers below each other, unless cells are much larger where a
// layer's channels take several rows, or where layers are in several stacks.
static bool fit_spacing(Grids *grids, const Frame *frame, const Spacing *spacing, PixelRect area) {
    Grids best = { 0 };
    for (int columns = grids->channels; columns >= 1; columns--)
        if (fit_columns(grids, frame, spacing, area, 1, columns)) keep_larger(&best, grids);
    for (int stacks = 2; stacks <= grids->layers; stacks++)
        if (fit_columns(grids, frame, spacing, area, stacks, grids->channels))
            keep_larger(&best, grids);
    if (best.cell > 0) *grids = best;
    return best.cell > 0;
}

// Puts the blocks in the middle of the area, with larger gaps where there is space.
static void place(Grids *grids, const Frame *frame, PixelRect area) {
    int rows = grids->rows * grids->stacked, most = gates_scaled(frame, 14);
    int gaps = grids->stacks * grids->columns - 1;
    if (gaps > 0) {
        int more = min_int(most, (area.width - total_width(grids)) / gaps);
        grids->across += more;
        grids->aside += more;
    }
    if (rows > 1)
        grids->down += min_int(2 * most, (area.height - total_height(grids)) / (rows - 1));
    grids->left = area.x + grids->label + grids->pad + (area.width - total_width(grids)) / 2;
    grids->top = area.y + grids->caption + grids->pad + (area.height - total_height(grids)) / 2;
}

// Labels and gaps are given up only where cells become twice as large without.
static bool fit(Grids *grids, const Frame *frame, PixelRect area) {
    static const Spacing spacings[] = { { 12, 4, true }, { 8, 3, true }, { 4, 2, false } };
    Grids best = { 0 };
    for (int i = 0; i < COUNT_OF(spacings); i++) {
        Grids tried = *grids;
        bool fits = fit_spacing(&tried, frame, &spacings[i], area);
        if (fits && tried.cell >= 2 * best.cell) best = tried;
    }
    if (best.cell == 0) return false;
    *grids = best;
    place(grids, frame, area);
    return true;
}

// All layers, else the selected one, else the selected channel of it; false: not even that fits.
// Then and where not all are shown a note says so.
static bool choose(Grids *grids, const Frame *frame, Rect area) {
    const SceneModel *model = &frame->scene->model;
    int layer = max_int(0, min_int(frame->view->layer, model->L - 1));
    int channel = max_int(0, min_int(frame->view->channel, model->C - 1));
    char note[SCENE_TEXT];
    *grids = (Grids){ scene_grid(model), 0, model->L, 0, model->C, .cell = 0 };
    if (grids->n > GATES_VALUES) return false;
    if (fit(grids, frame, gates_pixels(frame, area))) return true;
    Rect above = area;
    above.height -= font_line(TEXT_SMALL) + 4;
    grids->first_layer = layer;
    grids->layers = 1;
    snprintf(note, sizeof note, "only layer %d of %d fits here", layer, model->L);
    bool fits = model->L > 1 && fit(grids, frame, gates_pixels(frame, above));
    if (!fits) {
        grids->first_channel = channel;
        grids->channels = 1;
        snprintf(note, sizeof note, "only layer %d, channel %d fits here", layer, channel);
        fits = fit(grids, frame, gates_pixels(frame, above));
    }
    if (fits) gates_note(frame, area, note);
    return fits;
}

static bool shows(const Grids *grids, int layer, int channel) {
    return layer >= grids->first_layer && layer < grids->first_layer + grids->layers &&
           channel >= grids->first_channel && channel < grids->first_channel + grids->channels;
}

static PixelRect block_at(const Grids *grids, int layer, int channel) {
    int number = channel - grids->first_channel;
    int stack = (layer - grids->first_layer) / grids->stacked;
    int above = (layer - grids->first_layer) % grids->stacked;
    int row = above * grids->rows + number / grids->columns;
    return (PixelRect){ grids->left + stack * (stack_width(grids) + grids->aside) +
                            number % grids->columns * grids->across,
                        grids->top + row * grids->down + above * grids->between, grids->block,
                        grids->block };
}

// `count` rows of cells of a block, from row `first` on.
static PixelRect rows_at(const Grids *grids, PixelRect block, int first, int count, int columns) {
    int edge = grids->strip + grids->strip_gap;
    return (PixelRect){ block.x + edge, block.y + edge + first * grids->cell, columns * grids->cell,
                        count * grids->cell };
}

static PixelRect neuron_at(const Grids *grids, int layer, int channel, int neuron) {
    PixelRect row = rows_at(grids, block_at(grids, layer, channel), neuron / grids->n, 1, 1);
    row.x += neuron % grids->n * grids->cell;
    return row;
}

// ---- what fired

// Neurons first .. first + count - 1 of a channel.
typedef struct {
    const Frame *frame;
    int layer, channel, first, count;
    float *values; // [count], NAN: did not fire
} Band;

// What one token chose: the lowest score at .35, the highest at 1, times `strength`.
static void add_token(const Band *band, int token, float strength) {
    const Scene *scene = band->frame->scene;
    size_t entry = scene_entry(scene, token, band->layer, band->channel);
    const int32_t *index = scene->story.index + entry;
    const float *score = scene->story.score + entry;
    float low = INFINITY, high = -INFINITY;
    for (int k = 0; k < scene->model.K; k++) {
        low = fminf(low, score[k]);
        high = fmaxf(high, score[k]);
    }
    for (int k = 0; k < scene->model.K; k++) {
        int at = index[k] - band->first;
        if (at < 0 || at >= band->count) continue;
        float share = high > low ? (score[k] - low) / (high - low) : 1;
        band->values[at] = fmaxf(band->values[at], strength * gates_brightness(share));
    }
}

// The shown token's neurons, and while the story is followed those of the last half second.
static void add_story(const Band *band, int shown) {
    enum { MAX_TOKENS = 64 };
    const View *view = band->frame->view;
    const SceneToken *tokens = band->frame->scene->story.tokens;
    int last = view->token == LATEST ? max_int(0, shown - MAX_TOKENS) : shown;
    for (int t = shown; t >= last; t--) {
        double strength = t == shown ? 1 : part_glow(band->frame, tokens[t].time);
        if (!(strength > 0)) break;
        add_token(band, t, (float)strength);
    }
}

// How often each neuron fired, the most active one of `most` at `brightest`.
static void add_training(const Band *band, float most, float brightest) {
    const SceneModel *model = &band->frame->scene->model;
    size_t first =
        ((size_t)band->layer * (size_t)model->C + (size_t)band->channel) * (size_t)model->F +
        (size_t)band->first;
    const float *fired = band->frame->scene->training.fired + first;
    for (int i = 0; i < band->count; i++) {
        if (fired[i] > 0) band->values[i] = brightest * fired[i] / most;
    }
}

// ---- drawing

typedef struct {
    const Frame *frame;
    Grids grids;
    int shown;  // token; -1: none
    float most; // gates_most_fired
} Page;

// Rows first .. first + count - 1, of `columns` cells.
static void draw_rows(const Page *page, PixelRect block, int layer, int channel, int first,
                      int count, int columns) {
    float values[GATES_VALUES];
    const Frame *frame = page->frame;
    Band band = { frame, layer, channel, first * page->grids.n, count * columns, values };
    for (int i = 0; i < band.count; i++) values[i] = NAN;
    // Below the story's active neurons, which are brighter, one sees in training how grids settle.
    if (!isnan(page->most)) add_training(&band, page->most, page->shown < 0 ? 1 : 0.3f);
    if (page->shown >= 0) add_story(&band, page->shown);
    Rect rect = gates_points(frame, rows_at(&page->grids, block, first, count, columns));
    draw_cells(frame->list, rect, count, columns, values, 0, 1);
    Target target = { TARGET_GRID, layer, channel, band.first };
    hit_add_cells(frame->hits, rect, target, count, columns);
}

static void draw_grid(const Page *page, PixelRect block, int layer, int channel) {
    int n = page->grids.n, rows = page->frame->scene->model.F / n;
    int rest = page->frame->scene->model.F % n, together = GATES_VALUES / n;
    for (int row = 0; row < rows; row += together)
        draw_rows(page, block, layer, channel, row, min_int(together, rows - row), n);
    if (rest > 0) draw_rows(page, block, layer, channel, rows, 1, rest);
}

// One strip of sub-key scores [n] from its lowest to its highest; NULL: unknown.
static void draw_strip(const Page *page, PixelRect rect, int rows, int columns,
                       const float *scores) {
    float values[GATES_VALUES], low = INFINITY, high = -INFINITY;
    for (int i = 0; i < page->grids.n; i++) {
        values[i] = scores != NULL ? scores[i] : NAN;
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    draw_cells(page->frame->list, gates_points(page->frame, rect), rows, columns, values, low,
               high);
}

// Left of the rows the scores of the first sub-keys, above the columns those of the second.
static void draw_strips(const Page *page, PixelRect block, int layer, int channel) {
    const SceneModel *model = &page->frame->scene->model;
    const SceneFocus *focus = &page->frame->scene->focus;
    const Grids *grids = &page->grids;
    int n = grids->n, edge = grids->strip + grids->strip_gap, side = n * grids->cell;
    const float *first = NULL, *second = NULL; // [n] each, of key_scores [L,2,C,n]
    if (page->shown >= 0 && focus->token == page->shown && focus->keys == 2 * model->C * n) {
        first = focus->key_scores + (size_t)layer * (size_t)focus->keys + (size_t)(channel * n);
        second = first + (size_t)(model->C * n);
    }
    draw_strip(page, (PixelRect){ block.x, block.y + edge, grids->strip, side }, n, 1, first);
    draw_strip(page, (PixelRect){ block.x + edge, block.y, side, grids->strip }, 1, n, second);
}

// "channel 0" above a grid, or "0" where that does not fit above all of them.
static void draw_caption(const Page *page, PixelRect block, int channel) {
    const Frame *frame = page->frame;
    char text[32], longest[32];
    int side = page->grids.n * page->grids.cell + 2 * page->grids.pad;
    float width = (float)side / frame->list->scale;
    snprintf(longest, sizeof longest, "channel %d", frame->scene->model.C - 1);
    bool whole = draw_text_width(frame->list, longest, TEXT_SMALL) <= width;
    snprintf(text, sizeof text, whole ? "channel %d" : "%d", channel);
    if (draw_text_width(frame->list, text, TEXT_SMALL) > width) return;
    int edge = page->grids.strip + page->grids.strip_gap;
    Rect rect = gates_points(frame, block);
    float middle = rect.x + (float)(block.width + edge) / 2 / frame->list->scale;
    bool selected = channel == frame->view->channel;
    draw_text_center(frame->list, middle,
                     rect.y - (float)(page->grids.caption + page->grids.pad) / frame->list->scale,
                     TEXT_SMALL, selected ? COLOR_TEXT : COLOR_DIM, text);
}

static void draw_block(const Page *page, int layer, int channel) {
    const Grids *grids = &page->grids;
    PixelRect block = block_at(grids, layer, channel);
    bool first_row = (layer - grids->first_layer) % grids->stacked == 0 || grids->rows > 1;
    if (grids->caption > 0 && first_row) draw_caption(page, block, channel);
    if (grids->label > 0 && channel == grids->first_channel)
        gates_layer_label(page->frame, block.x - grids->label - grids->pad,
                          block.y + block.height / 2, layer);
    if (grids->strip > 0) draw_strips(page, block, layer, channel);
    draw_grid(page, block, layer, channel);
}

// ---- what is selected and pointed at

// A cell with a frame around it.
static void mark(const Page *page, int layer, int channel, int neuron, Color color) {
    PixelRect cell = neuron_at(&page->grids, layer, channel, neuron);
    int gap = page->grids.cell >= 4 ? 1 : 0, around = min_int(2, page->grids.pad);
    PixelRect frame = { cell.x - around, cell.y - around, cell.width - gap + 2 * around,
                        cell.height - gap + 2 * around };
    float thickness = page->grids.cell >= 6 ? 1.5f : 1;
    gates_frame(page->frame, frame, thickness, color);
}

static void draw_selection(const Page *page) {
    const View *view = page->frame->view;
    if (!shows(&page->grids, view->layer, view->channel)) return;
    PixelRect block = block_at(&page->grids, view->layer, view->channel);
    int pad = page->grids.pad;
    block.x -= pad, block.y -= pad, block.width += 2 * pad, block.height += 2 * pad;
    gates_frame(page->frame, block, 1.25f, COLOR_ACCENT);
    if (view->neuron >= 0 && view->neuron < page->frame->scene->model.F)
        mark(page, view->layer, view->channel, view->neuron, COLOR_ACCENT);
}

static void draw_hover(const Page *page, Rect area) {
    const Target *hover = &page->frame->view->hover;
    char name[64];
    if (hover->kind != TARGET_GRID || !shows(&page->grids, hover->layer, hover->channel)) return;
    if (hover->index < 0 || hover->index >= page->frame->scene->model.F) return;
    mark(page, hover->layer, hover->channel, hover->index, COLOR_TEXT);
    snprintf(name, sizeof name, "neuron %d · layer %d, channel %d", hover->index, hover->layer,
             hover->channel);
    PixelRect cell = neuron_at(&page->grids, hover->layer, hover->channel, hover->index);
    gates_tooltip(page->frame, area, cell, name);
}

static void draw_grids(const Frame *frame, Rect area) {
    Page page = { .frame = frame, .shown = view_token(frame->view, frame->scene) };
    page.most = gates_most_fired(frame->scene);
    if (!choose(&page.grids, frame, area)) {
        part_empty(frame, area, "too small to show the neurons");
        return;
    }
    for (int layer = 0; layer < page.grids.layers; layer++) {
        for (int channel = 0; channel < page.grids.channels; channel++)
            draw_block(&page, page.grids.first_layer + layer, page.grids.first_channel + channel);
    }
    draw_selection(&page);
    draw_hover(&page, area);
}

void panel_gates(const Frame *frame, Rect area) {
    const SceneModel *model = &frame->scene->model;
    if (model->L < 1 || model->C < 1 || model->F < 1) {
        part_empty(frame, area,
                   "this model has dense feed-forward layers: it has no gating to show");
    } else if (model->ragged) {
        gates_experts(frame, area);
    } else {
        draw_grids(frame, area);
    }
}
