#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include "visualizer/tour.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

// Pictures of every panel and of the whole window, against hashes of pictures that were looked at:
// tests/golden/panels.tsv. The font is the built-in one and the fake scenes use no model, so they
// are the same on every machine.

static const char golden_path[] = "tests/golden/panels.tsv";
static const char header[] = "name\tcommands\tpixels\n";

// ---- the cases

static const struct {
    const char *name;
    FakeScene fake;
} scenes[] = {
    { "sgatlin", { .kind = "sgatlin" } }, { "moe", { .kind = "moe", .n = 8 } },
    { "patched", { .patched = true } },   { "training", { .training = true } },
    { "dense", { .kind = "mlp" } },
};

typedef struct {
    const char *name;
    int width, height;
    bool help;
    int tour; // its step; -1: none
} Window;

static const Window windows[] = {
    { "window_640", 640, 480, false, -1 },    { "window_1280", 1280, 720, false, -1 },
    { "help_640", 640, 480, true, -1 },       { "help_1280", 1280, 720, true, -1 },
    { "tour_640", 640, 480, false, 5 },       { "tour_1280", 1280, 720, false, 5 },
    { "portrait_400", 400, 900, false, -1 },  { "low_2000", 2000, 500, false, -1 },
    { "window_2560", 2560, 1440, false, -1 },
};

enum {
    PICTURES = PANELS + COUNT_OF(windows),
    CASES = COUNT_OF(scenes) * PICTURES,
    NAME = 64,
};

typedef struct {
    char name[NAME];
    uint64_t commands, pixels;
} Golden;

// Draws a case. The card of the scene is open in its panel, and closed in windows.
static void draw_case(PanelFrame *out, char name[NAME], int number) {
    int scene = number / PICTURES, picture = number % PICTURES;
    const FakeScene *fake = &scenes[scene].fake;
    if (picture < PANELS) {
        snprintf(name, NAME, "%s_%s", scenes[scene].name, panels[picture].name);
        panel_frame_new(out, fake, 480, 360);
        if (picture == PANEL_CARD) out->view.neuron = out->scene.card.index;
        panel_frame_draw(out, (PanelNumber)picture);
        return;
    }
    const Window *window = &windows[picture - PANELS];
    snprintf(name, NAME, "%s_%s", scenes[scene].name, window->name);
    panel_frame_new(out, fake, window->width, window->height);
    out->list.scale = view_scale(window->width, window->height, 1);
    out->view.help = window->help;
    out->view.tour = window->tour;
    out->view.tour_since = out->view.now - 5;
    layout_draw(&out->frame);
}

// ---- their hashes

static void add(XXH3_state_t *hash, const void *bytes, size_t size) {
    ck_assert(XXH3_64bits_update(hash, bytes, size) == XXH_OK);
}

// In 64ths of a pixel.
static void add_number(XXH3_state_t *hash, float number) {
    int64_t rounded = llroundf(64 * number);
    add(hash, &rounded, sizeof rounded);
}

static void add_rect(XXH3_state_t *hash, Rect rect) {
    add_number(hash, rect.x);
    add_number(hash, rect.y);
    add_number(hash, rect.width);
    add_number(hash, rect.height);
}

static void add_command(XXH3_state_t *hash, const DrawCommand *command) {
    uint32_t kind = command->kind, color = command->color;
    add(hash, &kind, sizeof kind);
    switch (command->kind) {
    case DRAW_TEXT: add(hash, command->text, strlen(command->text) + 1); // fall through
    case DRAW_LINE: add_number(hash, command->size);                     // fall through
    case DRAW_RECT: add(hash, &color, sizeof color); break;
    case DRAW_CELLS:
        for (int i = 0; i < command->rows * command->columns; i++) {
            add_rect(hash, draw_cell(command, i / command->columns, i % command->columns, &color));
            add(hash, &color, sizeof color);
        }
        break;
    case DRAW_CLIP: break;
    }
    if (command->kind == DRAW_LINE)
        add_rect(hash, (Rect){ command->x0, command->y0, command->x1, command->y1 });
    else
        add_rect(hash, command->rect);
}

static uint64_t hash_commands(const DrawList *list) {
    XXH3_state_t *hash = XXH3_createState();
    DrawCommand command;
    ck_assert(hash != NULL && XXH3_64bits_reset(hash) == XXH_OK);
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) add_command(hash, &command);
    uint64_t digest = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    return digest;
}

static uint64_t hash_pixels(const DrawList *list) {
    Picture picture;
    Error error = { "" };
    ck_assert_msg(picture_new(&picture, list->width, list->height, &error) &&
                      paint_list(&picture, list, &error),
                  "%s", error.text);
    size_t bytes = (size_t)list->width * (size_t)list->height * 3;
    uint64_t digest = XXH3_64bits(picture.rgb, bytes);
    picture_free(&picture);
    return digest;
}

static Golden golden_of(const PanelFrame *frame, const char *name) {
    Golden golden = { .commands = hash_commands(&frame->list),
                      .pixels = hash_pixels(&frame->list) };
    snprintf(golden.name, NAME, "%s", name);
    return golden;
}

// ---- the file

// Returns how many rows there are.
static int read_golden(Golden *out, int most) {
    FILE *file = fopen(golden_path, "r");
    ck_assert_msg(file != NULL, "%s cannot be opened", golden_path);
    char line[256];
    int count = 0;
    ck_assert(fgets(line, sizeof line, file) != NULL && strcmp(line, header) == 0);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long long commands, pixels;
        ck_assert_msg(count < most, "%s has more than %d rows", golden_path, most);
        int fields = sscanf(line, "%63s\t%16llx\t%16llx\n", out[count].name, &commands, &pixels);
        ck_assert_msg(fields == 3, "%s: %s", golden_path, line);
        out[count].commands = commands;
        out[count++].pixels = pixels;
    }
    fclose(file);
    return count;
}

static void write_golden(const Golden *golden) {
    OutputFile file;
    Error error = { "" };
    ck_assert_msg(output_open(&file, golden_path, &error), "%s", error.text);
    fputs(header, file.stream);
    for (int i = 0; i < CASES; i++)
        fprintf(file.stream, "%s\t%016llx\t%016llx\n", golden[i].name,
                (unsigned long long)golden[i].commands, (unsigned long long)golden[i].pixels);
    ck_assert_msg(output_commit(&file, &error), "%s", error.text);
}

static void write_picture(const PanelFrame *frame, const char *name) {
    const char folder[] = "build/tmp/panels";
    char path[sizeof folder + NAME + 8];
    Error error = { "" };
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    bool ok = folder_make(folder, &error) && paint_png(&frame->list, path, &error);
    ck_assert_msg(ok, "%s", error.text);
}

// ---- tests

static bool updating(void) {
    const char *set = getenv("UPDATE_GOLDEN");
    return set != NULL && strcmp(set, "1") == 0;
}

// NULL: they agree.
static const char *difference(const Golden *actual, const Golden *expected) {
    if (strcmp(actual->name, expected->name) != 0) return "is not in the file, or in another row";
    if (actual->commands != expected->commands) return "has other commands";
    return actual->pixels != expected->pixels ? "has the same commands but other pixels" : NULL;
}

START_TEST(every_picture)
{
    static Golden expected[CASES], actual[CASES];
    int rows = updating() ? 0 : read_golden(expected, CASES), wrong = 0;
    for (int i = 0; i < CASES; i++) {
        PanelFrame frame;
        char name[NAME];
        draw_case(&frame, name, i);
        actual[i] = golden_of(&frame, name);
        const char *what = updating() ? "was written" : difference(&actual[i], &expected[i]);
        if (what != NULL) {
            write_picture(&frame, name);
            printf("%s: %s\n", name, what);
            wrong++;
        }
        panel_frame_free(&frame);
    }
    if (updating()) {
        write_golden(actual);
        return;
    }
    ck_assert_msg(rows == CASES && wrong == 0,
                  "%d of %d pictures are not those of %s (%d rows). Look at them in "
                  "build/tmp/panels; if they are right: UPDATE_GOLDEN=1 make test-golden_panels",
                  wrong, CASES, golden_path, rows);
}
END_TEST

static Golden drawn(int number, void (*change)(PanelFrame *frame)) {
    PanelFrame frame;
    char name[NAME];
    draw_case(&frame, name, number);
    if (change != NULL) change(&frame);
    Golden golden = golden_of(&frame, name);
    panel_frame_free(&frame);
    return golden;
}

static void add_pixel(PanelFrame *frame) {
    draw_rect(&frame->list, (Rect){ 1, 1, 1, 1 }, COLOR_BACKGROUND + 1);
}
static void add_nothing_visible(PanelFrame *frame) {
    draw_rect(&frame->list, (Rect){ 1.25f, 1, 0.125f, 1 }, COLOR_TEXT);
}
static void change_word(PanelFrame *frame) {
    frame->scene.story.tokens[59].id = 21;
    panel_frame_draw(frame, PANEL_STORY);
}
static void change_color(PanelFrame *frame) {
    frame->view.layer = 1 - frame->view.layer;
    panel_frame_draw(frame, PANEL_GATES);
}
static void change_score(PanelFrame *frame) {
    frame->scene.focus.key_scores[0] += 3;
    panel_frame_draw(frame, PANEL_GATES);
}

START_TEST(a_change_is_found)
{
    static const struct {
        int number;
        void (*change)(PanelFrame *frame);
        bool visible;
    } cases[] = {
        { PANEL_MAP, add_pixel, true },      { PANEL_MAP, add_nothing_visible, false },
        { PANEL_STORY, change_word, true },  { PANEL_GATES, change_color, true },
        { PANEL_GATES, change_score, true },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        Golden before = drawn(cases[i].number, NULL), again = drawn(cases[i].number, NULL);
        ck_assert_ptr_null(difference(&again, &before));
        Golden after = drawn(cases[i].number, cases[i].change);
        ck_assert_msg(after.commands != before.commands, "change %d", i);
        ck_assert_msg((after.pixels != before.pixels) == cases[i].visible, "change %d", i);
        ck_assert_ptr_nonnull(difference(&after, &before));
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = { { every_picture }, { a_change_is_found } };
    return run_tests("golden_panels", tests, COUNT_OF(tests));
}
