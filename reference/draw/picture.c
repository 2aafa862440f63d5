#include "reference/draw/picture.h"
#include "reference/io/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The compressor of stb_image_write aborts the program when memory runs out, so it works in a block
// that was allocated before.
typedef struct {
    unsigned char *bytes;
    size_t size, used;
} Arena;
static _Thread_local Arena arena;

static void *arena_take(size_t bytes) {
    size_t taken = (bytes + 15) / 16 * 16;
    if (taken > arena.size - arena.used) return NULL;
    arena.used += taken;
    return arena.bytes + arena.used - taken;
}

static void *arena_grow(void *block, size_t before, size_t bytes) {
    void *grown = arena_take(bytes);
    if (block != NULL && grown != NULL) memcpy(grown, block, before < bytes ? before : bytes);
    return grown;
}

#define STBIW_MALLOC(bytes)                       arena_take(bytes)
#define STBIW_REALLOC_SIZED(block, before, bytes) arena_grow(block, before, bytes)
#define STBIW_FREE(block)                         ((void)(block))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wextra"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

enum { MAX_SIDE = 1 << 14 };

bool picture_new(Picture *out, int width, int height, Error *error) {
    *out = (Picture){ 0 };
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
        return fail(error, "a picture of %d by %d pixels: expected 1 to %d for each side", width,
                    height, MAX_SIDE);
    }
    out->rgb = calloc((size_t)width * (size_t)height, 3);
    if (out->rgb == NULL)
        return fail(error, "a picture of %d by %d pixels: out of memory", width, height);
    out->width = width;
    out->height = height;
    return true;
}

void picture_free(Picture *picture) {
    free(picture->rgb);
    *picture = (Picture){ 0 };
}

static void write_bytes(void *stream, void *bytes, int size) {
    fwrite(bytes, 1, (size_t)size, stream);
}

// What the compressor takes at most: the filtered rows, a buffer for its output that doubles as it
// grows (fixed Huffman codes make at most 9 bits of a byte), and a hash table of 16384 short lists.
static size_t compressor_bytes(const Picture *picture) {
    size_t filtered = ((size_t)picture->width * 3 + 1) * (size_t)picture->height;
    return 8 * filtered + ((size_t)16 << 20);
}

static bool write_png(const Picture *picture, FILE *stream) {
    arena = (Arena){ .size = compressor_bytes(picture) };
    arena.bytes = malloc(arena.size);
    bool ok = arena.bytes != NULL &&
              stbi_write_png_to_func(write_bytes, stream, picture->width, picture->height, 3,
                                     picture->rgb, picture->width * 3) != 0;
    free(arena.bytes);
    arena = (Arena){ 0 };
    return ok;
}

bool picture_write_png(const Picture *picture, const char *path, Error *error) {
    OutputFile out;
    if (!output_open(&out, path, error)) return false;
    if (!write_png(picture, out.stream)) {
        output_discard(&out);
        return fail(error, "%s: out of memory while the picture was compressed", path);
    }
    return output_commit(&out, error); // finds what write_bytes could not do
}
