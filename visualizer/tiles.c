#include "visualizer/tiles.h"
#include "reference/numbers/minmax.h"
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void tiles_free(Tiles *tiles) {
    free(tiles->block);
    *tiles = (Tiles){ 0 };
}

void tiles_forget(Tiles *tiles) { tiles->width = tiles->height = 0; }

static bool resize(Tiles *tiles, const Picture *picture, Error *error) {
    int columns = (picture->width + TILE - 1) / TILE, rows = (picture->height + TILE - 1) / TILE;
    size_t count = (size_t)columns * (size_t)rows;
    if (count > tiles->capacity) {
        void *block = realloc(tiles->block, count * (2 * sizeof(uint64_t) + sizeof(Pixels)));
        if (block == NULL) return fail(error, "out of memory for %zu tiles of a picture", count);
        tiles->block = block;
        tiles->capacity = count;
    }
    tiles->hash = tiles->block;
    tiles->before = tiles->hash + count;
    tiles->dirty = (Pixels *)(tiles->before + count);
    tiles->columns = columns;
    tiles->rows = rows;
    return true;
}

// ---- hashes

// All that decides which pixels a command paints, besides its text or the values of cells. No
// padding.
typedef struct {
    int32_t kind, rows, columns;
    Color color;
    Rect rect;
    float x0, y0, x1, y1, size, low, high;
    Pixels clip;
    float before[6]; // of a line: the one before, which it may continue
} Key;

static uint64_t hash_command(const DrawCommand *command, const DrawCommand *before, Pixels clip) {
    Key key = { .kind = (int32_t)command->kind, .rows = command->rows, .clip = clip };
    key.columns = command->columns;
    key.color = command->color;
    key.rect = command->rect;
    key.x0 = command->x0, key.y0 = command->y0;
    key.x1 = command->x1, key.y1 = command->y1;
    key.size = command->size;
    key.low = command->low, key.high = command->high;
    if (command->kind == DRAW_LINE && before->kind == DRAW_LINE) {
        const float line[] = { before->x0, before->y0,   before->x1,
                               before->y1, before->size, (float)before->color };
        memcpy(key.before, line, sizeof line);
    }
    if (command->kind != DRAW_TEXT) return XXH3_64bits(&key, sizeof key);
    uint64_t text = XXH3_64bits(command->text, strlen(command->text));
    return XXH3_64bits_withSeed(&key, sizeof key, text);
}

// The values of the cells that may cover some of these pixels.
static uint64_t hash_cells(const DrawCommand *cells, Pixels pixels) {
    Pixels shown = paint_cells_in(cells, pixels);
    uint64_t hash = 0;
    for (int row = shown.top; row < shown.bottom; row++) {
        const float *values = cells->values + (size_t)row * (size_t)cells->columns;
        hash = XXH3_64bits_withSeed(values + shown.left,
                                    (size_t)(shown.right - shown.left) * sizeof *values, hash);
    }
    return hash;
}

static Pixels tile_pixels(int row, int column) {
    return (Pixels){ column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE };
}

// Adds a command to all tiles that touch these pixels. The order of commands counts.
static void add(Tiles *tiles, Pixels pixels, const DrawCommand *command, uint64_t hash) {
    for (int row = pixels.top / TILE; row * TILE < pixels.bottom; row++) {
        uint64_t *line = tiles->hash + (size_t)row * (size_t)tiles->columns;
        for (int column = pixels.left / TILE; column * TILE < pixels.right; column++) {
            uint64_t parts[] = { line[column], hash, 0 };
            if (command->kind == DRAW_CELLS)
                parts[2] = hash_cells(command, pixels_common(pixels, tile_pixels(row, column)));
            line[column] = XXH3_64bits(parts, sizeof parts);
        }
    }
}

static void hash_list(Tiles *tiles, const DrawList *list) {
    size_t count = (size_t)tiles->columns * (size_t)tiles->rows;
    memset(tiles->hash, 0, count * sizeof *tiles->hash);
    Pixels whole = { 0, 0, tiles->width, tiles->height }, clip = whole;
    DrawCommand command, before = { .kind = DRAW_CLIP };
    for (size_t cursor = 0; draw_next(list, &command, &cursor); before = command) {
        Pixels pixels = paint_bounds(&command);
        if (command.kind == DRAW_CLIP) {
            clip = pixels_common(whole, pixels);
            continue;
        }
        pixels = pixels_common(clip, pixels);
        if (!pixels_empty(pixels))
            add(tiles, pixels, &command, hash_command(&command, &before, clip));
    }
}

// ---- rectangles

static bool changed(const Tiles *tiles, int row, int column) {
    size_t tile = (size_t)row * (size_t)tiles->columns + (size_t)column;
    return tiles->hash[tile] != tiles->before[tile];
}

// Adds a run of tiles in one row, below a rectangle of the same columns to that.
static void add_run(Tiles *tiles, Pixels run) {
    for (int i = tiles->dirty_count - 1; i >= 0; i--) {
        Pixels *above = &tiles->dirty[i];
        if (above->bottom != run.top || above->left != run.left || above->right != run.right)
            continue;
        above->bottom = run.bottom;
        return;
    }
    tiles->dirty[tiles->dirty_count++] = run;
}

static void find_dirty(Tiles *tiles, bool all) {
    tiles->dirty_count = 0;
    for (int row = 0; row < tiles->rows; row++) {
        int top = row * TILE, bottom = min_int(top + TILE, tiles->height);
        for (int column = 0; column < tiles->columns; column++) {
            int from = column;
            while (column < tiles->columns && (all || changed(tiles, row, column))) column++;
            int right = min_int(column * TILE, tiles->width);
            if (column > from) add_run(tiles, (Pixels){ from * TILE, top, right, bottom });
        }
    }
}

bool tiles_paint(Tiles *tiles, Picture *picture, const DrawList *list, Error *error) {
    bool all = tiles->width != picture->width || tiles->height != picture->height;
    if (all && !resize(tiles, picture, error)) return false;
    tiles->width = picture->width;
    tiles->height = picture->height;
    hash_list(tiles, list);
    find_dirty(tiles, all);
    bool ok = paint_regions(picture, list, tiles->dirty, tiles->dirty_count, error);
    uint64_t *hash = tiles->hash;
    tiles->hash = tiles->before;
    tiles->before = hash;
    if (!ok) tiles_forget(tiles);
    return ok;
}
