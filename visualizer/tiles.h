#ifndef VISUALIZER_TILES_H
#define VISUALIZER_TILES_H
#include "reference/draw/paint.h"

// Paints only what changed since the last frame. A picture is divided into square tiles; a hash of
// all drawing commands that touch a tile, and of the values of its cells, says whether its pixels
// may have changed. The picture is then the one that paint_list paints, to the pixel.

enum { TILE = 32 }; // pixels to a side

typedef struct {
    int width, height; // of the picture; 0: the next frame is painted whole
    int columns, rows; // of tiles
    int dirty_count;
    Pixels *dirty;           // [dirty_count] of at most one per tile; they do not overlap
    uint64_t *hash, *before; // [rows,columns]: of this frame, of the last one
    void *block;             // the memory of these three
    size_t capacity;         // in tiles
} Tiles;                     // begins as {0}

void tiles_free(Tiles *tiles);
// The next frame is painted whole: the picture was changed by someone else.
void tiles_forget(Tiles *tiles);
// Paints the next frame over the picture of the last one, and says where in `dirty`. A picture of
// another size is painted whole. Allocates only for a size larger than all before. On failure the
// next frame is painted whole.
bool tiles_paint(Tiles *tiles, Picture *picture, const DrawList *list, Error *error);
#endif
