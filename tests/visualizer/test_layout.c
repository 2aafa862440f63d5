#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include "visualizer/arrange.h"
#include "visualizer/tour.h"
#include <stdio.h>
#include <string.h>

static const struct {
    int width, height;
} sizes[] = { { 1, 1 },      { 7, 700 },    { 700, 7 },    { 120, 90 },    { 300, 200 },
              { 320, 480 },  { 400, 900 },  { 480, 320 },  { 640, 480 },   { 800, 600 },
              { 900, 560 },  { 1024, 768 }, { 1280, 720 }, { 1080, 1920 }, { 2000, 500 },
              { 2560, 400 }, { 1600, 1200 } };

static const FakeScene scenes[] = {
    { .kind = "sgatlin" },
    { .L = 1, .C = 1, .n = 4, .K = 2, .tokens = 1 },
    { .L = 12, .C = 16, .n = 64 },
    { .L = 12, .C = 1, .long_words = true, .no_recording = true },
    { .kind = "moe", .n = 8 },
    { .kind = "mlp" },
    { .kind = "mlp", .training = true },
    { .patched = true },
    { .training = true, .no_classes = true },
};

// ---- what the reader may have chosen

static void nothing(PanelFrame *frame) { (void)frame; }
static void open_help(PanelFrame *frame) { frame->view.help = true; }
static void open_card(PanelFrame *frame) { frame->view.neuron = frame->scene.card.index; }
static void edit(PanelFrame *frame) {
    frame->view.editing = true;
    memset(frame->view.prompt, 'x', sizeof frame->view.prompt - 1);
}
static void pause(PanelFrame *frame) {
    frame->view.paused = true;
    frame->view.token = 0;
    open_card(frame);
}
static void say(PanelFrame *frame) {
    memset(frame->scene.model.name, 'n', sizeof frame->scene.model.name - 1);
    memset(frame->scene.note, 'w', sizeof frame->scene.note - 1);
    view_say(&frame->view, "a message that is longer than a narrow window, and says little");
}
static void no_story(PanelFrame *frame) {
    frame->scene.story.count = 0;
    frame->scene.focus.token = -1;
    frame->scene.focus.bet_count = frame->scene.focus.term_count = 0;
    frame->scene.focus.path_count = frame->scene.focus.neighbour_count = 0;
    memset(frame->scene.note, 'w', sizeof frame->scene.note - 1);
}
static void tour_story(PanelFrame *frame) { frame->view.tour = 0; }
static void tour_map(PanelFrame *frame) { frame->view.tour = 5; }
static void tour_in_one_panel(PanelFrame *frame) {
    frame->view.tour = tour_steps() - 1;
    frame->view.panel = PANEL_MAP;
}
static void (*const choices[])(PanelFrame *frame) = {
    nothing, open_help, open_card,  edit,     pause,
    say,     no_story,  tour_story, tour_map, tour_in_one_panel,
};

// Draws the window twice: the second time must not need memory.
static void draw_window(PanelFrame *frame) {
    DrawList *list = &frame->list;
    for (int i = 0; i < 2; i++) {
        size_t entries = list->capacity, bytes = list->data_capacity;
        size_t targets = frame->hits.capacity;
        draw_clear(list, list->width, list->height);
        frame->hits.count = 0;
        layout_draw(&frame->frame);
        ck_assert(!list->failed && !frame->hits.failed);
        if (i == 0) continue;
        ck_assert_uint_eq(list->capacity, entries);
        ck_assert_uint_eq(list->data_capacity, bytes);
        ck_assert_uint_eq(frame->hits.capacity, targets);
    }
}

static void set_size(PanelFrame *frame, int width, int height, float scale) {
    frame->list.width = (int)((float)width * scale);
    frame->list.height = (int)((float)height * scale);
    frame->list.scale = scale;
}

static bool apart(Rect a, Rect b) {
    return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
           b.y + b.height <= a.y;
}

static bool is_in(Rect inner, Rect outer) {
    return inner.x >= outer.x && inner.y >= outer.y &&
           inner.x + inner.width <= outer.x + outer.width + 0.01f &&
           inner.y + inner.height <= outer.y + outer.height + 0.01f;
}

// Titles do not lie on each other.
static void check_titles(const PanelFrame *frame) {
    const HitList *hits = &frame->hits;
    for (int i = 0; i < hits->count; i++) {
        if (hits->items[i].target.kind != TARGET_PANEL) continue;
        for (int j = 0; j < i; j++) {
            if (hits->items[j].target.kind == TARGET_PANEL)
                ck_assert(apart(hits->items[i].rect, hits->items[j].rect));
        }
    }
}

static void check_window(PanelFrame *frame, int choice) {
    draw_window(frame);
    ck_assert_msg(panel_frame_inside(frame), "%d layers, choice %d in %d x %d at %g",
                  frame->scene.model.config.L, choice, frame->list.width, frame->list.height,
                  (double)frame->list.scale);
    check_titles(frame);
}

START_TEST(everything_is_inside_and_apart)
{
    for (int choice = 0; choice < COUNT_OF(choices); choice++) {
        PanelFrame frame;
        panel_frame_new(&frame, &scenes[_i], 1, 1);
        choices[choice](&frame);
        for (int i = 0; i < COUNT_OF(sizes); i++) {
            set_size(&frame, sizes[i].width, sizes[i].height, i % 2 == 0 ? 1 : 2);
            check_window(&frame, choice);
        }
        panel_frame_free(&frame);
    }
}
END_TEST

// ---- arrangements

static bool is_shown(const Arrangement *arrangement, int panel) {
    return arrangement->panel[panel].width > 0;
}

static void check_arrangement(const Arrangement *arrangement, Rect area) {
    Rect rects[PANELS + 1];
    int count = 0;
    for (int i = 0; i < PANELS; i++)
        if (is_shown(arrangement, i)) rects[count++] = arrangement->panel[i];
    if (arrangement->tour.width > 0) rects[count++] = arrangement->tour;
    ck_assert_int_gt(count, 0);
    for (int i = 0; i < count; i++) {
        ck_assert(is_in(rects[i], area) && rects[i].height > 0);
        for (int j = 0; j < i; j++) ck_assert(apart(rects[i], rects[j]));
    }
}

START_TEST(panels_are_apart)
{
    for (int choice = 0; choice < COUNT_OF(choices); choice++) {
        PanelFrame frame;
        panel_frame_new(&frame, &scenes[_i], 1, 1);
        choices[choice](&frame);
        for (int width = 160; width < 2600; width += 71) {
            for (int height = 160; height < 2000; height += 89) {
                Rect area = { 16, 40, (float)width, (float)height };
                Arrangement arrangement = arrange(&frame.frame, area);
                check_arrangement(&arrangement, area);
            }
        }
        panel_frame_free(&frame);
    }
}
END_TEST

// From 480 x 320 on, the story and the grids, or the card that was opened, are shown.
START_TEST(what_matters_is_shown)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 1, 1);
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        Rect area = { 0, 0, (float)sizes[i].width, (float)sizes[i].height };
        frame.view.neuron = -1;
        frame.view.tour = -1;
        Arrangement arrangement = arrange(&frame.frame, area);
        bool large = area.width >= 480 || area.height >= 480;
        if (area.width < 200 || area.height < 200) continue;
        ck_assert(is_shown(&arrangement, PANEL_STORY));
        ck_assert_int_eq(is_shown(&arrangement, PANEL_GATES), large);
        ck_assert(!is_shown(&arrangement, PANEL_CARD) && arrangement.tour.width == 0);
        open_card(&frame);
        arrangement = arrange(&frame.frame, area);
        ck_assert(is_shown(&arrangement, PANEL_CARD));
        frame.view.neuron = -1;
        for (int step = 0; step < tour_steps(); step++) {
            frame.view.tour = step;
            int panel = tour_panel(&frame.view);
            if (panel == PANEL_CARD) open_card(&frame); // as the step does
            arrangement = arrange(&frame.frame, area);
            ck_assert(arrangement.tour.width > 0);
            ck_assert_msg(!large || panel < 0 || is_shown(&arrangement, panel),
                          "step %d in %d x %d", step, sizes[i].width, sizes[i].height);
            frame.view.neuron = -1;
        }
    }
    panel_frame_free(&frame);
}
END_TEST

// In training the loss is shown from 400 x 480 points on, whatever the shape of the window.
START_TEST(training_shows_the_loss)
{
    for (int dense = 0; dense < 2; dense++) {
        PanelFrame frame;
        panel_frame_new(&frame, &(FakeScene){ .kind = dense ? "mlp" : NULL, .training = true }, 1,
                        1);
        for (int width = 400; width < 2600; width += 71) {
            for (int height = 480; height < 2000; height += 89) {
                Arrangement arrangement =
                    arrange(&frame.frame, (Rect){ 0, 0, (float)width, (float)height });
                ck_assert_msg(is_shown(&arrangement, PANEL_LOSS), "%d x %d", width, height);
            }
        }
        panel_frame_free(&frame);
    }
}
END_TEST

// ---- one panel

START_TEST(one_panel_fills_the_window)
{
    for (int panel = 0; panel < PANELS; panel++) {
        PanelFrame frame;
        panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 1280, 720);
        frame.view.panel = panel;
        draw_window(&frame);
        int titles = 0;
        for (int i = 0; i < frame.hits.count; i++) {
            const Hit *hit = &frame.hits.items[i];
            if (hit->target.kind != TARGET_PANEL) continue;
            ck_assert_int_eq(hit->target.index, panel);
            ck_assert(hit->rect.x == 16 && hit->rect.width == 1280 - 2 * 16);
            titles++;
        }
        ck_assert_int_eq(titles, 1);
        Rect area = { 3, 5, 700, 400 };
        Arrangement arrangement = arrange(&frame.frame, area);
        for (int i = 0; i < PANELS; i++) ck_assert_int_eq(is_shown(&arrangement, i), i == panel);
        ck_assert(memcmp(&arrangement.panel[panel], &area, sizeof area) == 0);
        panel_frame_free(&frame);
    }
}
END_TEST

// ---- titles, hints, help

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

START_TEST(titles)
{
    static const struct {
        FakeScene fake;
        int panel;
        bool card;
        const char *title;
    } cases[] = {
        { { .kind = "sgatlin" }, PANEL_CARD, false, "NEURON" },
        { { .kind = "sgatlin" }, PANEL_CARD, true, "NEURON 128 · LAYER 2, CHANNEL 1" },
        { { .kind = "moe", .n = 8 }, PANEL_CARD, false, "EXPERT" },
        { { .kind = "moe", .n = 8 }, PANEL_CARD, true, "EXPERT 4 · LAYER 2" },
        { { .kind = "moe", .n = 8 }, PANEL_NEIGHBOURS, false, "NEAREST CIRCUITS · LAYER 2" },
        { { 0 }, PANEL_NEIGHBOURS, false, "NEAREST CIRCUITS · LAYER 2, CHANNEL 1" },
        { { .kind = "mlp" }, PANEL_NEIGHBOURS, false, "NEAREST CIRCUITS" },
        { { .kind = "mlp" }, PANEL_MAP, false, "MAP OF CIRCUITS" },
        { { .kind = "moe", .n = 8 }, PANEL_USAGE, false, "EXPERTS THAT EVER FIRED" },
        { { .training = true }, PANEL_USAGE, false, "NEURONS THAT FIRED RECENTLY" },
        { { .patched = true }, PANEL_STORY, false, "STORY, BEFORE AND AFTER" },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        PanelFrame frame;
        panel_frame_new(&frame, &cases[i].fake, 1280, 720);
        frame.view.panel = cases[i].panel;
        if (cases[i].card) open_card(&frame);
        draw_window(&frame);
        ck_assert_msg(says(&frame, cases[i].title), "%s", cases[i].title);
        panel_frame_free(&frame);
    }
}
END_TEST

START_TEST(the_line_at_the_top_says_whether_it_trains)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .training = true }, 1280, 720);
    draw_window(&frame);
    ck_assert(says(&frame, "training · step 600 of 1200"));
    frame.scene.training.running = false;
    strcpy(frame.scene.training.stopped, "2026-12-01 14:05");
    draw_window(&frame);
    ck_assert(says(&frame, "not training since 2026-12-01 14:05"));
    strcpy(frame.scene.training.stopped, "");
    draw_window(&frame);
    ck_assert(!says(&frame, "training · step 600 of 1200"));
    panel_frame_free(&frame);
}
END_TEST

// The target under the middle of a text at the bottom.
static Target target_at(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    ck_assert_msg(drawn_text(&command, &frame->list, text), "%s", text);
    Rect rect = command.rect;
    float scale = frame->list.scale;
    return hit_find(&frame->hits, (rect.x + rect.width / 2) / scale,
                    (rect.y + rect.height / 2) / scale);
}

static void check_hint(const PanelFrame *frame, const char *text, int key) {
    Target target = target_at(frame, text);
    ck_assert_msg(target.kind == TARGET_KEY && target.index == key, "%s", text);
}

START_TEST(hints_can_be_clicked)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .patched = true }, 1600, 900);
    draw_window(&frame);
    check_hint(&frame, "pause", KEY_SPACE);
    check_hint(&frame, "undo patches", 'u');
    check_hint(&frame, "another story", 'r');
    check_hint(&frame, "all keys", 'h');
    ck_assert(!says(&frame, "one token") && !says(&frame, "all panels"));
    pause(&frame);
    frame.view.panel = PANEL_GATES;
    draw_window(&frame);
    check_hint(&frame, "resume", KEY_SPACE);
    check_hint(&frame, "one token", 'n');
    check_hint(&frame, "silence this neuron", 'x');
    check_hint(&frame, "patch the circuit in here", 'p');
    check_hint(&frame, "all panels", KEY_ESCAPE);
    frame.view.editing = true;
    draw_window(&frame);
    check_hint(&frame, "tell this story", KEY_ENTER);
    check_hint(&frame, "cancel", KEY_ESCAPE);
    ck_assert(!says(&frame, "all keys"));
    panel_frame_free(&frame);
}
END_TEST

// Whatever else is cut, the way to all keys is there, also beside a note.
START_TEST(all_keys_can_be_found)
{
    for (int width = 160; width < 1300; width += 60) {
        PanelFrame frame;
        panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, width, 400);
        say(&frame);
        draw_window(&frame);
        check_hint(&frame, "all keys", 'h');
        frame.view.help = true;
        draw_window(&frame);
        check_hint(&frame, "close", 'h');
        panel_frame_free(&frame);
    }
}
END_TEST

START_TEST(help_has_all_keys_or_counts_the_others)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 640, 480);
    frame.view.help = true;
    draw_window(&frame);
    check_hint(&frame, "full screen", KEY_F11);
    check_hint(&frame, "quit", 'q');
    set_size(&frame, 300, 200, 1);
    draw_window(&frame);
    ck_assert(says(&frame, "14 more in a larger window"));
    ck_assert(says(&frame, "faster, slower") && !says(&frame, "quit"));
    panel_frame_free(&frame);
}
END_TEST

// Opens help and clicks the middle of a text.
static void click_in_help(PanelFrame *frame, const char *text, RequestList *requests) {
    DrawCommand command;
    frame->view.help = true;
    draw_window(frame);
    ck_assert_msg(drawn_text(&command, &frame->list, text), "%s", text);
    Rect rect = command.rect;
    view_click(&frame->view, &frame->scene, &frame->hits, rect.x + rect.width / 2,
               rect.y + rect.height / 2, requests);
    ck_assert(!frame->view.help);
}

START_TEST(rows_of_help_are_keys)
{
    PanelFrame frame;
    RequestList requests = { .count = 0 };
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 1280, 720);
    frame.view.panel = PANEL_MAP;
    click_in_help(&frame, "close", &requests);
    click_in_help(&frame, "KEYS", &requests);
    click_in_help(&frame, "leave what was opened last", &requests); // which is help
    ck_assert_int_eq(requests.count, 0);
    ck_assert_int_eq(frame.view.panel, PANEL_MAP);
    click_in_help(&frame, "another story", &requests);
    ck_assert_int_eq(requests.items[0].kind, REQUEST_ANOTHER);
    ck_assert(!frame.view.quit);
    click_in_help(&frame, "quit", &requests);
    ck_assert(frame.view.quit);
    panel_frame_free(&frame);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { everything_is_inside_and_apart, COUNT_OF(scenes) },
        { panels_are_apart, COUNT_OF(scenes) },
        { what_matters_is_shown },
        { training_shows_the_loss },
        { one_panel_fills_the_window },
        { titles },
        { the_line_at_the_top_says_whether_it_trains },
        { hints_can_be_clicked },
        { all_keys_can_be_found },
        { help_has_all_keys_or_counts_the_others },
        { rows_of_help_are_keys },
    };
    return run_tests("layout", tests, COUNT_OF(tests));
}
