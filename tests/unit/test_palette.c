#include "reference/draw/palette.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint32_t *new_pixels(void) {
    uint32_t *pixels = calloc(RGB_COLORS, sizeof *pixels);
    ck_assert_ptr_nonnull(pixels);
    return pixels;
}

// As many colors as may be chosen, of any shares.
START_TEST(few_colors_stand_for_themselves)
{
    static const int counts[] = { 1, 2, 3, 17, 255, 256 };
    uint32_t *pixels = new_pixels();
    for (int i = 0; i < COUNT_OF(counts); i++) {
        uint64_t key = random_key((uint64_t)i, "palette");
        Color colors[256], out[256];
        int count = counts[i];
        memset(pixels, 0, RGB_COLORS * sizeof *pixels);
        for (int j = 0; j < count; j++) { // dark ones, so that some are neighbours
            colors[j] = (Color)j << 16 | (Color)random_below(key, (uint64_t)j, 0x404);
            pixels[colors[j]] = j % 3 == 0 ? UINT32_MAX : 1 + (uint32_t)j;
        }
        ck_assert_int_eq(palette_choose(out, 256, pixels), count);
        for (int j = 0; j < count; j++) ck_assert_uint_eq(out[pixels[colors[j]]], colors[j]);
    }
    free(pixels);
}
END_TEST

// Blends of few pixels give way; the colors of the flat areas stay.
START_TEST(large_areas_keep_their_colors)
{
    static const Color flat[] = { COLOR_BACKGROUND, COLOR_PANEL, COLOR_EMPTY, COLOR_ACCENT };
    uint32_t *pixels = new_pixels();
    for (int i = 0; i < 1000; i++) {
        Color color = color_blend(flat[i % 4], i % 2 ? COLOR_TEXT : color_class(i / 4), i / 1000.0);
        pixels[color] += 10;
    }
    for (int i = 0; i < 4; i++) pixels[flat[i]] = 100000;
    Color out[16];
    ck_assert_int_eq(palette_choose(out, 16, pixels), 16);
    for (int i = 0; i < 4; i++) ck_assert_uint_eq(out[pixels[flat[i]]], flat[i]);
    free(pixels);
}
END_TEST

static int distance(Color a, Color b) {
    int sum = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        int difference = (int)(a >> shift & 255) - (int)(b >> shift & 255);
        sum += difference * difference;
    }
    return sum;
}

START_TEST(the_nearest_stands_for_a_color)
{
    enum { COLORS = 3000, MOST = 100 };
    uint32_t *pixels = new_pixels();
    uint64_t key = random_key(0, "nearest");
    for (uint64_t i = 0; i < COLORS; i++)
        pixels[random_below(key, 2 * i, RGB_COLORS)] += 1 + (uint32_t)random_below(key, 2 * i, 50);
    Color out[MOST];
    ck_assert_int_eq(palette_choose(out, MOST, pixels), MOST);
    double mean = 0;
    for (uint64_t i = 0; i < COLORS; i++) {
        Color color = (Color)random_below(key, 2 * i, RGB_COLORS);
        int chosen = distance(out[pixels[color]], color), least = INT_MAX;
        for (int j = 0; j < MOST; j++) {
            int other = distance(out[j], color);
            least = other < least ? other : least;
        }
        ck_assert_int_eq(chosen, least);
        mean += chosen / (double)COLORS;
    }
    // 100 cubes that fill the space have sides of 55, and 757 from their middle on average
    ck_assert_double_lt(mean, 1500);
    free(pixels);
}
END_TEST

START_TEST(no_color_at_all)
{
    uint32_t *pixels = new_pixels();
    Color out[256];
    ck_assert_int_eq(palette_choose(out, 256, pixels), 0);
    free(pixels);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { few_colors_stand_for_themselves },
        { large_areas_keep_their_colors },
        { the_nearest_stands_for_a_color },
        { no_color_at_all },
    };
    return run_tests("palette", tests, COUNT_OF(tests));
}
