#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "reference/numbers/random.h"
#include "tests/harness/random_list.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

static Error error;

static Color pixel(const Picture *picture, int x, int y) {
    ck_assert(x >= 0 && y >= 0 && x < picture->width && y < picture->height);
    const uint8_t *at = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
    return (Color)at[0] << 16 | (Color)at[1] << 8 | at[2];
}

// Pixels in a rectangle that are not `color`.
static int count_other(const Picture *picture, int x, int y, int width, int height, Color color) {
    int count = 0;
    for (int row = y; row < y + height; row++) {
        for (int column = x; column < x + width; column++)
            count += pixel(picture, column, row) != color;
    }
    return count;
}

static int count_color(const Picture *picture, int x, int y, int width, int height, Color color) {
    return width * height - count_other(picture, x, y, width, height, color);
}

static DrawList new_list(int width, int height) {
    DrawList list = draw_new(width, height, font_builtin());
    draw_rect(&list, draw_whole(&list), 0); // black
    return list;
}

// Paints the list, which is then empty and black again.
static Picture painted(DrawList *list) {
    Picture picture;
    ck_assert_msg(picture_new(&picture, list->width, list->height, &error), "%s", error.text);
    ck_assert_msg(paint_list(&picture, list, &error), "%s", error.text);
    draw_clear(list, list->width, list->height);
    draw_rect(list, draw_whole(list), 0);
    return picture;
}

START_TEST(rectangles_are_clipped)
{
    DrawList list = draw_new(20, 10, font_builtin());
    draw_rect(&list, (Rect){ 3, 4, 5, 2 }, 0x123456);
    Picture picture = painted(&list);
    ck_assert_uint_eq(pixel(&picture, 0, 0), COLOR_BACKGROUND);
    ck_assert_int_eq(count_other(&picture, 3, 4, 5, 2, 0x123456), 0);
    ck_assert_int_eq(count_other(&picture, 0, 0, 20, 10, COLOR_BACKGROUND), 10);
    picture_free(&picture);
    ck_assert_ptr_null(picture.rgb);
    draw_rect(&list, (Rect){ -5, -5, 6, 6 }, 0xff0000);
    draw_rect(&list, (Rect){ 18, 9, 100, 1e30f }, 0x00ff00);
    draw_rect(&list, (Rect){ 30, 30, 5, 5 }, 0x0000ff);
    draw_rect(&list, (Rect){ -1e30f, 5, 1e29f, 5 }, 0x0000ff);
    draw_rect(&list, (Rect){ 3.4f, 5.6f, 1, 1 }, 0xffffff); // from 3 to 4, from 6 to 7
    picture = painted(&list);
    ck_assert_uint_eq(pixel(&picture, 0, 0), 0xff0000);
    ck_assert_uint_eq(pixel(&picture, 19, 9), 0x00ff00);
    ck_assert_uint_eq(pixel(&picture, 3, 6), 0xffffff);
    ck_assert_int_eq(count_other(&picture, 0, 0, 20, 10, 0), 1 + 2 + 1);
    picture_free(&picture);
    draw_free(&list);
    ck_assert(!picture_new(&picture, 0, 5, &error));
    ck_assert(!picture_new(&picture, 5, 1 << 20, &error));
}
END_TEST

// A clip applies to what follows, replaces the one before, and ends with the whole picture.
START_TEST(a_clip_limits_all_that_follows)
{
    static const Rect clips[] = { { 4, 3, 7, 5 }, { -4, -2, 9, 9 }, { 15, 8, 99, 99 },
                                  { 3, 3, 0, 5 }, { 30, 30, 5, 5 }, { 5, 5, -3, 3 } };
    DrawList list = new_list(20, 10);
    const float value = 1;
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++) {
        draw_clip(&list, clips[i]);
        draw_rect(&list, (Rect){ -5, -5, 50, 50 }, 0xffffff);
        draw_line(&list, -5, 5, 30, 5, 30, 0xffffff);
        draw_text(&list, 2, 0, TEXT_LARGE, 0xffffff, "text");
        draw_cells(&list, (Rect){ 0, 0, 20, 10 }, 1, 1, &value, 0, 1);
        draw_clip(&list, draw_whole(&list));
        draw_rect(&list, (Rect){ 19, 0, 1, 1 }, 0xff0000);
        Picture picture = painted(&list);
        for (int y = 0; y < 10; y++) {
            for (int x = 0; x < 19; x++) {
                bool inside = x >= clips[i].x && x < clips[i].x + clips[i].width &&
                              y >= clips[i].y && y < clips[i].y + clips[i].height;
                ck_assert_int_eq(pixel(&picture, x, y) != 0, inside);
            }
        }
        ck_assert_uint_eq(pixel(&picture, 19, 0), 0xff0000);
        picture_free(&picture);
    }
    draw_free(&list);
}
END_TEST

START_TEST(lines_are_as_thick_as_asked)
{
    DrawList list = new_list(40, 40);
    draw_line(&list, 5, 10, 30, 10, 2, 0xffffff); // between two rows of pixels: both whole
    Picture picture = painted(&list);
    ck_assert_uint_eq(pixel(&picture, 15, 9), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 15, 10), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 15, 8), 0);
    ck_assert_uint_eq(pixel(&picture, 15, 11), 0);
    ck_assert_uint_eq(pixel(&picture, 34, 10), 0);
    picture_free(&picture);
    draw_line(&list, 5.5f, 20, 30.5f, 20, 1, 0xffffff);          // its width is shared by both rows
    draw_line(&list, 5.5f, 30.5f, 30.5f, 30.5f, 0.5f, 0xffffff); // half a pixel
    picture = painted(&list);
    ck_assert_uint_eq(pixel(&picture, 15, 19), 0x808080);
    ck_assert_uint_eq(pixel(&picture, 15, 20), 0x808080);
    ck_assert_uint_eq(pixel(&picture, 15, 30), 0x808080);
    picture_free(&picture);
    draw_line(&list, -10, -10, 60, 60, 3, 0xffffff); // clipped, and on the diagonal
    picture = painted(&list);
    for (int i = 0; i < 40; i++) ck_assert_uint_eq(pixel(&picture, i, i), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 30, 10), 0);
    picture_free(&picture);
    draw_free(&list);
}
END_TEST

// Each pixel by its distance from the line, found in another way: by many steps along it.
START_TEST(lines_cover_what_is_near)
{
    static const float lines[][5] = { { 5, 5, 35, 12, 3 },     { 30, 38, 33, 2, 5 },
                                      { 20, 20, 20, 20, 9 },   { -50, 10, 90, 30, 2 },
                                      { 8, 30, 30, 30.5f, 4 }, { 20, -80, 25, 300, 1.5f } };
    DrawList list = new_list(40, 40);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const float *line = lines[i];
        draw_line(&list, line[0], line[1], line[2], line[3], line[4], 0xffffff);
        Picture picture = painted(&list);
        for (int y = 0; y < 40; y++) {
            for (int x = 0; x < 40; x++) {
                double least = INFINITY;
                for (int step = 0; step <= 20000; step++) {
                    double dx = line[0] + (line[2] - line[0]) * step / 20000 - x - 0.5;
                    double dy = line[1] + (line[3] - line[1]) * step / 20000 - y - 0.5;
                    least = fmin(least, dx * dx + dy * dy);
                }
                double share = fmin(1.0, fmax(0.0, line[4] / 2 + 0.5 - sqrt(least)));
                ck_assert_double_eq_tol(pixel(&picture, x, y) & 255, 255 * share, 1.0);
            }
        }
        picture_free(&picture);
    }
    draw_free(&list);
}
END_TEST

// A curve in many pieces looks like a line in one.
START_TEST(pieces_of_a_line_do_not_add_up)
{
    DrawList list = new_list(60, 40);
    draw_line(&list, 5, 10, 55, 30, 2, 0xffffff);
    Picture whole = painted(&list);
    for (int i = 0; i < 200; i++)
        draw_line(&list, 5 + i / 4.0f, 10 + i / 10.0f, 5 + (i + 1) / 4.0f, 10 + (i + 1) / 10.0f, 2,
                  0xffffff);
    Picture pieces = painted(&list);
    for (int i = 0; i < 60 * 40; i++) {
        int difference = (int)(pixel(&whole, i % 60, i / 60) & 255) -
                         (int)(pixel(&pieces, i % 60, i / 60) & 255);
        ck_assert_int_le(abs(difference), 2); // 1 measured: each piece rounds
    }
    picture_free(&whole);
    picture_free(&pieces);
    // forward and back: what the first line covers is not covered twice
    draw_line(&list, 10, 20.3f, 50, 20.3f, 1, 0xffffff);
    whole = painted(&list);
    draw_line(&list, 10, 20.3f, 50, 20.3f, 1, 0xffffff);
    draw_line(&list, 50, 20.3f, 10, 20.3f, 1, 0xffffff);
    pieces = painted(&list);
    ck_assert_mem_eq(whole.rgb, pieces.rgb, 60 * 40 * 3);
    picture_free(&whole);
    picture_free(&pieces);
    draw_free(&list);
}
END_TEST

START_TEST(hostile_numbers_are_harmless)
{
    static const float big[] = { 1e9f, -1e9f, 1e30f, -1e30f, 3e38f, -3e38f };
    DrawList list = new_list(30, 30);
    const float value = 1;
    for (int i = 0; i < 36; i++) {
        float a = big[i / 6], b = big[i % 6];
        draw_line(&list, a, b, 1e38f + a, b, 1, 0xffffff);
        draw_line(&list, a, b, b, a, 2, 0xffffff);
        draw_line(&list, 100, 100, 100 + fabsf(a), 100 + fabsf(b), 3, 0xffffff);
        draw_rect(&list, (Rect){ a, b, 100, 100 }, 0xffffff);
        draw_text(&list, a, b, TEXT_NORMAL, 0xffffff, "far away");
        draw_text(&list, -200, -500, fabsf(b), 0xffffff, "large");
        draw_cells(&list, (Rect){ a, b, 10, 10 }, 1, 1, &value, 0, 1);
        draw_cells(&list, (Rect){ 100, 100, fabsf(a), fabsf(b) }, 1, 1, &value, 0, 1);
    }
    Picture picture = painted(&list);
    ck_assert_uint_eq(pixel(&picture, 29, 0), 0);
    picture_free(&picture);
    draw_line(&list, 15, 15, 15, 15, 1e30f, 0xffffff); // covers everything
    draw_clip(&list, (Rect){ -1e30f, -1e30f, 3e38f, 3e38f });
    picture = painted(&list);
    ck_assert_int_eq(count_other(&picture, 0, 0, 30, 30, 0xffffff), 0);
    picture_free(&picture);
    draw_free(&list);
}
END_TEST

START_TEST(cells_are_painted)
{
    const float values[] = { 0, NAN, 0.5f, 1 };
    DrawList list = new_list(40, 40);
    draw_cells(&list, (Rect){ 10, 10, 16, 16 }, 2, 2, values, 0, 1);
    Picture picture = painted(&list);
    ck_assert_int_eq(count_color(&picture, 10, 10, 7, 7, color_heat(0)), 49);
    ck_assert_int_eq(count_color(&picture, 18, 10, 7, 7, COLOR_EMPTY), 49);
    ck_assert_int_eq(count_color(&picture, 10, 18, 7, 7, color_heat(0.5)), 49);
    ck_assert_int_eq(count_color(&picture, 18, 18, 7, 7, color_heat(1)), 49);
    ck_assert_int_eq(count_other(&picture, 0, 0, 40, 40, 0), 4 * 49);
    picture_free(&picture);
    // a thousand cells in ten pixels: the only one with a value is seen
    float many[1000];
    for (int i = 0; i < 1000; i++) many[i] = i == 501 ? 1 : NAN;
    draw_cells(&list, (Rect){ 10, 10, 10, 5 }, 1, 1000, many, 0, 1);
    picture = painted(&list);
    ck_assert_int_eq(count_color(&picture, 0, 0, 40, 40, color_heat(1)), 5);
    picture_free(&picture);
    draw_free(&list);
}
END_TEST

// Regions have the pixels of the whole picture, and nothing outside of them changes.
START_TEST(regions_are_painted_alone)
{
    enum { SIDE = 160, BYTES = SIDE * SIDE * 3, COUNT = 40 };
    uint64_t seeds[COUNT];
    uint8_t expected[BYTES];
    for (uint64_t i = 0; i < COUNT; i++) seeds[i] = (uint64_t)_i * COUNT + i;
    DrawList list = draw_new(SIDE, SIDE, _i % 2 == 0 ? font_builtin() : font_find());
    list.scale = 1 + 0.5f * (float)(_i % 3);
    random_list(&list, seeds, COUNT);
    Picture whole, part;
    ck_assert(picture_new(&whole, SIDE, SIDE, &error) && picture_new(&part, SIDE, SIDE, &error));
    ck_assert(paint_list(&whole, &list, &error));
    for (int i = 0; i < 20; i++) {
        int left = (i * 29 + _i) % 170 - 5, top = (i * 53 + _i) % 170 - 5;
        int right = left + i * 7 % 70, bottom = top + i * 11 % 80;
        const Pixels regions[] = { { left, top, right, bottom }, { right, top, right + 9, SIDE } };
        memset(part.rgb, 0x5a, BYTES);
        memset(expected, 0x5a, BYTES);
        for (int at = 0; at < BYTES; at++) {
            int x = at / 3 % SIDE, y = at / 3 / SIDE;
            for (int r = 0; r < COUNT_OF(regions); r++) {
                if (x >= regions[r].left && x < regions[r].right && y >= regions[r].top &&
                    y < regions[r].bottom)
                    expected[at] = whole.rgb[at];
            }
        }
        ck_assert(paint_regions(&part, &list, regions, COUNT_OF(regions), &error));
        ck_assert(memcmp(part.rgb, expected, BYTES) == 0);
    }
    picture_free(&whole);
    picture_free(&part);
    draw_free(&list);
}
END_TEST

// ---- text

enum { BUILTIN, OF_MACHINE, FONTS };
// Ems by which ink may start before its box or end after it: a real font's j does.
static const float overhang[FONTS] = { 0, 0.2f };

static Font *font_number(int i) { return i == BUILTIN ? font_builtin() : font_find(); }

START_TEST(ink_stays_in_the_measured_box)
{
    static const char *const texts[] = { "Agjy|_", "j", "f", "Éclair, naïve", "\xff\xfe|\xc3" };
    static const float sizes[] = { 8, TEXT_SMALL, TEXT_NORMAL, TEXT_LARGE, 33.3f };
    DrawList list = draw_new(600, 100, font_number(_i));
    for (int i = 0; i < 5 * 5; i++) {
        const char *text = texts[i / 5];
        float size = sizes[i % 5], x = 20 + 0.3f * (float)i, y = 30;
        draw_clear(&list, 600, 100);
        float end = draw_text(&list, x, y, size, 0xffffff, text);
        ck_assert_float_eq_tol(end, x + draw_text_width(&list, text, size), 1e-3);
        Picture picture = painted(&list);
        float beyond = overhang[_i] * size;
        int left = (int)floorf(x - beyond), right = (int)ceilf(end + beyond);
        int top = (int)y, bottom = (int)ceilf(y + font_line(size));
        Color rest = COLOR_BACKGROUND;
        int ink = count_other(&picture, 0, 0, 600, 100, rest);
        ck_assert_int_gt(ink, 5);
        ck_assert_int_eq(count_other(&picture, left, top, right - left, bottom - top, rest), ink);
        picture_free(&picture);
    }
    ck_assert_float_eq(draw_text_width(&list, "", 20), 0);
    ck_assert_float_eq(draw_text_width(&list, "a\nb", 20), draw_text_width(&list, "a b", 20));
    ck_assert_float_gt(draw_text_width(&list, "a", 20), draw_text_width(&list, "a", 10));
    draw_free(&list);
}
END_TEST

// Paints a text at a place between two pixels.
static Picture paint_word(Font *font, const char *text) {
    DrawList list = draw_new(200, 60, font);
    draw_text(&list, 10.5f, 10, 30, 0xffffff, text);
    Picture picture = painted(&list);
    draw_free(&list);
    return picture;
}

static bool same_pixels(Font *a, const char *a_text, Font *b, const char *b_text) {
    Picture first = paint_word(a, a_text), second = paint_word(b, b_text);
    bool same = memcmp(first.rgb, second.rgb, 200 * 60 * 3) == 0;
    picture_free(&first);
    picture_free(&second);
    return same;
}

START_TEST(the_built_in_font_has_ascii_only)
{
    ck_assert(same_pixels(font_builtin(), "“a” – 2×3 → 6", font_builtin(), "\"a\" - 2x3 > 6"));
    ck_assert(same_pixels(font_builtin(), "é√x", font_builtin(), "??x"));
    ck_assert(same_pixels(font_builtin(), "\xff\xc3x", font_builtin(), "??x"));
    ck_assert(!same_pixels(font_builtin(), "e", font_builtin(), "o"));
}
END_TEST

START_TEST(an_l_has_its_strokes)
{
    DrawList list = new_list(60, 60);
    draw_text(&list, 4, 4, 40, 0xffffff, "L"); // 7 cells of 4 pixels above the baseline, at 44
    Picture picture = painted(&list);
    ck_assert_uint_eq(pixel(&picture, 5, 20), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 5, 38), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 14, 20), 0);
    int foot = 0;
    for (int y = 30; y < 60; y++) foot += pixel(&picture, 14, y) == 0xffffff;
    ck_assert_int_eq(foot, 4);
    ck_assert_uint_eq(pixel(&picture, 14, 43), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 14, 44), 0);
    picture_free(&picture);
    draw_free(&list);
}
END_TEST

// What a real font has that the built-in one lacks. Says so where there is no font.
START_TEST(a_real_font_has_more_than_ascii)
{
    if (same_pixels(font_find(), "Text", font_builtin(), "Text")) {
        printf("test_picture: no font found; characters outside of ASCII were not tested\n");
        return;
    }
    ck_assert(!same_pixels(font_find(), "é", font_find(), "e"));
    ck_assert(!same_pixels(font_find(), "é", font_find(), "?"));
    ck_assert(same_pixels(font_find(), "\xff", font_find(), "\xef\xbf\xbd"));
    ck_assert(same_pixels(font_find(), "\xc3|", font_find(), "\xef\xbf\xbd|"));
    ck_assert(same_pixels(font_find(), "\U000f1234", font_find(), "\xef\xbf\xbd")); // has no glyph
    Font *font = font_find();
    float narrow = font_text_width(font, "iiii", 20), wide = font_text_width(font, "mmmm", 20);
    ck_assert_float_gt(wide, 2 * narrow);
    font_free(font);
}
END_TEST

START_TEST(a_font_that_is_missing_or_damaged)
{
    Scratch scratch = scratch_new("font");
    const char *path = scratch_path(&scratch, "damaged.ttf");
    ck_assert_ptr_null(font_open(scratch_path(&scratch, "missing.ttf")));
    ck_assert_ptr_null(font_open(scratch.path));
    static const char *const contents[] = { "", "OTTO", "a text that is not a font, but long",
                                            "\1\0\0\0\0\7 seven tables that are not there" };
    for (int i = 0; i < 4; i++) {
        FILE *file = fopen(path, "wb");
        ck_assert_ptr_nonnull(file);
        fwrite(contents[i], 1, i == 3 ? 38 : strlen(contents[i]), file);
        fclose(file);
        ck_assert_ptr_null(font_open(path));
    }
    setenv("SGATLIN_FONT", "builtin", 1);
    ck_assert(same_pixels(font_find(), "Text", font_builtin(), "Text"));
    setenv("SGATLIN_FONT", path, 1);
    Font *font = font_find(); // another one then
    ck_assert_ptr_nonnull(font);
    font_free(font);
    unsetenv("SGATLIN_FONT");
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_list_that_failed_is_reported)
{
    DrawList list = new_list(30, 30);
    const float value = 1;
    draw_cells(&list, (Rect){ 0, 0, 5, 5 }, INT_MAX, INT_MAX, &value, 0, 1);
    Scratch scratch = scratch_new("picture");
    ck_assert(!paint_png(&list, scratch_path(&scratch, "a.png"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "out of memory"));
    ck_assert(!path_exists(scratch_path(&scratch, "a.png")));
    draw_clear(&list, 0, 30);
    ck_assert(!paint_png(&list, scratch_path(&scratch, "a.png"), &error));
    draw_clear(&list, 30, 30);
    ck_assert(paint_png(&list, scratch_path(&scratch, "a.png"), &error));
    draw_free(&list);
    list = draw_new(30, 30, NULL);
    ck_assert(!paint_png(&list, scratch_path(&scratch, "b.png"), &error));
    draw_free(&list);
    scratch_remove(&scratch);
}
END_TEST

static double linear_light(unsigned value) {
    double share = value / 255.0;
    return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

// CIE lightness, 0 to 100.
static double lightness(Color color) {
    double light = 0.2126 * linear_light(color >> 16 & 255) +
                   0.7152 * linear_light(color >> 8 & 255) + 0.0722 * linear_light(color & 255);
    return light > 0.008856 ? 116 * cbrt(light) - 16 : 903.3 * light;
}

START_TEST(heat_rises_evenly_in_lightness)
{
    double step = (lightness(color_heat(1)) - lightness(color_heat(0))) / 20;
    ck_assert_double_gt(step, 3.0); // 74 from end to end, measured
    for (int i = 0; i < 20; i++) {
        double rise = lightness(color_heat((i + 1) / 20.0)) - lightness(color_heat(i / 20.0));
        ck_assert_msg(rise > 0.7 * step && rise < 1.3 * step, "step %d: %g of %g", i, rise, step);
    }
    ck_assert_uint_eq(color_heat(-1), color_heat(0));
    ck_assert_uint_eq(color_heat(7), color_heat(1));
    ck_assert_uint_eq(color_heat(NAN), color_heat(0));
    ck_assert_uint_eq(color_class(8), color_blend(color_class(0), COLOR_TEXT, 0.5));
    ck_assert_uint_eq(color_class(16), color_class(0));
    ck_assert_uint_eq(color_blend(0x000000, 0xff8000, 0.5), 0x804000);
}
END_TEST

// Noise, which cannot be compressed, in pictures of several shapes.
START_TEST(noise_is_written)
{
    static const int sizes[][2] = { { 1, 1 }, { 1, 3000 }, { 3000, 1 }, { 700, 500 } };
    Scratch scratch = scratch_new("picture");
    const char *path = scratch_path(&scratch, "noise.png");
    Picture picture;
    ck_assert(picture_new(&picture, sizes[_i][0], sizes[_i][1], &error));
    size_t bytes = 3 * (size_t)picture.width * (size_t)picture.height;
    for (size_t i = 0; i < bytes; i++) picture.rgb[i] = (uint8_t)random_bits(1, i);
    ck_assert_msg(picture_write_png(&picture, path, &error), "%s", error.text);
    int width, height, channels;
    uint8_t *read = stbi_load(path, &width, &height, &channels, 3);
    ck_assert_ptr_nonnull(read);
    ck_assert(width == picture.width && height == picture.height);
    ck_assert_mem_eq(read, picture.rgb, bytes);
    stbi_image_free(read);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ // which needs terabytes of address space
START_TEST(too_little_memory_for_a_png_is_an_error)
{
    Scratch scratch = scratch_new("picture");
    Picture picture;
    ck_assert(picture_new(&picture, 800, 600, &error));
    const struct rlimit none = { 0, RLIM_INFINITY };
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    ck_assert(!picture_write_png(&picture, scratch_path(&scratch, "a.png"), &error));
    const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &all), 0);
    ck_assert_msg(strstr(error.text, "out of memory") != NULL, "%s", error.text);
    ck_assert(!path_exists(scratch_path(&scratch, "a.png")));
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST
#endif

START_TEST(a_png_has_the_pixels)
{
    Scratch scratch = scratch_new("picture");
    const char *path = scratch_path(&scratch, "a.png");
    DrawList list = new_list(37, 11);
    for (int i = 0; i < 37; i++)
        draw_rect(&list, (Rect){ (float)i, (float)(i % 11), 1, 3 }, color_heat(i / 36.0));
    Picture picture = painted(&list);
    draw_free(&list);
    ck_assert_msg(picture_write_png(&picture, path, &error), "%s", error.text);
    int width, height, channels;
    uint8_t *read = stbi_load(path, &width, &height, &channels, 3);
    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(width, 37);
    ck_assert_int_eq(height, 11);
    ck_assert_int_eq(channels, 3);
    ck_assert_mem_eq(read, picture.rgb, 37 * 11 * 3);
    stbi_image_free(read);
    ck_assert(!picture_write_png(&picture, scratch_path(&scratch, "no/a.png"), &error));
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { rectangles_are_clipped },
        { a_clip_limits_all_that_follows },
        { lines_are_as_thick_as_asked },
        { lines_cover_what_is_near },
        { pieces_of_a_line_do_not_add_up },
        { hostile_numbers_are_harmless },
        { cells_are_painted },
        { regions_are_painted_alone, 60 },
        { a_list_that_failed_is_reported },
        { ink_stays_in_the_measured_box, FONTS },
        { the_built_in_font_has_ascii_only },
        { an_l_has_its_strokes },
        { a_real_font_has_more_than_ascii },
        { a_font_that_is_missing_or_damaged },
        { heat_rises_evenly_in_lightness },
        { a_png_has_the_pixels },
        { noise_is_written, 4 },
#ifndef __SANITIZE_ADDRESS__
        { too_little_memory_for_a_png_is_an_error },
#endif
    };
    return run_tests("picture", tests, COUNT_OF(tests));
}
