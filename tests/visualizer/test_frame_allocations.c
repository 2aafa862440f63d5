// A frame allocates no memory: every call of malloc, calloc and realloc is counted while frames are
// drawn and painted. Needs glibc, whose functions can be replaced by a program's own.
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include "visualizer/tiles.h"
#include <stdio.h>
#include <stdlib.h>

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || !defined __GLIBC__
#define SANITIZED // they replace malloc themselves
#endif

static int calls;

#ifndef SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size) {
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    calls++;
    return __libc_realloc(memory, size);
}
#endif

// Half a second, in which the last token is taken away and comes back. Asserts nothing, as libcheck
// allocates memory.
static bool draw_frames(PanelFrame *frame, Tiles *tiles, Picture *picture) {
    Error error;
    bool ok = true;
    for (int i = 0; i < 30; i++) {
        frame->scene.story.count += (i == 11) - (i == 10);
        frame->view.now += 1.0 / 60;
        draw_clear(&frame->list, picture->width, picture->height);
        frame->hits.count = 0;
        layout_draw(&frame->frame);
        ok = ok && tiles_paint(tiles, picture, &frame->list, &error);
    }
    return ok;
}

static const FakeScene scenes[] = {
    { .kind = "sgatlin" }, { .kind = "moe", .n = 8 }, { .training = true }, { .patched = true }
};

START_TEST(no_frame_allocates)
{
    PanelFrame frame;
    Picture picture;
    Tiles tiles = { 0 };
    Error error;
    panel_frame_new(&frame, &scenes[_i], 1280, 720);
    ck_assert(picture_new(&picture, 1280, 720, &error));
    double start = frame.view.now;
    bool ok = draw_frames(&frame, &tiles, &picture); // buffers grow, the font gets its glyphs
    frame.view.now = start;
    int before = calls;
    ok = ok && draw_frames(&frame, &tiles, &picture);
    int after = calls;
    ck_assert(ok);
    ck_assert_int_eq(after, before);
    tiles_free(&tiles);
    picture_free(&picture);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(calls_are_counted)
{
    int before = calls;
    char *volatile memory = malloc(10);
    memory = realloc(memory, 20);
    free(memory);
    ck_assert_int_eq(calls, before + 2);
}
END_TEST

int main(void) {
#ifdef SANITIZED
    printf("skipped: calls of malloc cannot be counted here\n");
    return 0;
#endif
    const TestRow tests[] = { { no_frame_allocates, COUNT_OF(scenes) }, { calls_are_counted } };
    return run_tests("frame allocations", tests, COUNT_OF(tests));
}
