#include "reference/draw/animation.h"
#include "reference/draw/palette.h"
#include "reference/io/files.h"
#include "reference/numbers/array.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// The palette is known after the last frame, so until then the changes are saved, as runs of pixels
// of one color.
enum {
    UNCHANGED = RGB_COLORS,   // the color of pixels that stay as they are
    MAX_SECONDS = UINT16_MAX, // for which the file can say that a frame is shown
};

typedef struct {
    Color color;
    uint32_t length;
} Run;

// What changes from one frame to the next.
typedef struct {
    int x, y, width, height; // 0 wide: nothing
    size_t run;              // its first one; they go through the rectangle row by row
    double seconds;          // that the frame is shown
} Change;

struct Animation {
    OutputFile out;
    Picture last;     // frame
    uint32_t *pixels; // [RGB_COLORS]: how many changed to each color; at the end its palette entry
    Change *changes;
    size_t count, capacity;
    Run *runs;
    size_t run_count, run_capacity;
};

static void animation_free(Animation *animation) {
    picture_free(&animation->last);
    free(animation->pixels);
    free(animation->changes);
    free(animation->runs);
    free(animation);
}

Animation *animation_open(const char *path, int width, int height, Error *error) {
    Animation *animation = calloc(1, sizeof *animation);
    if (animation != NULL) animation->pixels = calloc(RGB_COLORS, sizeof *animation->pixels);
    if (animation == NULL || animation->pixels == NULL) {
        free(animation);
        fail(error, "%s: out of memory for an animation", path);
        return NULL;
    }
    if (!picture_new(&animation->last, width, height, error) ||
        !output_open(&animation->out, path, error)) {
        animation_free(animation);
        return NULL;
    }
    return animation;
}

void animation_discard(Animation *animation) {
    output_discard(&animation->out);
    animation_free(animation);
}

// ---- frames become changes

static const uint8_t *pixel_at(const Picture *picture, int x, int y) {
    return picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
}

// The color of a pixel, or UNCHANGED. In the first frame all pixels change.
static Color changed_color(const Animation *animation, const Picture *frame, int x, int y) {
    const uint8_t *rgb = pixel_at(frame, x, y);
    bool changed = animation->count == 0 || memcmp(rgb, pixel_at(&animation->last, x, y), 3) != 0;
    return changed ? (Color)rgb[0] << 16 | (Color)rgb[1] << 8 | rgb[2] : UNCHANGED;
}

static Change find_change(const Animation *animation, const Picture *frame) {
    int left = frame->width, right = 0, top = frame->height, bottom = 0;
    for (int y = 0; y < frame->height; y++) {
        for (int x = 0; x < frame->width; x++) {
            if (changed_color(animation, frame, x, y) == UNCHANGED) continue;
            left = min_int(left, x);
            right = max_int(right, x + 1);
            top = min_int(top, y);
            bottom = y + 1;
        }
    }
    if (right == 0) return (Change){ 0 };
    return (Change){ .x = left, .y = top, .width = right - left, .height = bottom - top };
}

// Adds a pixel to the last run of a change that began with run `first`, or to a new one.
static bool add_pixel(Animation *animation, size_t first, Color color) {
    Run *runs = animation->runs;
    if (animation->run_count > first && runs[animation->run_count - 1].color == color) {
        runs[animation->run_count - 1].length++;
        return true;
    }
    runs = array_grow(runs, &animation->run_capacity, animation->run_count + 1, sizeof *runs);
    if (runs == NULL) return false;
    animation->runs = runs;
    runs[animation->run_count++] = (Run){ color, 1 };
    return true;
}

static bool add_change(Animation *animation, const Picture *frame, Change change) {
    Change *changes =
        array_grow(animation->changes, &animation->capacity, animation->count + 1, sizeof *changes);
    if (changes == NULL) return false;
    animation->changes = changes;
    change.run = animation->run_count;
    for (int y = change.y; y < change.y + change.height; y++) {
        for (int x = change.x; x < change.x + change.width; x++) {
            Color color = changed_color(animation, frame, x, y);
            if (!add_pixel(animation, change.run, color)) return false;
            if (color != UNCHANGED && animation->pixels[color] < UINT32_MAX)
                animation->pixels[color]++;
        }
    }
    changes[animation->count++] = change;
    memcpy(animation->last.rgb, frame->rgb, (size_t)frame->width * (size_t)frame->height * 3);
    return true;
}

bool animation_add(Animation *animation, const Picture *frame, double seconds, Error *error) {
    const char *path = animation->out.path;
    const Picture *last = &animation->last;
    if (frame->width != last->width || frame->height != last->height) {
        return fail(error, "%s: a frame of %d by %d pixels, but the animation has %d by %d", path,
                    frame->width, frame->height, last->width, last->height);
    }
    if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
        return fail(error, "%s: a frame of %g seconds; expected more than 0 and at most %d", path,
                    seconds, MAX_SECONDS);
    }
    Change change = find_change(animation, frame);
    change.seconds = seconds;
    if (change.width == 0) {
        animation->changes[animation->count - 1].seconds += seconds;
        return true;
    }
    return add_change(animation, frame, change) ||
           fail(error, "%s: out of memory after %zu frames", path, animation->count);
}

// ---- the file: https://www.w3.org/TR/png-3/

static void store(uint8_t *out, int bytes, uint32_t value) { // the highest byte first
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

// A write that fails is found by output_commit.
static void write_chunk(FILE *stream, const char *type, const uint8_t *data, size_t size) {
    uint8_t head[8], tail[4];
    store(head, 4, (uint32_t)size);
    memcpy(head + 4, type, 4);
    uLong crc = crc32(crc32(0, head + 4, 4), data, (uInt)size);
    store(tail, 4, (uint32_t)crc);
    fwrite(head, 1, sizeof head, stream);
    fwrite(data, 1, size, stream);
    fwrite(tail, 1, sizeof tail, stream);
}

// Everything before the first frame. Entry 0 of the palette is the transparent one.
static void write_start(const Animation *animation, const Color *palette, int colors) {
    FILE *stream = animation->out.stream;
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, stream);
    uint8_t header[13] = { [8] = 8, [9] = 3 }; // 8 bits per pixel, indices of a palette
    store(header, 4, (uint32_t)animation->last.width);
    store(header + 4, 4, (uint32_t)animation->last.height);
    write_chunk(stream, "IHDR", header, sizeof header);
    uint8_t control[8] = { 0 }; // plays forever
    store(control, 4, (uint32_t)animation->count);
    write_chunk(stream, "acTL", control, sizeof control);
    uint8_t entries[3 * (1 + ANIMATION_COLORS)] = { 0 };
    for (int i = 0; i < colors; i++) store(entries + 3 * (1 + i), 3, palette[i]);
    write_chunk(stream, "PLTE", entries, 3 * (1 + (size_t)colors));
    write_chunk(stream, "tRNS", &(uint8_t){ 0 }, 1);
}

// How long a frame that starts at `start` is shown, as a fraction: in milliseconds, or in seconds
// where these are too many for 16 bits. The moments are rounded, so that errors do not add up.
static void store_delay(uint8_t out[4], double start, double seconds) {
    double milliseconds = round(1000 * (start + seconds)) - round(1000 * start);
    bool in_seconds = milliseconds > UINT16_MAX;
    double delay = in_seconds ? fmin(MAX_SECONDS, round(milliseconds / 1000)) : milliseconds;
    store(out, 2, (uint32_t)delay);
    store(out + 2, 2, in_seconds ? 1 : 1000);
}

// Animation chunks are numbered from 0: one before the first frame, two for each later one.
static uint32_t sequence_number(size_t frame) { return frame == 0 ? 0 : 2 * (uint32_t)frame - 1; }

static void write_control(const Animation *animation, size_t frame, double start) {
    const Change *change = &animation->changes[frame];
    uint8_t control[26] = { 0 }; // the frame stays when the next is drawn
    store(control, 4, sequence_number(frame));
    store(control + 4, 4, (uint32_t)change->width);
    store(control + 8, 4, (uint32_t)change->height);
    store(control + 12, 4, (uint32_t)change->x);
    store(control + 16, 4, (uint32_t)change->y);
    store_delay(control + 20, start, change->seconds);
    control[25] = frame > 0; // drawn over the one before
    write_chunk(animation->out.stream, "fcTL", control, sizeof control);
}

// Rows of palette entries, each after its filter: 0, none. Returns the number of bytes.
static size_t expand(uint8_t *out, const Animation *animation, const Change *change) {
    const Run *run = animation->runs + change->run;
    uint8_t *at = out;
    uint32_t used = 0; // of the run
    for (int y = 0; y < change->height; y++) {
        *at++ = 0;
        for (int x = 0; x < change->width; x++) {
            Color color = run->color;
            *at++ = (uint8_t)(color == UNCHANGED ? 0 : 1 + animation->pixels[color]);
            if (++used == run->length) {
                used = 0;
                run++;
            }
        }
    }
    return (size_t)(at - out);
}

// False: out of memory. `rows` and `compressed` are large enough for the first frame, as for all.
static bool write_frames(const Animation *animation, uint8_t *rows, uint8_t *compressed,
                         size_t capacity) {
    double start = 0;
    for (size_t i = 0; i < animation->count; i++) {
        const Change *change = &animation->changes[i];
        write_control(animation, i, start);
        start += change->seconds;
        size_t size = expand(rows, animation, change);
        uLongf compressed_size = (uLongf)(capacity - 4); // the first 4 bytes are for the number
        if (compress2(compressed + 4, &compressed_size, rows, (uLong)size, 9) != Z_OK) return false;
        store(compressed, 4, sequence_number(i) + 1);
        if (i == 0)
            write_chunk(animation->out.stream, "IDAT", compressed + 4, compressed_size);
        else
            write_chunk(animation->out.stream, "fdAT", compressed, compressed_size + 4);
    }
    write_chunk(animation->out.stream, "IEND", (const uint8_t *)"", 0);
    return true;
}

static bool write_animation(Animation *animation) {
    size_t size = ((size_t)animation->last.width + 1) * (size_t)animation->last.height;
    size_t capacity = 4 + compressBound((uLong)size);
    uint8_t *rows = malloc(size), *compressed = malloc(capacity);
    Color palette[ANIMATION_COLORS];
    int colors = palette_choose(palette, ANIMATION_COLORS, animation->pixels);
    bool ok = rows != NULL && compressed != NULL && colors > 0;
    if (ok) {
        write_start(animation, palette, colors);
        ok = write_frames(animation, rows, compressed, capacity);
    }
    free(rows);
    free(compressed);
    return ok;
}

bool animation_commit(Animation *animation, Error *error) {
    const char *path = animation->out.path;
    bool ok = false;
    if (animation->count == 0)
        fail(error, "%s: an animation without frames", path);
    else if (!write_animation(animation))
        fail(error, "%s: out of memory while the animation was compressed", path);
    else
        ok = true;
    if (ok)
        ok = output_commit(&animation->out, error);
    else
        output_discard(&animation->out);
    animation_free(animation);
    return ok;
}
