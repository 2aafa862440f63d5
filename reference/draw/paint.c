#include "reference/draw/paint.h"
#include <float.h>
#include <math.h>
#include <string.h>

// The pixels of a picture that may be painted; they lie inside of it.
typedef struct {
    Picture *picture;
    Pixels shown;
} Canvas;

static int clamp(int x, int low, int high) {
    if (x < low) return low;
    return x > high ? high : x;
}

// The whole pixel nearest to a coordinate, as lround but not a call: a frame asks some 10,000
// times. Coordinates far outside of any picture are moved closer. The largest number below 0.5 is
// added, as 0.5 would carry that number itself to 1.
static int nearest(double x) {
    const double FAR = 1 << 20, HALF = 0x1.fffffffffffffp-2;
    if (x < 0.0) return (int)(x < -FAR ? -FAR : x - HALF);
    return (int)(x > FAR ? FAR : x + HALF);
}

static uint8_t *pixel(const Canvas *canvas, int x, int y) {
    return canvas->picture->rgb + ((size_t)y * (size_t)canvas->picture->width + (size_t)x) * 3;
}

// Covers `share` of 255 of a pixel inside the clip.
static void cover(uint8_t *rgb, Color color, int share) {
    for (int i = 0; i < 3; i++) {
        int to = (int)(color >> (16 - 8 * i) & 255);
        rgb[i] = (uint8_t)((rgb[i] * (255 - share) + to * share + 127) / 255);
    }
}

static Pixels rect_pixels(Rect rect) {
    return (Pixels){ nearest(rect.x), nearest(rect.y), nearest(rect.x + rect.width),
                     nearest(rect.y + rect.height) };
}

static void fill(const Canvas *canvas, Rect rect, Color color) {
    Pixels part = pixels_common(canvas->shown, rect_pixels(rect));
    if (pixels_empty(part)) return;
    uint8_t *first = pixel(canvas, part.left, part.top);
    size_t width = (size_t)(part.right - part.left);
    for (size_t x = 0; x < width; x++) cover(first + 3 * x, color, 255);
    for (int y = part.top + 1; y < part.bottom; y++)
        memcpy(pixel(canvas, part.left, y), first, 3 * width);
}

// ---- what a command may touch

static Pixels around(double left, double top, double right, double bottom, double margin) {
    return (Pixels){ nearest(floor(left - margin)), nearest(floor(top - margin)),
                     nearest(ceil(right + margin)), nearest(ceil(bottom + margin)) };
}

Pixels paint_bounds(const DrawCommand *command) {
    const Rect *rect = &command->rect;
    float right = rect->x + rect->width, bottom = rect->y + rect->height;
    switch (command->kind) {
    case DRAW_CLIP: return rect_pixels(*rect);
    case DRAW_LINE:
        return around(fmin(command->x0, command->x1), fmin(command->y0, command->y1),
                      fmax(command->x0, command->x1), fmax(command->y0, command->y1),
                      command->size / 2.0 + 2);
    // Ink may lie outside of its box: a j starts left of it, capitals have accents above it.
    case DRAW_TEXT: return around(rect->x, rect->y, right, bottom, command->size);
    case DRAW_RECT:
    case DRAW_CELLS: break; // the last cells may be a pixel further right and down
    }
    return around(rect->x, rect->y, right, bottom, 1);
}

// ---- lines

typedef struct {
    double x, y, dx, dy; // start, and from there to the end
    double square;       // of the length
    double radius;
    double outer; // square of the distance from which on nothing is covered
    double most;  // coverage in the middle, below 1 for a line thinner than a pixel
} Segment;

static Segment segment(const DrawCommand *line) {
    Segment out = { .x = line->x0, .y = line->y0, .radius = line->size / 2.0 };
    out.dx = line->x1 - out.x;
    out.dy = line->y1 - out.y;
    out.square = out.dx * out.dx + out.dy * out.dy;
    out.outer = (out.radius + 0.5) * (out.radius + 0.5);
    out.most = fmin(1.0, line->size);
    return out;
}

// How much of the pixel with its middle at (x, y) is covered, by the distance to the line.
static double coverage(const Segment *line, double x, double y) {
    double px = x - line->x, py = y - line->y, along = px * line->dx + py * line->dy;
    if (along > 0.0) {
        along = along < line->square ? along / line->square : 1.0;
        px -= along * line->dx;
        py -= along * line->dy;
    }
    double square = px * px + py * py;
    if (square >= line->outer) return 0.0;
    double share = line->radius + 0.5 - sqrt(square);
    return share < line->most ? share : line->most;
}

// Whether a line starts where the one painted before it ended.
static bool continues(const DrawCommand *line, const DrawCommand *before) {
    return before->kind == DRAW_LINE && before->color == line->color &&
           before->size == line->size && before->x1 == line->x0 && before->y1 == line->y0;
}

static int inside(double x, int low, int high) { return (int)fmin(high, fmax(low, x)); }

// The columns [*left, *right) that the line may touch in the row of pixels whose middle is y: those
// near the piece of it that is near the row.
static void row_span(int *left, int *right, const Segment *line, double y, const Canvas *canvas) {
    double reach = line->radius + 1.0, from = 0.0, to = 1.0;
    if (line->dy != 0.0) {
        double above = (y - reach - line->y) / line->dy, below = (y + reach - line->y) / line->dy;
        from = fmin(1.0, fmax(0.0, fmin(above, below)));
        to = fmin(1.0, fmax(0.0, fmax(above, below)));
    }
    double x0 = line->x + from * line->dx, x1 = line->x + to * line->dx;
    *left = inside(floor(fmin(x0, x1) - reach), canvas->shown.left, canvas->shown.right);
    *right = inside(ceil(fmax(x0, x1) + reach), canvas->shown.left, canvas->shown.right);
}

// Where the line continues the one before, only what that one left is painted: their edges, which
// cover pixels in part, would add up to knots along a curve.
static void paint_line(const Canvas *canvas, const DrawCommand *command,
                       const DrawCommand *before) {
    Segment line = segment(command), earlier = segment(before);
    bool joined = continues(command, before);
    double reach = line.radius + 1.0;
    double first = floor(fmin(line.y, line.y + line.dy) - reach);
    double last = ceil(fmax(line.y, line.y + line.dy) + reach);
    int bottom = inside(last, canvas->shown.top, canvas->shown.bottom);
    for (int y = inside(first, canvas->shown.top, canvas->shown.bottom); y < bottom; y++) {
        int left, right;
        row_span(&left, &right, &line, y + 0.5, canvas);
        for (int x = left; x < right; x++) {
            double share = coverage(&line, x + 0.5, y + 0.5);
            double there = joined ? coverage(&earlier, x + 0.5, y + 0.5) : 0.0;
            if (share <= there) continue;
            share = (share - there) / (1.0 - there);
            cover(pixel(canvas, x, y), command->color, (int)lround(255 * share));
        }
    }
}

// ---- text

static void paint_glyph(const Canvas *canvas, const Glyph *glyph, int x, int y, Color color) {
    x += glyph->left;
    y += glyph->top;
    int left = clamp(canvas->shown.left - x, 0, glyph->width);
    int right = clamp(canvas->shown.right - x, left, glyph->width);
    int bottom = clamp(canvas->shown.bottom - y, 0, glyph->height);
    for (int row = clamp(canvas->shown.top - y, 0, bottom); row < bottom; row++) {
        const uint8_t *ink = glyph->ink + (size_t)row * (size_t)glyph->width;
        for (int column = left; column < right; column++) {
            if (ink[column] > 0) cover(pixel(canvas, x + column, y + row), color, ink[column]);
        }
    }
}

static void paint_text(const Canvas *canvas, const DrawCommand *command, Font *font) {
    const char *text = command->text;
    float pen = command->rect.x;
    int baseline = nearest(command->rect.y + font_baseline(command->size));
    while (*text != '\0') {
        int x = nearest(floorf(pen));
        const Glyph *glyph = font_next(font, &text, command->size, &pen);
        if (glyph == NULL) return;
        paint_glyph(canvas, glyph, x, baseline, command->color);
    }
}

// ---- cells

Pixels paint_cells_in(const DrawCommand *cells, Pixels pixels) {
    const Rect *all = &cells->rect;
    double across = cells->columns / (double)all->width, down = cells->rows / (double)all->height;
    // edges are rounded, to floats and then to pixels, and a cell is at least a pixel wide and tall
    double x_margin = 2 + 4 * FLT_EPSILON * (fabs((double)all->x) + all->width);
    double y_margin = 2 + 4 * FLT_EPSILON * (fabs((double)all->y) + all->height);
    double left = (pixels.left - x_margin - all->x) * across;
    double right = (pixels.right + x_margin - all->x) * across;
    double top = (pixels.top - y_margin - all->y) * down;
    double bottom = (pixels.bottom + y_margin - all->y) * down;
    return (Pixels){ inside(left, 0, cells->columns), inside(top, 0, cells->rows),
                     inside(ceil(right), 0, cells->columns), inside(ceil(bottom), 0, cells->rows) };
}

// Cells without a value first: where cells are smaller than a pixel they do not hide the others.
static void paint_cells(const Canvas *canvas, const DrawCommand *cells) {
    Pixels shown = paint_cells_in(cells, canvas->shown);
    for (int pass = 0; pass < 2; pass++) {
        for (int row = shown.top; row < shown.bottom; row++) {
            const float *values = cells->values + (size_t)row * (size_t)cells->columns;
            for (int column = shown.left; column < shown.right; column++) {
                bool empty = isnan(values[column]);
                if (empty != (pass == 0)) continue;
                Color color;
                Rect rect = draw_cell(cells, row, column, &color);
                fill(canvas, rect, color);
            }
        }
    }
}

// ---- all of it

static void paint_command(const Canvas *canvas, const DrawCommand *command,
                          const DrawCommand *before, Font *font) {
    switch (command->kind) {
    case DRAW_RECT: fill(canvas, command->rect, command->color); break;
    case DRAW_LINE: paint_line(canvas, command, before); break;
    case DRAW_TEXT: paint_text(canvas, command, font); break;
    case DRAW_CELLS: paint_cells(canvas, command); break;
    case DRAW_CLIP: break;
    }
}

enum { BATCH = 32 }; // regions that are painted together: their pixels fit into the cache

static bool contains(Pixels outer, Pixels inner) {
    return outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right &&
           outer.bottom >= inner.bottom;
}

// For each region the last command that covers all of it: what lies below cannot be seen. 0: none.
static void find_covers(size_t covers[BATCH], const DrawList *list, const Pixels *regions,
                        int count, Pixels whole) {
    DrawCommand command;
    Pixels clip = whole;
    size_t cursor = 0;
    memset(covers, 0, BATCH * sizeof *covers);
    for (size_t at = 0; draw_next(list, &command, &cursor); at = cursor) {
        if (command.kind == DRAW_CLIP) clip = pixels_common(whole, rect_pixels(command.rect));
        if (command.kind != DRAW_RECT) continue;
        Pixels covered = pixels_common(clip, rect_pixels(command.rect));
        for (int i = 0; i < count; i++) {
            if (contains(covered, regions[i])) covers[i] = at;
        }
    }
}

// The list is read once for all regions, as most of its commands lie outside of most of them.
static void paint_batch(Picture *picture, const DrawList *list, const Pixels *regions, int count) {
    const Pixels whole = { 0, 0, picture->width, picture->height };
    const Rect all = { 0, 0, (float)picture->width, (float)picture->height };
    size_t covers[BATCH], cursor = 0;
    find_covers(covers, list, regions, count, whole);
    for (int i = 0; i < count; i++) {
        if (covers[i] == 0)
            fill(&(Canvas){ picture, pixels_common(whole, regions[i]) }, all, COLOR_BACKGROUND);
    }
    DrawCommand command, before = { .kind = DRAW_CLIP };
    Pixels clip = whole;
    for (size_t at = 0; draw_next(list, &command, &cursor); at = cursor, before = command) {
        Pixels bounds = paint_bounds(&command);
        if (command.kind == DRAW_CLIP) {
            clip = pixels_common(whole, bounds);
            continue;
        }
        bounds = pixels_common(clip, bounds);
        for (int i = 0; i < count; i++) {
            const Canvas canvas = { picture, pixels_common(bounds, regions[i]) };
            if (at >= covers[i] && !pixels_empty(canvas.shown))
                paint_command(&canvas, &command, &before, list->font);
        }
    }
}

static size_t pixels_count(Pixels pixels) {
    if (pixels_empty(pixels)) return 0;
    return (size_t)(pixels.right - pixels.left) * (size_t)(pixels.bottom - pixels.top);
}

// Regions are painted some at a time, tall ones in bands, so that their pixels stay in the cache
// from one command to the next.
bool paint_regions(Picture *picture, const DrawList *list, const Pixels *regions, int count,
                   Error *error) {
    enum { BAND = 64, MAX_PIXELS = 1 << 18 };
    Pixels batch[BATCH];
    int batched = 0;
    size_t pixels = 0;
    for (int i = 0; i < count; i++) {
        Pixels band = regions[i];
        for (; band.top < regions[i].bottom; band.top = band.bottom) {
            band.bottom = min_int(band.top + BAND, regions[i].bottom);
            batch[batched++] = band;
            pixels += pixels_count(band);
            if (batched < BATCH && pixels < MAX_PIXELS) continue;
            paint_batch(picture, list, batch, batched);
            batched = 0;
            pixels = 0;
        }
    }
    paint_batch(picture, list, batch, batched);
    if (!list->failed && !font_failed(list->font)) return true;
    return fail(error, "out of memory for a picture of %zu commands", list->count);
}

bool paint_list(Picture *picture, const DrawList *list, Error *error) {
    const Pixels whole = { 0, 0, picture->width, picture->height };
    return paint_regions(picture, list, &whole, 1, error);
}

bool paint_png(const DrawList *list, const char *path, Error *error) {
    Picture picture;
    if (!picture_new(&picture, list->width, list->height, error)) return false;
    bool ok = paint_list(&picture, list, error) && picture_write_png(&picture, path, error);
    picture_free(&picture);
    return ok;
}
