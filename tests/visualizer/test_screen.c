#include "tests/harness/panel_frame.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include "visualizer/screen.h"
#include <math.h>
#include <string.h>
#include <time.h>

// The window is not part of this program.
void window_notify(void) {}

static Error error;

typedef struct {
    Scene scene;
    WindowOptions options;
    Screen screen;
} Shown;

// A paused story whose last token is long past.
static void shown_new(Shown *out, const char *pictures) {
    fake_scene(&out->scene, &(FakeScene){ 0 });
    for (int t = 0; t < out->scene.story.count; t++) out->scene.story.tokens[t].time = -INFINITY;
    out->options = (WindowOptions){ .exchange = scene_exchange_new(),
                                    .width = 640,
                                    .height = 480,
                                    .panel = -1,
                                    .speed = 7,
                                    .pictures = pictures };
    ck_assert_ptr_nonnull(out->options.exchange);
    ck_assert(scene_publish(out->options.exchange, &out->scene));
    screen_open(&out->screen, &out->options);
}

static void shown_free(Shown *shown) {
    screen_close(&shown->screen);
    scene_exchange_free(shown->options.exchange);
    fake_scene_free(&shown->scene);
}

// Hands over the scene with a token that is told now.
static void tell(Shown *shown) {
    SceneStory *story = &shown->scene.story;
    story->tokens[story->count - 1].time = screen_now(&shown->screen);
    shown->scene.version.told++;
    ck_assert(scene_publish(shown->options.exchange, &shown->scene));
}

static void draw(Shown *shown, int width, int height) {
    screen_update(&shown->screen);
    ck_assert_msg(screen_draw(&shown->screen, width, height, &error), "%s", error.text);
}

static void sleep_seconds(double seconds) {
    nanosleep(&(struct timespec){ 0, (long)(1e9 * seconds) }, NULL);
}

START_TEST(nothing_is_drawn_while_nothing_moves)
{
    Shown shown;
    shown_new(&shown, NULL);
    Screen *screen = &shown.screen;
    ck_assert_double_eq(screen->view.speed, 7);
    ck_assert_double_eq(screen_wait(screen), 0);
    draw(&shown, 640, 480);
    screen_update(screen);
    ck_assert(!screen_moves(screen));
    ck_assert_double_eq(screen_wait(screen), INFINITY);
    tell(&shown);
    screen_update(screen);
    ck_assert(screen_moves(screen) && screen->changed);
    ck_assert_double_lt(screen_wait(screen), 0.05);
    draw(&shown, 640, 480);
    double wait = screen->due - screen->view.now;   // it fades: another frame, but not at once
    ck_assert(wait > 0 && wait <= 2.0 / 60 + 1e-6); // two, as this one was early
    ck_assert_double_le(screen_wait(screen), wait);
    sleep_seconds(0.7);
    draw(&shown, 640, 480);
    screen_update(screen);
    ck_assert_double_eq(screen_wait(screen), INFINITY);
    shown_free(&shown);
}
END_TEST

START_TEST(a_message_ends_with_a_frame)
{
    Shown shown;
    shown_new(&shown, NULL);
    Screen *screen = &shown.screen;
    view_say(&screen->view, "something");
    draw(&shown, 640, 480);
    screen->view.message_until = screen_now(screen) + 0.2; // however long the frame took
    double wait = screen_wait(screen);
    ck_assert(wait > 0 && wait <= 0.2);
    sleep_seconds(0.21);
    screen_update(screen);
    ck_assert(screen->changed);
    draw(&shown, 640, 480);
    screen_update(screen);
    ck_assert_double_eq(screen_wait(screen), INFINITY);
    shown_free(&shown);
}
END_TEST

// Each size, from 1x1 on, at its scale or the one asked for.
START_TEST(frames_have_the_pixels_of_the_list)
{
    static const int sizes[][2] = {
        { 1280, 720 }, { 1, 1 }, { 2560, 1440 }, { 3, 900 }, { 900, 2 }
    };
    Shown shown;
    shown_new(&shown, NULL);
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        int width = sizes[i][0], height = sizes[i][1];
        shown.options.scale = i == 4 ? 2.5f : 0;
        shown.screen.density = 1 + (float)(i % 2);
        for (int frame = 0; frame < 2; frame++) {
            if (frame == 1) tell(&shown);
            draw(&shown, width, height);
            float scale = i == 4 ? 2.5f : view_scale(width, height, shown.screen.density);
            ck_assert_float_eq(shown.screen.list.scale, scale);
            Picture expected;
            ck_assert(picture_new(&expected, width, height, &error));
            ck_assert(paint_list(&expected, &shown.screen.list, &error));
            size_t bytes = 3 * (size_t)width * (size_t)height;
            ck_assert(memcmp(expected.rgb, shown.screen.picture.rgb, bytes) == 0);
            picture_free(&expected);
        }
    }
    ck_assert(!screen_draw(&shown.screen, 0, 5, &error));
    shown_free(&shown);
}
END_TEST

// After the first frames, only what they took is used.
START_TEST(frames_allocate_nothing)
{
    Shown shown;
    shown_new(&shown, NULL);
    Screen *screen = &shown.screen;
    for (int i = 0; i < 2; i++) {
        tell(&shown);
        draw(&shown, 1280, 720);
    }
    Screen before = *screen;
    for (int i = 0; i < 10; i++) {
        tell(&shown);
        draw(&shown, 1280, 720);
    }
    ck_assert_ptr_eq(screen->list.entries, before.list.entries);
    ck_assert_ptr_eq(screen->list.data, before.list.data);
    ck_assert_ptr_eq(screen->hits.items, before.hits.items);
    ck_assert_ptr_eq(screen->tiles.block, before.tiles.block);
    ck_assert_ptr_eq(screen->picture.rgb, before.picture.rgb);
    shown_free(&shown);
}
END_TEST

START_TEST(a_picture_is_saved_while_frames_go_on)
{
    Scratch scratch = scratch_new("screen");
    Shown shown;
    shown_new(&shown, scratch.path);
    Screen *screen = &shown.screen;
    screen->view.save_picture = true; // before the first frame: nothing to save
    draw(&shown, 640, 480);
    ck_assert_ptr_null(screen->snapshot);
    screen->view.save_picture = true;
    for (int i = 0; i < 5000 && strstr(screen->view.message, "sgatlin-0001.png") == NULL; i++) {
        draw(&shown, 640, 480);
        sleep_seconds(0.001);
    }
    ck_assert_ptr_nonnull(strstr(screen->view.message, "sgatlin-0001.png"));
    ck_assert_ptr_null(screen->snapshot);
    ck_assert_ptr_nonnull(strstr(screen->view.message, scratch.path));
    shown_free(&shown);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { nothing_is_drawn_while_nothing_moves },
        { a_message_ends_with_a_frame },
        { frames_have_the_pixels_of_the_list },
        { frames_allocate_nothing },
        { a_picture_is_saved_while_frames_go_on, .threads = USES_THREADS },
    };
    return run_tests("screen", tests, COUNT_OF(tests));
}
