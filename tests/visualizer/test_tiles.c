#include "reference/draw/paint.h" // before check.h, which has a macro of the name fail
#include "tests/harness/random_list.h"
#include "tests/harness/suite.h"
#include "visualizer/tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Error error;

typedef struct {
    DrawList list;
    Tiles tiles;
    Picture picture, whole; // painted by tiles, and all at once
} Screen;

static void screen_new(Screen *out, int width, int height, Font *font) {
    *out = (Screen){ .list = draw_new(width, height, font) };
    ck_assert(picture_new(&out->picture, width, height, &error));
    ck_assert(picture_new(&out->whole, width, height, &error));
}

static void screen_free(Screen *screen) {
    draw_free(&screen->list);
    tiles_free(&screen->tiles);
    picture_free(&screen->picture);
    picture_free(&screen->whole);
}

// Paints the list both ways and empties it. The number of pixels that were painted again.
static int paint(Screen *screen) {
    const Picture *picture = &screen->picture;
    ck_assert_msg(tiles_paint(&screen->tiles, &screen->picture, &screen->list, &error), "%s",
                  error.text);
    ck_assert(paint_list(&screen->whole, &screen->list, &error));
    size_t bytes = 3 * (size_t)picture->width * (size_t)picture->height;
    ck_assert(memcmp(picture->rgb, screen->whole.rgb, bytes) == 0);
    int painted = 0;
    for (int i = 0; i < screen->tiles.dirty_count; i++) {
        Pixels part = screen->tiles.dirty[i];
        ck_assert(part.left >= 0 && part.left < part.right && part.right <= picture->width);
        ck_assert(part.top >= 0 && part.top < part.bottom && part.bottom <= picture->height);
        painted += (part.right - part.left) * (part.bottom - part.top);
    }
    draw_clear(&screen->list, picture->width, picture->height);
    return painted;
}

// Frames of random lists, each with a few changes from the one before.
START_TEST(frames_are_those_of_a_full_painting)
{
    enum { COUNT = 60, FRAMES = 12, WIDTH = 500, HEIGHT = 330 };
    uint64_t seeds[COUNT], next = (uint64_t)_i * 1000000;
    for (int i = 0; i < COUNT; i++) seeds[i] = next++;
    Screen screen;
    screen_new(&screen, WIDTH, HEIGHT, _i % 2 == 0 ? font_builtin() : font_find());
    screen.list.scale = 1 + 0.5f * (float)(_i % 3);
    int painted = 0;
    for (int frame = 0; frame < FRAMES; frame++) {
        for (int i = 0; i < frame % 4; i++, next++) seeds[next * 7 % COUNT] = next;
        random_list(&screen.list, seeds, COUNT - frame % 5);
        painted += paint(&screen);
    }
    ck_assert_int_lt(painted, FRAMES * WIDTH * HEIGHT); // 0.2 to 0.6 of it, measured
    screen_free(&screen);
}
END_TEST

// ---- one change at a time

// What a list is made of; each field is a change by itself.
typedef struct {
    Color color;
    float x, end, thickness, earlier, size, value, low, high, clip;
    const char *text;
    bool apart; // something elsewhere comes between two lines, which then are not one curve
} Look;

static void draw_look(DrawList *list, const Look *look) {
    const float values[] = { 0.5f, look->value };
    draw_rect(list, (Rect){ look->x, 10, 20, 20 }, look->color);
    draw_line(list, 20, look->earlier, 100, 100, look->thickness, 0xffffff);
    if (look->apart) draw_rect(list, (Rect){ 280, 10, 5, 5 }, 0x0000ff);
    draw_line(list, 100, 100, look->end, 90.5f, look->thickness, 0xffffff);
    draw_text(list, 150, 120, look->size, 0xffffff, look->text);
    draw_cells(list, (Rect){ 10, 150, 60, 30 }, 1, 2, values, look->low, look->high);
    draw_clip(list, (Rect){ 0, 0, look->clip, 200 });
    draw_rect(list, (Rect){ 200, 200, 100, 40 }, 0x00ff00);
}

static const Look plain = { .color = 0xff0000,
                            .x = 10,
                            .end = 190,
                            .thickness = 3,
                            .earlier = 20,
                            .size = TEXT_NORMAL,
                            .value = 0.3f,
                            .low = 0,
                            .high = 1,
                            .clip = 220,
                            .text = "told" };

START_TEST(every_change_is_seen)
{
    Look looks[12];
    for (int i = 0; i < COUNT_OF(looks); i++) looks[i] = plain;
    looks[0].color = 0xff0001;
    looks[1].x = 11;
    looks[2].end = 180;
    looks[3].thickness = 3.25f;
    looks[4].earlier = 21;
    looks[5].size = TEXT_LARGE;
    looks[6].value = 0.9f;
    looks[7].low = 0.1f;
    looks[8].high = 0.9f;
    looks[9].clip = 221;
    looks[10].text = "tolb";
    looks[11].apart = true;
    Screen screen;
    screen_new(&screen, 300, 240, font_builtin());
    screen.list.scale = 0.9f;
    draw_look(&screen.list, &plain);
    ck_assert_int_eq(paint(&screen), 300 * 240);
    for (int i = 0; i < COUNT_OF(looks); i++) {
        draw_look(&screen.list, &looks[i]);
        int painted = paint(&screen);
        ck_assert_msg(painted > 0 && painted < 300 * 240, "look %d: %d pixels", i, painted);
        draw_look(&screen.list, &looks[i]);
        ck_assert_int_eq(paint(&screen), 0);
        draw_look(&screen.list, &plain);
        ck_assert_int_eq(paint(&screen), painted);
    }
    screen_free(&screen);
}
END_TEST

START_TEST(the_order_of_commands_is_seen)
{
    Screen screen;
    screen_new(&screen, 200, 200, font_builtin());
    for (int i = 0; i < 2; i++) {
        draw_rect(&screen.list, (Rect){ 5, 5, 20, 20 }, i == 0 ? 0xff0000 : 0x00ff00);
        draw_rect(&screen.list, (Rect){ 10, 10, 20, 20 }, i == 0 ? 0x00ff00 : 0xff0000);
        int painted = paint(&screen);
        ck_assert_int_eq(painted, i == 0 ? 200 * 200 : TILE * TILE);
    }
    screen_free(&screen);
}
END_TEST

// Four by three grids apart from each other, of which one changes.
START_TEST(only_tiles_that_changed_are_painted)
{
    Screen screen;
    screen_new(&screen, 4 * 2 * TILE, 3 * 2 * TILE, font_builtin());
    for (int frame = 0; frame < 8; frame++) {
        for (int i = 0; i < 12; i++) {
            float value = i == frame ? 1 : 0;
            Rect rect = { (float)(i % 4 * 2 * TILE + 4), (float)(i / 4 * 2 * TILE + 4), 20, 45 };
            draw_cells(&screen.list, rect, 1, 1, &value, 0, 1);
        }
        int painted = paint(&screen);
        if (frame == 0) continue;
        ck_assert_int_eq(screen.tiles.dirty_count, 2); // the one before, and this one
        ck_assert_int_eq(painted, 4 * TILE * TILE);
    }
    screen_free(&screen);
}
END_TEST

// A grid of cells as large as a tile, of which one changes.
START_TEST(only_cells_that_changed_are_painted)
{
    enum { SIDE = 6 };
    float values[SIDE * SIDE] = { 0 };
    Screen screen;
    screen_new(&screen, SIDE * TILE, SIDE * TILE, font_builtin());
    for (int i = -1; i < SIDE * SIDE; i++) {
        if (i >= 0) values[i] = i % 3 == 0 ? NAN : 1;
        draw_cells(&screen.list, draw_whole(&screen.list), SIDE, SIDE, values, 0, 1);
        int painted = paint(&screen);
        if (i < 0) continue;
        const Pixels *dirty = screen.tiles.dirty; // the cell, and where its neighbours may end
        int x = i % SIDE * TILE, y = i / SIDE * TILE;
        ck_assert_int_eq(screen.tiles.dirty_count, 1);
        ck_assert(dirty->left <= x && dirty->right >= x + TILE);
        ck_assert(dirty->top <= y && dirty->bottom >= y + TILE);
        ck_assert_int_le(painted, 9 * TILE * TILE);
    }
    screen_free(&screen);
}
END_TEST

START_TEST(a_whole_picture_is_one_rectangle)
{
    Screen screen;
    screen_new(&screen, 333, 201, font_builtin());
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(paint(&screen), i == 1 ? 0 : 333 * 201);
        ck_assert_int_eq(screen.tiles.dirty_count, i == 1 ? 0 : 1);
        if (i == 1) tiles_forget(&screen.tiles);
    }
    screen_free(&screen);
}
END_TEST

// Memory is taken for the largest size only.
START_TEST(another_size_is_painted_whole)
{
    static const int sizes[][2] = {
        { 640, 480 }, { 1, 1 }, { 64, 65 }, { 640, 479 }, { 480, 640 }
    };
    Screen screen;
    screen_new(&screen, 1, 1, font_builtin());
    const void *block = NULL;
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        int width = sizes[i][0], height = sizes[i][1];
        picture_free(&screen.picture);
        picture_free(&screen.whole);
        ck_assert(picture_new(&screen.picture, width, height, &error));
        ck_assert(picture_new(&screen.whole, width, height, &error));
        for (int frame = 0; frame < 3; frame++) {
            draw_rect(&screen.list, (Rect){ 0, 0, 9, 9 }, 0x112233u * (unsigned)frame);
            int painted = paint(&screen);
            if (frame == 0) ck_assert_int_eq(painted, width * height);
            if (block == NULL) block = screen.tiles.block;
            ck_assert_ptr_eq(screen.tiles.block, block);
        }
    }
    screen_free(&screen);
    ck_assert_ptr_null(screen.tiles.block);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { frames_are_those_of_a_full_painting, 60 }, { every_change_is_seen },
        { the_order_of_commands_is_seen },           { only_tiles_that_changed_are_painted },
        { only_cells_that_changed_are_painted },     { a_whole_picture_is_one_rectangle },
        { another_size_is_painted_whole },
    };
    return run_tests("tiles", tests, COUNT_OF(tests));
}
