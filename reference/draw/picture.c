#include "reference/draw/picture.h"
#include "reference/io/files.h"
#include <stdio.h>
#include <stdlib.h>

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

bool picture_write_png(const Picture *picture, const char *path, Error *error) {
    OutputFile out;
    if (!output_open(&out, path, error)) return false;
    int stride = picture->width * 3;
    if (!stbi_write_png_to_func(write_bytes, out.stream, picture->width, picture->height, 3,
                                picture->rgb, stride)) {
        output_discard(&out);
        return fail(error, "%s: out of memory while the picture was compressed", path);
    }
    return output_commit(&out, error); // finds what write_bytes could not do
}
