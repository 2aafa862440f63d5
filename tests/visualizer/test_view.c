// What keys and the mouse change in a view, and which requests they send, on a scene without a
// model.
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include "visualizer/tour.h"
#include <math.h>
#include <string.h>

typedef struct {
    PanelFrame frame;
    RequestList requests;
} Hands;

static void hands_new(Hands *out, const FakeScene *fake) {
    panel_frame_new(&out->frame, fake, 1280, 720);
    out->requests.count = 0;
}

static void hands_free(Hands *hands) { panel_frame_free(&hands->frame); }

static void press(Hands *hands, Key key) {
    hands->requests.count = 0;
    view_key(&hands->frame.view, &hands->frame.scene, key, &hands->requests);
}

// The only request that was sent.
static const Request *only(const Hands *hands, RequestKind kind) {
    ck_assert_int_eq(hands->requests.count, 1);
    ck_assert_int_eq(hands->requests.items[0].kind, kind);
    return &hands->requests.items[0];
}

static void draw(Hands *hands) {
    PanelFrame *frame = &hands->frame;
    draw_clear(&frame->list, frame->list.width, frame->list.height);
    frame->hits.count = 0;
    layout_draw(&frame->frame);
    ck_assert(!frame->list.failed && !frame->hits.failed);
}

static void click_at(Hands *hands, float x, float y) {
    hands->requests.count = 0;
    view_click(&hands->frame.view, &hands->frame.scene, &hands->frame.hits, x, y, &hands->requests);
}

// Draws and clicks the first cell of the last target of a kind, or the one with an index. What was
// clicked.
static Target click(Hands *hands, TargetKind kind, int index) {
    PanelFrame *frame = &hands->frame;
    draw(hands);
    for (int i = frame->hits.count - 1; i >= 0; i--) {
        const Hit *hit = &frame->hits.items[i];
        if (hit->target.kind != kind || (index >= 0 && hit->target.index != index)) continue;
        float x = hit->rect.x + hit->rect.width / (float)(2 * hit->columns);
        float y = hit->rect.y + hit->rect.height / (float)(2 * hit->rows);
        Target found = hit_find(&frame->hits, x, y);
        if (found.kind != kind) continue; // something is over it
        click_at(hands, x, y);
        return found;
    }
    ck_abort_msg("nothing of kind %d, index %d to click", kind, index);
    return (Target){ 0 };
}

// ---- keys that select

START_TEST(arrows_select_tokens)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    int last = hands.frame.scene.story.count - 1;
    view->layer = 2;
    view->channel = 1;
    view->scroll = 30;
    press(&hands, KEY_LEFT);
    ck_assert_int_eq(view->token, last - 1);
    ck_assert_float_eq(view->scroll, 0);
    const Request *request = only(&hands, REQUEST_FOCUS);
    ck_assert_int_eq(request->index, last - 1);
    ck_assert_int_eq(request->layer, 2);
    ck_assert_int_eq(request->channel, 1);
    press(&hands, KEY_RIGHT);
    ck_assert_int_eq(view->token, LATEST);
    ck_assert_int_eq(only(&hands, REQUEST_FOCUS)->index, LATEST);
    press(&hands, KEY_RIGHT); // there is no later one
    ck_assert_int_eq(view->token, LATEST);
    press(&hands, KEY_HOME);
    ck_assert_int_eq(only(&hands, REQUEST_FOCUS)->index, 0);
    press(&hands, KEY_LEFT);
    ck_assert_int_eq(view->token, 0);
    press(&hands, KEY_END);
    ck_assert_int_eq(only(&hands, REQUEST_FOCUS)->index, LATEST);
    hands_free(&hands);
}
END_TEST

START_TEST(arrows_and_c_select_grids)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .L = 3, .C = 2 });
    View *view = &hands.frame.view;
    static const struct {
        Key key;
        int layer, channel;
    } steps[] = {
        { KEY_UP, 0, 0 },   { KEY_DOWN, 1, 0 }, { KEY_DOWN, 2, 0 }, { KEY_DOWN, 2, 0 },
        { (Key)'c', 2, 1 }, { (Key)'c', 2, 0 }, { (Key)'C', 2, 1 }, { KEY_UP, 1, 1 },
    };
    view->layer = view->channel = 0;
    for (int i = 0; i < COUNT_OF(steps); i++) {
        press(&hands, steps[i].key);
        const Request *request = only(&hands, REQUEST_FOCUS);
        ck_assert_int_eq(view->layer, steps[i].layer);
        ck_assert_int_eq(view->channel, steps[i].channel);
        ck_assert_int_eq(request->layer, steps[i].layer);
        ck_assert_int_eq(request->channel, steps[i].channel);
    }
    view->neuron = 5; // its card closes with its grid
    press(&hands, KEY_UP);
    ck_assert_int_eq(view->neuron, -1);
    ck_assert_int_eq(hands.requests.count, 2);
    ck_assert_int_eq(hands.requests.items[0].kind, REQUEST_NEURON);
    ck_assert_int_eq(hands.requests.items[0].index, -1);
    hands_free(&hands);
}
END_TEST

START_TEST(a_dense_model_has_no_grids)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .kind = "mlp" });
    View *view = &hands.frame.view;
    static const int keys[] = { KEY_UP, KEY_DOWN, 'c', 'C', 'p', 'x', 't' };
    for (int i = 0; i < COUNT_OF(keys); i++) {
        press(&hands, (Key)keys[i]);
        ck_assert(view->layer == 0 && view->channel == 0 && view->neuron == -1);
        draw(&hands);
    }
    hands_free(&hands);
}
END_TEST

START_TEST(an_empty_story_has_no_tokens)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    hands.frame.scene.story.count = 0;
    for (int key = KEY_LEFT; key < KEY_LAST; key++) {
        View *view = &hands.frame.view;
        press(&hands, (Key)key);
        ck_assert_int_eq(view_token(view, &hands.frame.scene), -1);
        view_fit(view, &hands.frame.scene);
        draw(&hands);
        view->tour = -1;
        view->editing = view->help = false;
    }
    hands_free(&hands);
}
END_TEST

// ---- keys that ask for something

START_TEST(space_pauses_and_n_steps)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    press(&hands, KEY_SPACE);
    ck_assert(hands.frame.view.paused && only(&hands, REQUEST_PAUSE)->value == 1);
    press(&hands, (Key)'n');
    only(&hands, REQUEST_STEP);
    press(&hands, KEY_SPACE);
    ck_assert(!hands.frame.view.paused && only(&hands, REQUEST_PAUSE)->value == 0);
    hands_free(&hands);
}
END_TEST

START_TEST(speed_doubles_between_bounds)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    press(&hands, (Key)'+');
    ck_assert_double_eq(only(&hands, REQUEST_SPEED)->value, 8);
    ck_assert_str_eq(view->message, "8 tokens per second");
    press(&hands, (Key)'-');
    press(&hands, (Key)'-');
    ck_assert_double_eq(only(&hands, REQUEST_SPEED)->value, 2);
    for (int i = 0; i < 20; i++) press(&hands, (Key)'=');
    ck_assert_double_eq(view->speed, 256);
    for (int i = 0; i < 20; i++) press(&hands, (Key)'-');
    ck_assert_double_eq(view->speed, 0.25);
    hands_free(&hands);
}
END_TEST

START_TEST(p_patches_the_selected_circuit)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    view->token = 7;
    view->circuit = 123;
    press(&hands, (Key)'p');
    ck_assert_int_eq(hands.requests.count, 2);
    const Request *patch = &hands.requests.items[0];
    ck_assert(patch->kind == REQUEST_PATCH && patch->index == 7 && patch->value == 123);
    ck_assert_int_eq(hands.requests.items[1].kind, REQUEST_FOCUS);
    ck_assert(view->token == LATEST && view->circuit == -1);
    // Without a selection it is the nearest circuit of another word.
    const Scene *scene = &hands.frame.scene;
    int32_t id = scene->story.tokens[scene->story.count - 1].id;
    int i = 0;
    while (scene->focus.neighbours[i].context[CONTEXT_TOKENS] == id) i++;
    press(&hands, (Key)'p');
    ck_assert_double_eq(hands.requests.items[0].value, scene->focus.neighbours[i].circuit);
    hands_free(&hands);
}
END_TEST

START_TEST(what_needs_a_selection_says_so)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .no_recording = true });
    View *view = &hands.frame.view;
    press(&hands, (Key)'p');
    ck_assert_int_eq(hands.requests.count, 0);
    ck_assert_ptr_nonnull(strstr(view->message, "select a circuit first"));
    ck_assert_double_gt(view->message_until, view->now);
    press(&hands, (Key)'x');
    ck_assert_int_eq(hands.requests.count, 0);
    ck_assert_ptr_nonnull(strstr(view->message, "select a neuron first"));
    view->layer = 1;
    view->channel = 2;
    view->neuron = 9;
    press(&hands, (Key)'x');
    const Request *request = only(&hands, REQUEST_SILENCE);
    ck_assert(request->layer == 1 && request->channel == 2 && request->index == 9);
    press(&hands, (Key)'u');
    only(&hands, REQUEST_RESTORE);
    hands_free(&hands);
}
END_TEST

START_TEST(r_follows_another_story)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    view->token = 3;
    view->scroll = 50;
    view->circuit = 2;
    press(&hands, (Key)'r');
    ck_assert_int_eq(hands.requests.count, 2);
    ck_assert_int_eq(hands.requests.items[0].kind, REQUEST_ANOTHER);
    ck_assert(hands.requests.items[1].kind == REQUEST_FOCUS &&
              hands.requests.items[1].index == LATEST);
    ck_assert(view->token == LATEST && view->circuit == -1 && view->scroll == 0);
    hands_free(&hands);
}
END_TEST

START_TEST(keys_of_the_window_set_flags)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    press(&hands, (Key)'s');
    ck_assert(view->save_picture);
    press(&hands, KEY_F11);
    ck_assert(view->full_screen);
    press(&hands, (Key)'q');
    ck_assert(view->quit);
    press(&hands, (Key)'?');
    ck_assert(view->help);
    press(&hands, KEY_LEFT); // any other key closes it, and does what it does
    ck_assert(!view->help && view->token != LATEST);
    press(&hands, KEY_TAB);
    ck_assert_int_eq(view->panel, 0);
    for (int i = 0; i < PANELS; i++) {
        draw(&hands);
        press(&hands, KEY_TAB);
    }
    ck_assert_int_eq(view->panel, -1);
    hands_free(&hands);
}
END_TEST

// All characters that are no key, and the keys below them.
START_TEST(unknown_keys_do_nothing)
{
    static const char known[] = " n+=-cCpxurh?stfq";
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    const View before = hands.frame.view;
    for (int key = -5; key < 300; key++) {
        bool special = key >= KEY_LEFT && key <= KEY_F11 && key != KEY_BACKSPACE;
        if (special || (key >= KEY_SPACE && key < KEY_LAST && strchr(known, key) != NULL)) continue;
        press(&hands, (Key)key);
        ck_assert_int_eq(hands.requests.count, 0);
        ck_assert_msg(memcmp(&before, &hands.frame.view, sizeof before) == 0, "key %d", key);
    }
    hands_free(&hands);
}
END_TEST

// Escape leaves one thing at a time, the one that was opened last.
START_TEST(escape_leaves_one_by_one)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    view->token = 5;
    view->panel = PANEL_MAP;
    view->circuit = 8;
    view->neuron = 3;
    view->tour = 0;
    view->help = true;
    press(&hands, KEY_ESCAPE);
    ck_assert(!view->help && view->tour == 0);
    press(&hands, KEY_ESCAPE);
    ck_assert(view->tour == -1 && view->neuron == 3);
    press(&hands, KEY_ESCAPE);
    ck_assert(view->neuron == -1 && view->circuit == 8);
    ck_assert_int_eq(only(&hands, REQUEST_NEURON)->index, -1);
    press(&hands, KEY_ESCAPE);
    ck_assert(view->circuit == -1 && view->panel == PANEL_MAP);
    press(&hands, KEY_ESCAPE);
    ck_assert(view->panel == -1 && view->token == 5);
    press(&hands, KEY_ESCAPE);
    ck_assert_int_eq(view->token, LATEST);
    press(&hands, KEY_ESCAPE); // it never quits
    ck_assert(!view->quit && hands.requests.count == 0);
    hands_free(&hands);
}
END_TEST

// ---- typing

START_TEST(a_prompt_is_typed_character_by_character)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    view_text(view, "x"); // not while nothing is edited
    ck_assert_str_eq(view->prompt, "");
    press(&hands, KEY_ENTER);
    ck_assert(view->editing);
    static const char *const typed[] = { "q", "ü", "“", "🐢", "e", "\xcc\x81" };
    for (int i = 0; i < COUNT_OF(typed); i++) view_text(view, typed[i]);
    press(&hands, (Key)'q'); // comes as text: it does not quit
    ck_assert(!view->quit && view->editing);
    ck_assert_str_eq(view->prompt, "qü“🐢e\xcc\x81");
    draw(&hands);
    static const char *const left[] = { "qü“🐢e", "qü“🐢", "qü“", "qü", "q", "", "" };
    for (int i = 0; i < COUNT_OF(left); i++) {
        press(&hands, KEY_BACKSPACE);
        ck_assert_str_eq(view->prompt, left[i]);
    }
    view_text(view, "\x80\xbf\x80"); // no character: one Backspace removes it
    press(&hands, KEY_BACKSPACE);
    ck_assert_str_eq(view->prompt, "");
    hands_free(&hands);
}
END_TEST

START_TEST(enter_tells_the_prompt_and_escape_does_not)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    view->token = 4;
    press(&hands, KEY_ENTER);
    view_text(view, "Tim ran");
    press(&hands, KEY_ESCAPE);
    ck_assert(!view->editing && hands.requests.count == 0 && view->token == 4);
    press(&hands, KEY_ENTER);
    press(&hands, KEY_ENTER);
    ck_assert_str_eq(only(&hands, REQUEST_PROMPT)->text, "Tim ran");
    ck_assert(!view->editing && view->token == LATEST);
    hands_free(&hands);
}
END_TEST

START_TEST(a_full_prompt_takes_no_more)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    press(&hands, KEY_ENTER);
    for (int i = 0; i < 2000; i++) view_text(view, "ü");
    ck_assert_uint_eq(strlen(view->prompt), 1022); // whole characters
    char paste[5000];
    memset(paste, 'a', sizeof paste);
    paste[4999] = '\0';
    view_text(view, paste);
    ck_assert_uint_eq(strlen(view->prompt), 1023);
    draw(&hands);
    press(&hands, KEY_ENTER);
    ck_assert_uint_eq(strlen(only(&hands, REQUEST_PROMPT)->text), 1023);
    press(&hands, KEY_ENTER);
    view->prompt_selected = true;
    view_text(view, paste); // as much as fits
    ck_assert_uint_eq(strlen(view->prompt), 1023);
    ck_assert(view->prompt[0] == 'a');
    hands_free(&hands);
}
END_TEST

START_TEST(a_selected_prompt_is_replaced)
{
    static const struct {
        const char *typed; // NULL: the key
        Key key;
        const char *left;
    } cases[] = {
        { "A cat", KEY_NONE, "A cat" },  { "", KEY_NONE, "" },
        { NULL, KEY_BACKSPACE, "" },     { NULL, KEY_LEFT, "Tim ran" },
        { NULL, KEY_ESCAPE, "Tim ran" }, { NULL, KEY_ENTER, "Tim ran" },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        Hands hands;
        hands_new(&hands, &(FakeScene){ 0 });
        View *view = &hands.frame.view;
        press(&hands, KEY_ENTER);
        view_text(view, "Tim ran");
        view->prompt_selected = true;
        draw(&hands);
        if (cases[i].typed != NULL) {
            view_text(view, cases[i].typed);
        } else {
            press(&hands, cases[i].key);
        }
        ck_assert_str_eq(view->prompt, cases[i].left);
        ck_assert(!view->prompt_selected);
        hands_free(&hands);
    }
}
END_TEST

// ---- clicks

START_TEST(clicks_select)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    const Scene *scene = &hands.frame.scene;
    view->paused = true;
    Target target = click(&hands, TARGET_TOKEN, -1);
    ck_assert_int_eq(view_token(view, scene), target.index);
    ck_assert_int_eq(only(&hands, REQUEST_FOCUS)->index, view->token);
    target = click(&hands, TARGET_CELL, -1);
    ck_assert(view->layer == target.layer && view->token == target.index);
    target = click(&hands, TARGET_NEIGHBOUR, -1);
    ck_assert_int_eq(view->circuit, scene->focus.neighbours[target.index].circuit);
    ck_assert_int_eq(hands.requests.count, 0);
    view->layer = scene->circuits.layer; // the map is of this one
    target = click(&hands, TARGET_POINT, -1);
    ck_assert_int_eq(view->circuit, scene->circuits.points[target.index].circuit);
    target = click(&hands, TARGET_GRID, -1);
    ck_assert(view->layer == target.layer && view->channel == target.channel);
    ck_assert_int_eq(view->neuron, target.index);
    const Request *request = &hands.requests.items[hands.requests.count - 1];
    ck_assert(request->kind == REQUEST_NEURON && request->layer == target.layer &&
              request->channel == target.channel && request->index == target.index);
    ck_assert_int_eq(view->hover.kind, TARGET_GRID);
    hands_free(&hands);
}
END_TEST

START_TEST(clicks_on_terms_open_their_neurons)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    const Scene *scene = &hands.frame.scene;
    for (int i = 0; i < 4; i++) {
        const SceneTerm *term = &scene->focus.terms[i];
        view->neuron = -1;
        click(&hands, TARGET_TERM, i);
        bool opens = term->kind == TERM_NEURON;
        ck_assert_int_eq(view->neuron, opens ? term->index : -1);
        if (opens) ck_assert(view->layer == term->layer && view->channel == term->channel);
        ck_assert_int_eq(hands.requests.count > 0, opens);
    }
    hands_free(&hands);
}
END_TEST

START_TEST(experts_are_clicked_too)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .kind = "moe", .n = 8 });
    Target target = click(&hands, TARGET_EXPERT, -1);
    const Request *request = &hands.requests.items[hands.requests.count - 1];
    ck_assert_int_eq(request->kind, REQUEST_NEURON);
    ck_assert_int_eq(request->index, target.index);
    ck_assert_int_eq(hands.frame.view.layer, target.layer);
    hands_free(&hands);
}
END_TEST

START_TEST(titles_hints_and_help_are_clicked)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ 0 });
    View *view = &hands.frame.view;
    Target target = click(&hands, TARGET_PANEL, -1);
    ck_assert_int_eq(view->panel, target.index);
    click(&hands, TARGET_PANEL, target.index);
    ck_assert_int_eq(view->panel, -1);
    click(&hands, TARGET_PROMPT, -1);
    ck_assert(view->editing);
    click(&hands, TARGET_KEY, KEY_ESCAPE);
    ck_assert(!view->editing);
    click(&hands, TARGET_KEY, KEY_SPACE);
    ck_assert(view->paused);
    click(&hands, TARGET_KEY, 'n');
    only(&hands, REQUEST_STEP);
    click(&hands, TARGET_KEY, 'h');
    ck_assert(view->help);
    draw(&hands);
    click_at(&hands, 5, 300); // closes it, and does nothing else
    ck_assert(!view->help && hands.requests.count == 0);
    view->help = true;
    click(&hands, TARGET_KEY, 'r'); // a row of it does what its key does
    ck_assert(!view->help && hands.requests.items[0].kind == REQUEST_ANOTHER);
    hands_free(&hands);
}
END_TEST

// Every pixel of a coarse grid, of every panel: no click leaves the sizes of the scene.
START_TEST(clicks_everywhere_stay_inside)
{
    static const FakeScene scenes[] = { { 0 },
                                        { .kind = "moe", .n = 8 },
                                        { .kind = "mlp" },
                                        { .L = 1, .C = 1, .n = 5, .tokens = 1 },
                                        { .training = true, .patched = true } };
    Hands hands;
    hands_new(&hands, &scenes[_i]);
    View *view = &hands.frame.view;
    const SceneModel *model = &hands.frame.scene.model;
    for (int panel = -1; panel < PANELS; panel++) {
        for (float y = -3; y < 730; y += 37) {
            for (float x = -3; x < 1290; x += 43) {
                view->panel = panel;
                draw(&hands);
                click_at(&hands, x, y);
                ck_assert(view->layer >= 0 && view->layer < max_int(1, model->L));
                ck_assert(view->channel >= 0 && view->channel < max_int(1, model->C));
                ck_assert(view->neuron >= -1 && view->neuron < max_int(1, model->F));
                ck_assert(view->token >= LATEST && view->token < hands.frame.scene.story.count);
                view->tour = -1;
                view->help = view->editing = view->quit = false;
            }
            y += (float)(panel + 1); // other rows of each
        }
    }
    hands_free(&hands);
}
END_TEST

START_TEST(the_mouse_hovers_and_scrolls)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .tokens = 2000 });
    View *view = &hands.frame.view;
    draw(&hands);
    const HitList *hits = &hands.frame.hits;
    view_hover(view, hits, hits->items[0].rect.x + 1, hits->items[0].rect.y + 1, &hands.requests);
    ck_assert_int_eq(view->hover.kind, hits->items[0].target.kind);
    view_hover(view, hits, -1, -1, &hands.requests);
    ck_assert_int_eq(view->hover.kind, TARGET_NONE);
    press(&hands, KEY_PAGE_UP);
    ck_assert_float_eq(view->scroll, 200);
    view_wheel(view, &hands.frame.scene, 48);
    ck_assert_float_eq(view->scroll, 248);
    press(&hands, KEY_PAGE_DOWN);
    press(&hands, KEY_PAGE_DOWN);
    ck_assert_float_eq(view->scroll, 0);
    hands_free(&hands);
}
END_TEST

// Above the story's first line there is nothing: scrolling back begins at once.
START_TEST(scrolling_ends_at_the_first_line)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .tokens = 500 });
    View *view = &hands.frame.view;
    for (int i = 0; i < 1000; i++) view_wheel(view, &hands.frame.scene, 4800);
    ck_assert(isfinite(view->scroll));
    draw(&hands);
    Hit first;
    ck_assert(panel_frame_hit(&first, &hands.frame, TARGET_TOKEN, 0));
    hands_free(&hands);
}
END_TEST

// ---- another scene

START_TEST(selections_fit_another_scene)
{
    Hands hands;
    hands_new(&hands, &(FakeScene){ .L = 2, .C = 3, .n = 4, .tokens = 20 });
    View *view = &hands.frame.view;
    view->layer = 7;
    view->channel = 9;
    view->neuron = 16;
    view->token = 20;
    view_fit(view, &hands.frame.scene);
    ck_assert(view->layer == 1 && view->channel == 2 && view->neuron == -1);
    ck_assert_int_eq(view->token, LATEST);
    view->neuron = 15;
    view->token = 19;
    view_fit(view, &hands.frame.scene);
    ck_assert(view->neuron == 15 && view->token == 19);
    hands_free(&hands);
    hands_new(&hands, &(FakeScene){ .kind = "mlp" });
    view->layer = view->channel = view->neuron = 3;
    view_fit(view, &hands.frame.scene);
    ck_assert(view->layer == 0 && view->channel == 0 && view->neuron == -1);
    hands_free(&hands);
}
END_TEST

START_TEST(the_scale_follows_the_size_and_the_display)
{
    static const struct {
        int width, height;
        float density, scale;
    } cases[] = {
        { 1, 1, 1, 1 },       { 1280, 720, 1, 1 },       { 1920, 1080, 1, 1.5f },
        { 3840, 2160, 1, 3 }, { 3840, 720, 1, 1 },       { 16384, 16384, 1, 3 },
        { 1, 1, 2, 2 },       { 1280, 720, 1.7f, 1.5f }, { 2560, 1440, 2, 2 },
        { 3840, 2160, 2, 3 }, { 640, 480, 0.5f, 1 },     { 640, 480, 9, 3 },
        { 640, 480, NAN, 1 },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        float scale = view_scale(cases[i].width, cases[i].height, cases[i].density);
        ck_assert_msg(scale == cases[i].scale, "case %d: %g", i, scale);
    }
}
END_TEST

// ---- the tour

// Over a scene with everything, one without circuits, dense ones and an empty story.
static const FakeScene toured[] = {
    { 0 }, { .no_recording = true }, { .kind = "moe", .n = 8 }, { .kind = "mlp" }, { .tokens = 1 },
};

START_TEST(keys_go_through_the_tour)
{
    Hands hands;
    hands_new(&hands, &toured[_i]);
    View *view = &hands.frame.view;
    press(&hands, (Key)'t');
    static const Key on[] = { KEY_RIGHT, KEY_ENTER, KEY_SPACE };
    for (int step = 0; step < tour_steps(); step++) {
        ck_assert_int_eq(view->tour, step);
        view_fit(view, &hands.frame.scene);
        draw(&hands);
        press(&hands, KEY_LEFT);
        ck_assert_int_eq(view->tour, max_int(0, step - 1));
        if (step > 0) press(&hands, KEY_RIGHT);
        press(&hands, on[step % 3]);
        ck_assert(!view->editing);
    }
    ck_assert_int_eq(view->tour, -1);
    press(&hands, (Key)'t');
    press(&hands, KEY_ESCAPE);
    ck_assert_int_eq(view->tour, -1);
    hands_free(&hands);
}
END_TEST

START_TEST(time_goes_through_the_tour)
{
    Hands hands;
    hands_new(&hands, &toured[_i]);
    View *view = &hands.frame.view;
    const Scene *scene = &hands.frame.scene;
    double start = view->now;
    tour_go(view, scene, 0, &hands.requests);
    int steps = 0, step = -1;
    for (; view->tour >= 0; view->now += 0.25) {
        ck_assert_double_le(view->now, start + tour_seconds() + 1);
        steps += view->tour != step;
        step = view->tour;
        hands.requests.count = 0;
        tour_advance(view, scene, &hands.requests);
    }
    ck_assert_int_eq(steps, tour_steps());
    ck_assert_double_ge(view->now, start + tour_seconds());
    tour_advance(view, scene, &hands.requests);
    ck_assert_int_eq(view->tour, -1);
    hands_free(&hands);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { arrows_select_tokens },
        { arrows_and_c_select_grids },
        { a_dense_model_has_no_grids },
        { an_empty_story_has_no_tokens },
        { space_pauses_and_n_steps },
        { speed_doubles_between_bounds },
        { p_patches_the_selected_circuit },
        { what_needs_a_selection_says_so },
        { r_follows_another_story },
        { keys_of_the_window_set_flags },
        { unknown_keys_do_nothing },
        { escape_leaves_one_by_one },
        { a_prompt_is_typed_character_by_character },
        { enter_tells_the_prompt_and_escape_does_not },
        { a_full_prompt_takes_no_more },
        { a_selected_prompt_is_replaced },
        { clicks_select },
        { clicks_on_terms_open_their_neurons },
        { experts_are_clicked_too },
        { titles_hints_and_help_are_clicked },
        { clicks_everywhere_stay_inside, 5 },
        { the_mouse_hovers_and_scrolls },
        { scrolling_ends_at_the_first_line },
        { selections_fit_another_scene },
        { the_scale_follows_the_size_and_the_display },
        { keys_go_through_the_tour, COUNT_OF(toured) },
        { time_goes_through_the_tour, COUNT_OF(toured) },
    };
    return run_tests("view", tests, COUNT_OF(tests));
}
