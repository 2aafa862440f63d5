#include "reference/circuits/map.h"
#include "reference/circuits/map_picture.h"
#include "tests/harness/drawn.h"
#include "tests/harness/suite.h"
#include <string.h>

static Error error;

enum { N = 6 };
static const float xy[2 * N] = { 0, 0, 0.1f, 0, 10, 5, 10, 5.1f, 10.1f, 5, 4, -3 };
static const int32_t label[N] = { 0, 0, 1, 1, 1, -1 };
static const char *const names[] = { "animal", "place", "feeling" };

static MapPicture picture(void) {
    return (MapPicture){ .title = "Layer 1", .N = N, .xy = xy, .groups = { label, 3, names } };
}

static DrawList draw(const MapPicture *value) {
    DrawList list = draw_new(0, 0, font_builtin());
    ck_assert_msg(map_picture(&list, value, &error), "%s", error.text);
    ck_assert(!list.failed);
    return list;
}

// Where the first point of a color is drawn.
static void find_point(float out[2], const DrawList *list, Color color) {
    DrawCommand command;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind != DRAW_LINE || command.color != color) continue;
        out[0] = command.x0;
        out[1] = command.y0;
        return;
    }
    ck_abort_msg("there is no point of the color");
}

// Texts that say exactly this.
static int texts(const DrawList *list, const char *text) {
    DrawCommand command;
    int count = 0;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);)
        count += command.kind == DRAW_TEXT && strcmp(command.text, text) == 0;
    return count;
}

START_TEST(points_have_the_colors_of_their_groups_and_names)
{
    MapPicture value = picture();
    DrawList list = draw(&value);
    Rect all = draw_whole(&list);
    ck_assert_int_eq(drawn_inside(&list, DRAW_LINE, color_class(0), all), 2 + 1); // and the legend
    ck_assert_int_eq(drawn_inside(&list, DRAW_LINE, color_class(1), all), 3 + 1);
    ck_assert_int_eq(drawn_inside(&list, DRAW_LINE, color_class(2), all), 0); // no point
    ck_assert_int_eq(drawn_inside(&list, DRAW_LINE, COLOR_FAINT, all), 1 + 1);
    ck_assert_int_eq(texts(&list, "animal"), 2); // in the legend and on the cluster
    ck_assert_int_eq(texts(&list, "place"), 2);
    ck_assert_int_eq(texts(&list, "feeling"), 0);
    ck_assert_int_eq(texts(&list, "no class"), 1);
    ck_assert_int_eq(texts(&list, "Layer 1"), 1);
    draw_free(&list);
}
END_TEST

START_TEST(names_are_near_their_points_and_do_not_overlap)
{
    MapPicture value = picture();
    DrawList list = draw(&value);
    DrawCommand command;
    int found = 0;
    float at[2];
    find_point(at, &list, color_class(1));
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind != DRAW_TEXT || strcmp(command.text, "place") != 0) continue;
        found += at[0] >= command.rect.x - 60 &&
                 at[0] <= command.rect.x + command.rect.width + 60 &&
                 at[1] >= command.rect.y - 20 && at[1] <= command.rect.y + command.rect.height + 20;
    }
    ck_assert_int_eq(found, 1); // the other is in the legend
    // two labels at one place: the larger has its name above, the other one below
    static const float together[2 * 3] = { 0 };
    static const int32_t two[3] = { 0, 1, 1 };
    MapPicture close = { .title = "", .N = 3, .xy = together, .groups = { two, 2, names } };
    DrawList other = draw(&close);
    ck_assert_int_eq(texts(&other, "animal"), 2);
    ck_assert_int_eq(texts(&other, "place"), 2);
    draw_free(&list);
    draw_free(&other);
}
END_TEST

START_TEST(words_are_named_in_the_colors_of_their_classes)
{
    static const int32_t word[N] = { 0, 0, 1, 1, 1, 2 };
    static const char *const words[] = { " dog", " farm", " the" };
    MapPicture value = picture();
    value.words = (MapLabels){ word, 3, words };
    DrawList list = draw(&value);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(texts(&list, words[i]), 1);
    ck_assert_int_eq(texts(&list, "animal"), 1); // in the legend
    draw_free(&list);
}
END_TEST

// More labels than the legend has rows, and than there is space for names.
START_TEST(many_labels_end_in_a_number)
{
    enum { MANY = 100 };
    static float places[2 * MANY];
    static int32_t labels[MANY];
    static const char *many[MANY];
    for (int i = 0; i < MANY; i++) {
        places[2 * i] = (float)(i % 10);
        labels[i] = i;
        many[i] = "word";
    }
    MapPicture value = { .title = "", .N = MANY, .xy = places, .groups = { labels, MANY, many } };
    DrawList list = draw(&value);
    DrawCommand command;
    Rect whole = draw_whole(&list);
    bool more = false;
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind != DRAW_TEXT) continue;
        more = more || strncmp(command.text, "and ", 4) == 0;
        ck_assert(command.rect.y + command.rect.height <= whole.height);
        ck_assert(command.rect.x + command.rect.width <= whole.width);
    }
    ck_assert(more);
    draw_free(&list);
}
END_TEST

START_TEST(one_point_and_none)
{
    static const int32_t one[] = { 0 };
    MapPicture value = { .title = "", .N = 1, .xy = xy, .groups = { one, 1, names } };
    DrawList list = draw(&value);
    ck_assert_int_eq(texts(&list, "animal"), 2);
    draw_free(&list);
    value.N = 0;
    list = draw(&value);
    ck_assert_int_eq(texts(&list, "animal"), 0);
    draw_free(&list);
}
END_TEST

START_TEST(a_map_fits_an_area)
{
    static const float low[2] = { -1, 2 }, high[2] = { 3, 3 };
    MapPlace place = map_fit(low, high, (Rect){ 10, 20, 80, 60 });
    float at[2];
    map_place(at, &place, low); // 20 points per unit; 20 of the 60 points high
    ck_assert(at[0] == 10 && at[1] == 40);
    map_place(at, &place, high);
    ck_assert(at[0] == 90 && at[1] == 60);
    place = map_fit(low, low, (Rect){ 10, 20, 80, 60 });
    map_place(at, &place, low);
    ck_assert(at[0] == 50 && at[1] == 50);
}
END_TEST

// Above, below, and then not at all; never outside of the area.
START_TEST(names_find_a_place_in_the_area)
{
    DrawList list = draw_new(200, 100, font_builtin());
    Rect area = { 20, 10, 160, 80 }, drawn[2], third;
    static const float middle[2] = { 100, 50 }, corner[2] = { 20, 12 };
    for (int i = 0; i < 2; i++)
        ck_assert(
            map_name(&drawn[i], &list, area, middle, "dog", COLOR_TEXT, COLOR_PANEL, drawn, i));
    ck_assert(drawn[0].y + drawn[0].height < middle[1] && drawn[1].y > middle[1]);
    ck_assert(!map_name(&third, &list, area, middle, "dog", COLOR_TEXT, COLOR_PANEL, drawn, 2));
    ck_assert(map_name(&third, &list, area, corner, "dog", COLOR_TEXT, COLOR_PANEL, drawn, 2));
    ck_assert(third.x == area.x && third.y > corner[1]);
    area.width = 10;
    ck_assert(!map_name(&third, &list, area, middle, "dog", COLOR_TEXT, COLOR_PANEL, NULL, 0));
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { points_have_the_colors_of_their_groups_and_names },
        { names_are_near_their_points_and_do_not_overlap },
        { words_are_named_in_the_colors_of_their_classes },
        { many_labels_end_in_a_number },
        { one_point_and_none },
        { a_map_fits_an_area },
        { names_find_a_place_in_the_area },
    };
    return run_tests("map_picture", tests, COUNT_OF(tests));
}
