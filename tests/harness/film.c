#include "tests/harness/film.h"
#include "reference/io/files.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t load(const uint8_t *bytes, int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

// Bit by bit, unlike the one in zlib.
static uint32_t checksum(const uint8_t *bytes, size_t size) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void read_header(Film *film, const uint8_t *data, uint32_t size) {
    ck_assert_uint_eq(size, 13);
    ck_assert_int_eq(film->width, 0);
    film->width = (int)load(data, 4);
    film->height = (int)load(data + 4, 4);
    ck_assert_int_ge(film->width, 1);
    ck_assert_int_ge(film->height, 1);
    ck_assert_mem_eq(data + 8, "\x08\x03\0\0\0", 5); // 8 bits, a palette, not interlaced
}

static void read_animation_control(Film *film, const uint8_t *data, uint32_t size) {
    ck_assert_uint_eq(size, 8);
    ck_assert_int_gt(film->width, 0);
    ck_assert_int_eq(film->count, 0);
    film->count = (int)load(data, 4);
    ck_assert(film->count >= 1 && film->count <= FILM_FRAMES);
    ck_assert_uint_eq(load(data + 4, 4), 0); // forever
    size_t pixels = (size_t)film->width * (size_t)film->height;
    film->canvas = calloc(pixels, 1);
    film->pixels = calloc(pixels * (size_t)film->count, sizeof *film->pixels);
    ck_assert(film->canvas != NULL && film->pixels != NULL);
}

static void read_palette(Film *film, const uint8_t *data, uint32_t size) {
    ck_assert(size >= 6 && size <= 768 && size % 3 == 0);
    for (uint32_t i = 0; i < size / 3; i++) film->palette[i] = load(data + 3 * (size_t)i, 3);
}

static void read_control(Film *film, const uint8_t *data, uint32_t size) {
    ck_assert_uint_eq(size, 26);
    ck_assert(film->count > 0 && !film->control);
    ck_assert_uint_eq(load(data, 4), film->sequence++);
    film->frame += film->drawn;
    film->drawn = false;
    film->control = true;
    ck_assert_int_lt(film->frame, film->count);
    Area area = { (int)load(data + 12, 4), (int)load(data + 16, 4), (int)load(data + 4, 4),
                  (int)load(data + 8, 4) };
    ck_assert(area.x >= 0 && area.width >= 1 && area.x + area.width <= film->width);
    ck_assert(area.y >= 0 && area.height >= 1 && area.y + area.height <= film->height);
    film->areas[film->frame] = area;
    ck_assert_uint_gt(load(data + 22, 2), 0);
    film->seconds[film->frame] = (double)load(data + 20, 2) / load(data + 22, 2);
    ck_assert_uint_eq(data[24], 0);                   // it stays
    ck_assert_uint_eq(data[25], film->frame ? 1 : 0); // drawn over the one before
}

static void read_frame(Film *film, const uint8_t *data, uint32_t size) {
    ck_assert(film->control);
    film->control = false;
    film->drawn = true;
    Area area = film->areas[film->frame];
    uLongf bytes = (uLongf)((area.width + 1) * area.height), expected = bytes;
    uint8_t *rows = malloc(bytes);
    ck_assert_ptr_nonnull(rows);
    ck_assert_int_eq(uncompress(rows, &bytes, data, size), Z_OK);
    ck_assert_uint_eq(bytes, expected);
    for (int y = 0; y < area.height; y++) {
        const uint8_t *row = rows + (size_t)y * ((size_t)area.width + 1);
        ck_assert_uint_eq(row[0], 0); // no filter
        for (int x = 0; x < area.width; x++) {
            ck_assert(film->frame > 0 || row[1 + x] > 0); // the first frame is opaque
            if (row[1 + x] > 0) film->canvas[(area.y + y) * film->width + area.x + x] = row[1 + x];
        }
    }
    free(rows);
    int pixels = film->width * film->height;
    for (int i = 0; i < pixels; i++)
        film->pixels[film->frame * pixels + i] = film->palette[film->canvas[i]];
}

static void read_chunk(Film *film, const uint8_t *type, const uint8_t *data, uint32_t size) {
    if (memcmp(type, "IHDR", 4) == 0) {
        read_header(film, data, size);
    } else if (memcmp(type, "acTL", 4) == 0) {
        read_animation_control(film, data, size);
    } else if (memcmp(type, "PLTE", 4) == 0) {
        read_palette(film, data, size);
    } else if (memcmp(type, "tRNS", 4) == 0) {
        ck_assert_uint_eq(size, 1); // entry 0 is transparent
        ck_assert_uint_eq(data[0], 0);
    } else if (memcmp(type, "fcTL", 4) == 0) {
        read_control(film, data, size);
    } else if (memcmp(type, "IDAT", 4) == 0) {
        ck_assert_int_eq(film->frame, 0);
        read_frame(film, data, size);
    } else if (memcmp(type, "fdAT", 4) == 0) {
        ck_assert_int_gt(film->frame, 0);
        ck_assert_uint_ge(size, 4);
        ck_assert_uint_eq(load(data, 4), film->sequence++);
        read_frame(film, data + 4, size - 4);
    } else {
        ck_assert_mem_eq(type, "IEND", 4);
        ck_assert_uint_eq(size, 0);
        film->ended = true;
    }
}

Film film_read(const char *path) {
    static const char start[] = "IHDRacTLPLTEtRNSfcTLIDAT"; // in this order
    Film film = { 0 };
    MappedFile file;
    Error error;
    ck_assert_msg(file_map(&file, path, &error), "%s", error.text);
    ck_assert_uint_gt(file.size, 8);
    ck_assert_mem_eq(file.bytes, "\x89PNG\r\n\x1a\n", 8);
    size_t at = 8;
    for (size_t i = 0; at < file.size; i++) {
        ck_assert(!film.ended && file.size - at >= 12);
        const uint8_t *chunk = file.bytes + at;
        uint32_t size = load(chunk, 4);
        ck_assert_uint_le(size, file.size - at - 12);
        ck_assert_uint_eq(load(chunk + 8 + size, 4), checksum(chunk + 4, 4 + (size_t)size));
        if (i < 6) ck_assert_mem_eq(chunk + 4, start + 4 * i, 4);
        read_chunk(&film, chunk + 4, chunk + 8, size);
        at += 12 + (size_t)size;
    }
    ck_assert(film.ended && film.drawn && film.frame == film.count - 1);
    file_unmap(&file);
    return film;
}

void film_free(Film *film) {
    free(film->canvas);
    free(film->pixels);
}
