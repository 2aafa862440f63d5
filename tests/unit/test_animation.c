#include "reference/draw/animation.h"
#include "reference/draw/paint.h"
#include "reference/numbers/random.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/film.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <signal.h>
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

// ---- pictures to write

static Picture new_picture(int width, int height) {
    Picture picture;
    ck_assert_msg(picture_new(&picture, width, height, &error), "%s", error.text);
    return picture;
}

static void set_pixel(Picture *picture, int x, int y, Color color) {
    uint8_t *rgb = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
    for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)(color >> (16 - 8 * i));
}

static Animation *open_animation(const char *path, const Picture *frame) {
    Animation *animation = animation_open(path, frame->width, frame->height, &error);
    ck_assert_msg(animation != NULL, "%s", error.text);
    return animation;
}

static void add(Animation *animation, const Picture *frame, double seconds) {
    ck_assert_msg(animation_add(animation, frame, seconds, &error), "%s", error.text);
}

static Film commit(Animation *animation, const char *path) {
    ck_assert_msg(animation_commit(animation, &error), "%s", error.text);
    return film_read(path);
}

// Between the channels of a frame of a film and those of a picture.
typedef struct {
    int most;
    double mean; // root of the mean square
} Difference;

static Difference difference(const Film *film, int frame, const Picture *picture) {
    int count = 3 * film->width * film->height;
    ck_assert(film->width == picture->width && film->height == picture->height);
    const uint32_t *pixels = film->pixels + (size_t)frame * (size_t)(count / 3);
    Difference found = { 0 };
    for (int i = 0; i < count; i++) {
        int one = abs((int)(pixels[i / 3] >> (16 - 8 * (i % 3)) & 255) - picture->rgb[i]);
        found.most = max_int(found.most, one);
        found.mean += (double)one * one / count;
    }
    found.mean = sqrt(found.mean);
    return found;
}

static bool same(const Film *film, int frame, const Picture *picture) {
    return difference(film, frame, picture).most == 0;
}

// ---- tests

static const struct {
    int width, height;
} sizes[] = { { 1, 1 }, { 1, 7 }, { 5, 3 }, { 17, 13 }, { 64, 31 } };

// Frames that change in a few pixels of 255 colors, and a second animation into the same file.
START_TEST(few_colors_are_exact)
{
    enum { FRAMES = 20 };
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    uint64_t key = random_key((uint64_t)_i, "frames"), drawn = 0;
    Picture picture = new_picture(sizes[_i].width, sizes[_i].height), frames[FRAMES];
    Animation *animation = open_animation(path, &picture);
    int expected = 0, place[FRAMES]; // of a frame in the file
    for (int i = 0; i < FRAMES; i++) {
        for (int change = 0; change < (i == 0 ? 3000 : i % 4); change++) {
            int x = (int)random_below(key, drawn++, (uint64_t)picture.width);
            int y = (int)random_below(key, drawn++, (uint64_t)picture.height);
            set_pixel(&picture, x, y, 0x010203 * (Color)random_below(key, drawn++, 85));
        }
        add(animation, &picture, 0.5);
        frames[i] = new_picture(picture.width, picture.height);
        size_t bytes = (size_t)picture.width * (size_t)picture.height * 3;
        memcpy(frames[i].rgb, picture.rgb, bytes);
        expected += i == 0 || memcmp(frames[i].rgb, frames[i - 1].rgb, bytes) != 0;
        place[i] = expected - 1;
    }
    Film film = commit(animation, path);
    ck_assert_int_eq(film.count, expected);
    for (int i = 0; i < FRAMES; i++) {
        ck_assert(same(&film, place[i], &frames[i]));
        picture_free(&frames[i]);
    }
    film_free(&film);
    picture_free(&picture);
    ck_assert_int_eq(count_entries(scratch.path), 1);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_viewer_of_still_pictures_shows_the_first_frame)
{
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    Picture picture = new_picture(9, 4), first = new_picture(9, 4);
    Animation *animation = open_animation(path, &picture);
    for (int i = 0; i < 36; i++) set_pixel(&first, i % 9, i / 9, 0x070503 * (Color)i);
    add(animation, &first, 1);
    add(animation, &picture, 1);
    Film film = commit(animation, path);
    ck_assert_int_eq(film.count, 2);
    int width, height, channels;
    uint8_t *rgb = stbi_load(path, &width, &height, &channels, 3);
    ck_assert_ptr_nonnull(rgb);
    ck_assert(width == 9 && height == 4);
    ck_assert_mem_eq(rgb, first.rgb, 9 * 4 * 3);
    stbi_image_free(rgb);
    film_free(&film);
    picture_free(&picture);
    picture_free(&first);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_frame_has_what_changed)
{
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    Picture picture = new_picture(30, 20);
    Animation *animation = open_animation(path, &picture);
    add(animation, &picture, 1);
    set_pixel(&picture, 29, 19, 0xffffff);
    add(animation, &picture, 1);
    set_pixel(&picture, 3, 7, 0xffffff);
    set_pixel(&picture, 12, 5, 0xffffff);
    add(animation, &picture, 1);
    set_pixel(&picture, 29, 19, 0);
    add(animation, &picture, 1);
    static const Area areas[] = {
        { 0, 0, 30, 20 }, { 29, 19, 1, 1 }, { 3, 5, 10, 3 }, { 29, 19, 1, 1 }
    };
    Film film = commit(animation, path);
    ck_assert_int_eq(film.count, COUNT_OF(areas));
    ck_assert_mem_eq(film.areas, areas, sizeof areas);
    ck_assert(same(&film, 3, &picture));
    film_free(&film);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

// Frames of a 30th of a second, which is no whole number of milliseconds; others that are long.
START_TEST(time_is_kept)
{
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    Picture picture = new_picture(2, 2);
    Animation *animation = open_animation(path, &picture);
    for (int i = 0; i < 30; i++) {
        set_pixel(&picture, 0, 0, (Color)i);
        add(animation, &picture, 1 / 30.0);
    }
    static const double longer[] = { 65.535, 65.536, 1000, 80000 };
    for (int i = 0; i < 4; i++) {
        set_pixel(&picture, 0, 0, 100 + (Color)i);
        add(animation, &picture, longer[i] / 4);
        add(animation, &picture, longer[i] * 3 / 4); // the same
    }
    Film film = commit(animation, path);
    ck_assert_int_eq(film.count, 34);
    double sum = 0;
    for (int i = 0; i < 30; i++) {
        ck_assert_double_eq_tol(film.seconds[i], 1 / 30.0, 0.001);
        sum += film.seconds[i];
    }
    ck_assert_double_eq_tol(sum, 1, 1e-9);
    ck_assert_double_eq_tol(film.seconds[30], 65.535, 1e-9);
    ck_assert_double_eq_tol(film.seconds[31], 66, 1e-9); // in seconds from here on
    ck_assert_double_eq_tol(film.seconds[32], 1000, 1e-9);
    ck_assert_double_eq_tol(film.seconds[33], 65535, 1e-9); // the longest there is
    film_free(&film);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

// Text, lines and cells over two backgrounds, in more colors than a palette has.
static void paint_scene(Picture *picture, int frame) {
    DrawList list = draw_new(picture->width, picture->height, font_builtin());
    draw_rect(&list, (Rect){ 20, 20, 260, 160 }, COLOR_PANEL);
    for (int i = 0; i < 8; i++) {
        float x = 30 + 30 * (float)i, y = 30 + 3 * (float)frame;
        draw_line(&list, x, y, x + 55, 170, 1.3f, color_class(i));
        draw_text(&list, x, 30 + 15 * (float)i, TEXT_SMALL, color_class(i + frame), "circuit");
    }
    float values[100];
    for (int i = 0; i < 100; i++) values[i] = (float)fmod(i * 0.7312 + frame * 0.1371, 1);
    draw_cells(&list, (Rect){ 150, 100, 100, 60 }, 10, 10, values, 0, 1);
    ck_assert_msg(paint_list(picture, &list, &error), "%s", error.text);
    draw_free(&list);
}

static Color film_pixel(const Film *film, int frame, int x, int y) {
    return film->pixels[((size_t)frame * (size_t)film->height + (size_t)y) * (size_t)film->width +
                        (size_t)x];
}

START_TEST(many_colors_become_similar_ones)
{
    enum { FRAMES = 12 };
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    Picture picture = new_picture(300, 200);
    Animation *animation = open_animation(path, &picture);
    for (int i = 0; i < FRAMES; i++) {
        paint_scene(&picture, i);
        add(animation, &picture, 1);
    }
    Film film = commit(animation, path);
    ck_assert_int_eq(film.count, FRAMES);
    Difference worst = { 0 };
    for (int i = 0; i < FRAMES; i++) {
        paint_scene(&picture, i);
        Difference found = difference(&film, i, &picture);
        worst.most = max_int(worst.most, found.most);
        worst.mean = fmax(worst.mean, found.mean);
        ck_assert_uint_eq(film_pixel(&film, i, 5, 5), COLOR_BACKGROUND);
        ck_assert_uint_eq(film_pixel(&film, i, 25, 25), COLOR_PANEL);
    }
    ck_assert_int_gt(worst.most, 0);    // there are too many colors
    ck_assert_int_le(worst.most, 64);   // 56 measured, in a few pixels where lines cross
    ck_assert_double_le(worst.mean, 1); // 0.69 measured
    film_free(&film);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

// ---- what fails

START_TEST(impossible_animations_are_refused)
{
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    write_bytes(path, "old", 3);
    ck_assert_ptr_null(animation_open(path, 0, 5, &error));
    check_said(&error, "0 by 5 pixels");
    ck_assert_ptr_null(animation_open(scratch_path(&scratch, "no/a.png"), 5, 5, &error));
    check_said(&error, "does not exist");
    Animation *animation = animation_open(path, 5, 4, &error);
    ck_assert_ptr_nonnull(animation);
    Picture picture = new_picture(4, 5);
    ck_assert(!animation_add(animation, &picture, 1, &error));
    check_said(&error, "4 by 5 pixels, but the animation has 5 by 4");
    picture_free(&picture);
    picture = new_picture(5, 4);
    static const double seconds[] = { 0, -1, 65536, NAN, INFINITY };
    for (int i = 0; i < COUNT_OF(seconds); i++) {
        ck_assert(!animation_add(animation, &picture, seconds[i], &error));
        check_said(&error, "expected more than 0");
    }
    ck_assert(!animation_commit(animation, &error)); // nothing was added
    check_said(&error, "without frames");
    animation = open_animation(path, &picture);
    add(animation, &picture, 1);
    animation_discard(animation);
    check_content(path, "old");
    ck_assert_int_eq(count_entries(scratch.path), 1);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

// A limit on the size of files fails like a full disk.
START_TEST(a_full_disk_leaves_the_old_file)
{
    Scratch scratch = scratch_new("animation");
    const char *path = scratch_path(&scratch, "a.png");
    write_bytes(path, "old", 3);
    Picture picture = new_picture(300, 200);
    Animation *animation = open_animation(path, &picture);
    for (int i = 0; i < 5; i++) {
        paint_scene(&picture, i);
        add(animation, &picture, 1);
    }
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tiny;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tiny = before;
    tiny.rlim_cur = 5000;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    bool committed = animation_commit(animation, &error);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert(!committed);
    check_said(&error, path);
    check_content(path, "old");
    ck_assert_int_eq(count_entries(scratch.path), 1);
    picture_free(&picture);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { few_colors_are_exact, COUNT_OF(sizes) },
        { a_viewer_of_still_pictures_shows_the_first_frame },
        { a_frame_has_what_changed },
        { time_is_kept },
        { many_colors_become_similar_ones },
        { impossible_animations_are_refused },
        { a_full_disk_leaves_the_old_file },
    };
    return run_tests("animation", tests, COUNT_OF(tests));
}
