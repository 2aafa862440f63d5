#include "reference/circuits/gates_picture.h"
#include "reference/draw/chart.h"
#include "reference/draw/picture.h"
#include "reference/io/files.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static Picture new_picture(int width, int height) {
    Picture picture;
    ck_assert_msg(picture_new(&picture, width, height, &error), "%s", error.text);
    return picture;
}

START_TEST(rectangles_are_clipped)
{
    Picture picture = new_picture(20, 10);
    ck_assert_uint_eq(pixel(&picture, 0, 0), COLOR_BACKGROUND);
    picture_fill(&picture, 3, 4, 5, 2, 0x123456);
    ck_assert_int_eq(count_other(&picture, 3, 4, 5, 2, 0x123456), 0);
    ck_assert_int_eq(count_other(&picture, 0, 0, 20, 10, COLOR_BACKGROUND), 10);
    picture_fill(&picture, -5, -5, 6, 6, 0xff0000);
    picture_fill(&picture, 18, 9, 100, 100, 0x00ff00);
    picture_fill(&picture, 30, 30, 5, 5, 0x0000ff);
    picture_fill(&picture, 5, 5, -3, 4, 0x0000ff);
    ck_assert_uint_eq(pixel(&picture, 0, 0), 0xff0000);
    ck_assert_uint_eq(pixel(&picture, 19, 9), 0x00ff00);
    ck_assert_int_eq(count_other(&picture, 0, 0, 20, 10, COLOR_BACKGROUND), 13);
    picture_free(&picture);
    ck_assert_ptr_null(picture.rgb);
    ck_assert(!picture_new(&picture, 0, 5, &error));
    ck_assert(!picture_new(&picture, 5, 1 << 20, &error));
}
END_TEST

START_TEST(a_copy_is_clipped)
{
    static const int corners[][2] = { { 2, 3 },  { -4, -2 }, { 15, 8 }, { -7, 0 },
                                      { 20, 0 }, { 0, 10 },  { 0, -5 } };
    Picture part = new_picture(7, 5);
    for (int i = 0; i < 7 * 5; i++)
        picture_fill(&part, i % 7, i / 7, 1, 1, 0x010203 * (Color)(i + 1));
    for (int i = 0; i < (int)(sizeof corners / sizeof corners[0]); i++) {
        Picture picture = new_picture(20, 10);
        int left = corners[i][0], top = corners[i][1];
        picture_copy(&picture, left, top, &part);
        for (int y = 0; y < 10; y++) {
            for (int x = 0; x < 20; x++) {
                bool inside = x >= left && x < left + 7 && y >= top && y < top + 5;
                Color wanted =
                    inside ? 0x010203 * (Color)((y - top) * 7 + x - left + 1) : COLOR_BACKGROUND;
                ck_assert_uint_eq(pixel(&picture, x, y), wanted);
            }
        }
        picture_free(&picture);
    }
    picture_free(&part);
}
END_TEST

START_TEST(lines_are_as_thick_as_asked)
{
    Picture picture = new_picture(40, 40);
    picture_fill(&picture, 0, 0, 40, 40, 0);
    picture_line(&picture, 5, 10, 30, 10, 2, 0xffffff); // between two rows of pixels: both whole
    ck_assert_uint_eq(pixel(&picture, 15, 9), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 15, 10), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 15, 8), 0);
    ck_assert_uint_eq(pixel(&picture, 15, 11), 0);
    ck_assert_uint_eq(pixel(&picture, 34, 10), 0);
    picture_fill(&picture, 0, 0, 40, 40, 0);
    picture_line(&picture, 5.5, 20, 30.5, 20, 1, 0xffffff); // its width is shared by both rows
    ck_assert_uint_eq(pixel(&picture, 15, 19), 0x808080);
    ck_assert_uint_eq(pixel(&picture, 15, 20), 0x808080);
    picture_fill(&picture, 0, 0, 40, 40, 0);
    picture_line(&picture, -10, -10, 60, 60, 3, 0xffffff); // clipped, and on the diagonal
    for (int i = 0; i < 40; i++) ck_assert_uint_eq(pixel(&picture, i, i), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 30, 10), 0);
    picture_free(&picture);
}
END_TEST

START_TEST(text_takes_the_room_it_says)
{
    Picture picture = new_picture(400, 60);
    for (double scale = 1; scale <= 3; scale += 0.5) {
        picture_fill(&picture, 0, 0, 400, 60, 0);
        int width = text_width("Agjy|_", scale);
        ck_assert_int_eq(picture_text(&picture, 10, 10, scale, 0xffffff, "Agjy|_"), 10 + width);
        ck_assert_int_gt(count_other(&picture, 10, 10, width, (int)(12 * scale), 0), 40);
        ck_assert_int_eq(count_other(&picture, 0, 0, 10, 60, 0), 0);
        ck_assert_int_eq(count_other(&picture, 10 + width, 0, 200, 60, 0), 0);
        ck_assert_int_eq(count_other(&picture, 0, 0, 400, 9, 0), 0);
        ck_assert_int_eq(count_other(&picture, 0, 10 + (int)ceil(13 * scale), 400, 5, 0), 0);
    }
    picture_free(&picture);
    ck_assert_int_eq(text_width("", 2), 0);
    ck_assert_int_eq(text_width("\xc3\xa9\xe2\x80\x94", 2), text_width("??", 2));
    ck_assert_int_eq(text_width("a\nb", 2), text_width("a b", 2));
}
END_TEST

START_TEST(an_l_has_its_strokes)
{
    Picture picture = new_picture(40, 40);
    picture_fill(&picture, 0, 0, 40, 40, 0);
    picture_text(&picture, 4, 4, 4, 0xffffff, "L"); // 7 cells of 4 pixels tall
    ck_assert_uint_eq(pixel(&picture, 5, 14), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 5, 24), 0xffffff);
    ck_assert_uint_eq(pixel(&picture, 14, 14), 0);
    int foot = 0;
    for (int y = 20; y < 40; y++) foot += pixel(&picture, 14, y) == 0xffffff;
    ck_assert_int_eq(foot, 4);
    picture_free(&picture);
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
    ck_assert_uint_eq(color_class(8), color_class(0));
    ck_assert_uint_eq(color_blend(0x000000, 0xff8000, 0.5), 0x804000);
}
END_TEST

START_TEST(a_png_holds_the_pixels)
{
    Scratch scratch = scratch_new("picture");
    const char *path = scratch_path(&scratch, "a.png");
    Picture picture = new_picture(37, 11);
    for (int i = 0; i < 37; i++) picture_fill(&picture, i, i % 11, 1, 3, color_heat(i / 36.0));
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

static const struct {
    double low, high;
    int most, count;
    double first, last;
} tick_cases[] = {
    { 0, 10, 11, 11, 0, 10 },
    { 0, 10, 10, 6, 0, 10 },
    { 1.6, 7.1, 8, 6, 2, 7 },
    { -3, 3, 8, 7, -3, 3 },
    { 0.001, 0.0042, 8, 7, 0.001, 0.004 },
    { 5, 5, 8, 1, 5, 5 },
    { 1, 0, 8, 0, 0, 0 },
    { NAN, 1, 8, 0, 0, 0 },
    { 0, INFINITY, 8, 0, 0, 0 },
    { -1e308, 1e308, 8, 0, 0, 0 },
    { 1e6, 1e6 + 3, 8, 7, 1e6, 1e6 + 3 },
};

START_TEST(ticks_are_round)
{
    double ticks[16] = { 0 };
    int count = chart_ticks(ticks, tick_cases[_i].most, tick_cases[_i].low, tick_cases[_i].high);
    ck_assert_int_eq(count, tick_cases[_i].count);
    if (count == 0) return;
    ck_assert_double_eq_tol(ticks[0], tick_cases[_i].first, 1e-9);
    ck_assert_double_eq_tol(ticks[count - 1], tick_cases[_i].last, 1e-9);
}
END_TEST

// Rows of the right half in which a colour is seen, first and last.
static void rows_with(const Picture *picture, Color color, int left, int right, int *first,
                      int *last) {
    *first = *last = -1;
    for (int y = 70; y < picture->height; y++) { // below title and legend
        for (int x = left; x < right; x++) {
            if (pixel(picture, x, y) != color) continue;
            if (*first < 0) *first = y;
            *last = y;
        }
    }
}

START_TEST(a_chart_shows_its_curves)
{
    static const double x[] = { 1, 10, 50, 100, 200 }, y[] = { 7, 5, 3, NAN, 2 };
    Series series = { "loss", COLOR_ACCENT, x, y, 5 };
    Baseline baseline = { "trigram", 4.5 };
    Chart chart = { "Title", "step", "nats", false, &series, 1, &baseline, 1 };
    Picture picture = new_picture(960, 540);
    chart_draw(&picture, &chart);
    int first, last, left_first, left_last;
    rows_with(&picture, COLOR_ACCENT, 900, 940, &first, &last); // the lone last point
    rows_with(&picture, COLOR_ACCENT, 80, 110, &left_first, &left_last);
    ck_assert_int_gt(first, 0);
    ck_assert_int_gt(left_first, 0);
    ck_assert_int_gt(first, left_last); // it fell
    rows_with(&picture, COLOR_ACCENT, 400, 890, &first, &last);
    ck_assert_int_eq(first, -1); // NaN breaks the line
    chart.log_x = true;
    chart_draw(&picture, &chart);
    rows_with(&picture, COLOR_ACCENT, 480, 560, &first, &last); // 10 of 1 .. 200 is in the middle
    ck_assert_int_gt(first, 0);
    // what has nothing to show is drawn all the same
    for (int count = 0; count < 3; count++) {
        series.count = count;
        chart.log_x = !chart.log_x;
        chart_draw(&picture, &chart);
        chart.series_count = 0;
        chart.baseline_count = 0;
    }
    picture_free(&picture);
}
END_TEST

// Eight long names take rows of their own, none runs over the edge; a series without a name is not
// among them.
START_TEST(a_legend_has_rows)
{
    static const double x[] = { 1, 2 }, y[] = { 1, 2 };
    Series series[9];
    for (int i = 0; i < 8; i++)
        series[i] = (Series){ "sgatlin+product_key_value", color_class(i), x, y, 2 };
    series[8] = (Series){ NULL, 0xff00ff, x, y, 2 };
    Chart chart = { .series = series, .series_count = 9 };
    Picture picture = new_picture(960, 540);
    chart_draw(&picture, &chart);
    int rows = 0, strokes = 0;
    for (int row = 32; row < 540; row += 24) { // the strokes of a row's names stand in its middle
        int in_row = 0;
        for (int i = 0; i < 8; i++)
            in_row += count_color(&picture, 32, row, 928, 13, color_class(i)) > 22;
        if (in_row < 2) break;
        rows++;
        strokes += in_row;
    }
    ck_assert_int_eq(rows, 3);
    ck_assert_int_eq(strokes, 8);
    ck_assert_int_eq(count_other(&picture, 930, 32, 14, 72, COLOR_PANEL), 0);
    ck_assert_int_eq(count_color(&picture, 0, 0, 960, 32 + 3 * 24, 0xff00ff), 0);
    ck_assert_int_gt(count_color(&picture, 0, 32 + 3 * 24, 960, 400, 0xff00ff), 100);
    picture_free(&picture);
}
END_TEST

// The last tick stands at the edge, and its long number is moved left: none of it runs into the
// margin.
START_TEST(the_last_number_stays_in_the_chart)
{
    static const double x[] = { 999900, 999990 }, y[] = { 1, 2 };
    Series series = { NULL, COLOR_ACCENT, x, y, 2 };
    Chart chart = { .series = &series, .series_count = 1 };
    Picture picture = new_picture(960, 540);
    chart_draw(&picture, &chart);
    ck_assert_int_gt(count_other(&picture, 860, 490, 68, 20, COLOR_PANEL), 100);
    ck_assert_int_eq(count_other(&picture, 928, 20, 16, 500, COLOR_PANEL), 0);
    picture_free(&picture);
}
END_TEST

// Between 110 and 390 no power of ten stands, but round numbers do; each has its stroke under the
// axis.
START_TEST(a_short_logarithmic_axis_has_ticks)
{
    static const double x[] = { 110, 390 }, y[] = { 1, 2 };
    Series series = { NULL, COLOR_ACCENT, x, y, 2 };
    Chart chart = { .log_x = true, .series = &series, .series_count = 1 };
    Picture picture = new_picture(960, 540);
    chart_draw(&picture, &chart);
    int axis = 0, ticks = 0;
    for (int row = 0; row < 540; row++) {
        if (count_color(&picture, 88, row, 800, 1, COLOR_DIM) > 700) axis = row;
    }
    for (int column = 88; column < 960; column++)
        ticks += pixel(&picture, column, axis + 4) == COLOR_DIM;
    ck_assert_int_eq(ticks, 5); // 150, 200, …, 350
    picture_free(&picture);
}
END_TEST

// --- gates: 3 tokens, 2 layers, 2 channels, 2 of 9 neurons ---

enum { T = 3, L = 2, C = 2, K = 2, F = 9, CELL = 12, SIDE = 36, LEFT = 72, TOP = 116, STEP = 52 };

static const char *const tokens[T] = { " The", " dog", " ran" };
static const float score[T * L * C * K] = { 2, 1, 2, 1, 2, 1, 2, 1, 5, 1, 2, 1,
                                            2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1 };
static const int32_t index_of[T * L * C * K] = {
    0, 1, 2, 3, 4, 5, 6, 7, // The: L1 channel 0, channel 1; L2 channel 0, channel 1
    0, 2, 2, 4, 4, 5, 8, 7, // dog
    0, 8, 2, 5, 4, 3, 1, 7, // ran
};

static SentenceGates gates(void) {
    return (SentenceGates){ T, L, C, K, F, tokens, index_of, score, false };
}

// The middle of neuron f's cell in the grid of a layer and a column.
static Color neuron(const Picture *picture, int layer, int column, int step, int cell, int f) {
    int x = LEFT + column * step + f % 3 * cell + cell / 2 - 1;
    int y = TOP + layer * (3 * cell + 16) + f / 3 * cell + cell / 2 - 1;
    return pixel(picture, x, y);
}

START_TEST(a_sentence_is_summed)
{
    SentenceGates value = gates();
    Picture picture;
    ck_assert_msg(gates_picture_sentence(&picture, &value, &error), "%s", error.text);
    Color rest = neuron(&picture, 0, 0, STEP, CELL, 4);
    // at all three tokens
    ck_assert_uint_eq(neuron(&picture, 0, 0, STEP, CELL, 0), color_heat(1.0));
    ck_assert_uint_eq(neuron(&picture, 0, 0, STEP, CELL, 1), color_heat(0.0)); // at one
    ck_assert_uint_eq(neuron(&picture, 0, 0, STEP, CELL, 8), color_heat(0.0));
    ck_assert_uint_eq(neuron(&picture, 0, 1, STEP, CELL, 2), color_heat(1.0));
    ck_assert_uint_eq(neuron(&picture, 1, 0, STEP, CELL, 5), color_heat(0.5)); // at two
    ck_assert_uint_eq(neuron(&picture, 1, 1, STEP, CELL, 7), color_heat(1.0));
    ck_assert_uint_eq(neuron(&picture, 1, 1, STEP, CELL, 0), rest);
    ck_assert_uint_ne(rest, COLOR_PANEL);
    int awake = 0;
    for (int f = 0; f < F; f++) awake += neuron(&picture, 0, 0, STEP, CELL, f) != rest;
    ck_assert_int_eq(awake, 4);
    picture_free(&picture);
}
END_TEST

START_TEST(words_are_shown_one_by_one)
{
    enum { CELL8 = 8, WORD = 64 + 16 };
    SentenceGates value = gates();
    Picture picture;
    ck_assert_msg(gates_picture_words(&picture, &value, 0, &error), "%s", error.text);
    for (int t = 0; t < T; t++) {
        Color rest = neuron(&picture, 0, t, WORD, CELL8, 7);
        for (int f = 0; f < F; f++) {
            const int32_t *chosen = index_of + t * L * C * K;
            Color wanted = f == chosen[0]   ? color_heat(1.0)
                           : f == chosen[1] ? color_heat(0.25)
                                            : rest;
            ck_assert_uint_eq(neuron(&picture, 0, t, WORD, CELL8, f), wanted);
        }
    }
    // the sum behind them
    ck_assert_uint_eq(neuron(&picture, 1, T, WORD, CELL8, 4), color_heat(1.0));
    ck_assert_uint_eq(neuron(&picture, 1, T, WORD, CELL8, 5), color_heat(0.5));
    ck_assert_uint_eq(neuron(&picture, 1, T, WORD, CELL8, 3), color_heat(0.0));
    picture_free(&picture);
}
END_TEST

// A list: the dog has one expert, running none.
START_TEST(a_token_may_have_fewer_experts)
{
    enum { CELL8 = 8, WORD = 64 + 16, NONE = NO_EXPERT };
    static const int32_t experts[T * K] = { 3, 5, 3, NONE, NONE, NONE };
    static const float weights[T * K] = { 0.6f, 0.2f, 0.9f, 0, 0, 0 };
    SentenceGates value = { T, 1, 1, K, F, tokens, experts, weights, true };
    Picture picture;
    ck_assert_msg(gates_picture_words(&picture, &value, 0, &error), "%s", error.text);
    for (int t = 0; t < T; t++) {
        Color rest = neuron(&picture, 0, t, WORD, CELL8, 7);
        for (int f = 0; f < F; f++) {
            Color wanted = f == experts[t * K]       ? color_heat(1.0)
                           : f == experts[t * K + 1] ? color_heat(0.25)
                                                     : rest;
            ck_assert_uint_eq(neuron(&picture, 0, t, WORD, CELL8, f), wanted);
        }
    }
    picture_free(&picture);
    ck_assert_msg(gates_picture_sentence(&picture, &value, &error), "%s", error.text);
    ck_assert_uint_eq(neuron(&picture, 0, 0, STEP, CELL, 3), color_heat(1.0)); // at two tokens
    ck_assert_uint_eq(neuron(&picture, 0, 0, STEP, CELL, 5), color_heat(0.0));
    picture_free(&picture);
    value.list = false; // of neurons each token has all its K
    ck_assert(!gates_picture_words(&picture, &value, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "chose neuron -1"));
}
END_TEST

START_TEST(gates_that_cannot_be_drawn)
{
    SentenceGates value = gates();
    Picture picture;
    value.F = 8; // neuron 8 is no longer one
    ck_assert(!gates_picture_sentence(&picture, &value, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "chose neuron 8, wanted one below 8"));
    ck_assert_ptr_null(picture.rgb);
    value = gates();
    ck_assert(!gates_picture_words(&picture, &value, C, &error));
    ck_assert(!gates_picture_words(&picture, &value, -1, &error));
    value.T = 0;
    ck_assert(!gates_picture_sentence(&picture, &value, &error));
    value = gates();
    value.F = 4000000; // 2000 pixels wide at the least
    ck_assert(!gates_picture_sentence(&picture, &value, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "do not fit"));
}
END_TEST

START_TEST(long_sentences_and_odd_sizes)
{
    enum { LONG = 200, N = 7 };
    const char *words[LONG];
    int32_t chosen[LONG];
    float scores[LONG];
    for (int t = 0; t < LONG; t++)
        words[t] = t % 3 ? " pterodactyls" : ".\n", chosen[t] = t % N, scores[t] = NAN;
    Picture picture;
    for (int length = 1; length <= LONG; length += 199) {
        SentenceGates value = { length, 1, 1, 1, N, words, chosen, scores, false };
        ck_assert_msg(gates_picture_words(&picture, &value, 0, &error), "%s", error.text);
        ck_assert_int_le(picture.width, 1280);
        picture_free(&picture);
        ck_assert_msg(gates_picture_sentence(&picture, &value, &error), "%s", error.text);
        ck_assert_int_le(picture.width, 1280);
        picture_free(&picture);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("picture");
    TCase *canvas = tcase_create("canvas"), *chart = tcase_create("chart"),
          *grids = tcase_create("gates");
    tcase_add_test(canvas, rectangles_are_clipped);
    tcase_add_test(canvas, a_copy_is_clipped);
    tcase_add_test(canvas, lines_are_as_thick_as_asked);
    tcase_add_test(canvas, text_takes_the_room_it_says);
    tcase_add_test(canvas, an_l_has_its_strokes);
    tcase_add_test(canvas, heat_rises_evenly_in_lightness);
    tcase_add_test(canvas, a_png_holds_the_pixels);
    tcase_add_loop_test(chart, ticks_are_round, 0, (int)(sizeof tick_cases / sizeof *tick_cases));
    tcase_add_test(chart, a_chart_shows_its_curves);
    tcase_add_test(chart, a_legend_has_rows);
    tcase_add_test(chart, a_short_logarithmic_axis_has_ticks);
    tcase_add_test(chart, the_last_number_stays_in_the_chart);
    tcase_add_test(grids, a_sentence_is_summed);
    tcase_add_test(grids, words_are_shown_one_by_one);
    tcase_add_test(grids, a_token_may_have_fewer_experts);
    tcase_add_test(grids, gates_that_cannot_be_drawn);
    tcase_add_test(grids, long_sentences_and_odd_sizes);
    suite_add_tcase(suite, canvas);
    suite_add_tcase(suite, chart);
    suite_add_tcase(suite, grids);
    return suite_run(suite);
}
