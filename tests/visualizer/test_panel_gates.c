#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// The cells that a command draws at `rect` (points).
static bool cells_at(DrawCommand *out, const DrawList *list, Rect rect) {
    for (size_t cursor = 0; draw_next(list, out, &cursor);) {
        if (out->kind == DRAW_CELLS && fabsf(out->rect.x - list->scale * rect.x) < 0.1f &&
            fabsf(out->rect.y - list->scale * rect.y) < 0.1f)
            return true;
    }
    return false;
}

// A grid's target and its cells.
static void find_grid(Hit *hit, DrawCommand *cells, const PanelFrame *frame, int layer,
                      int channel) {
    for (int i = 0; i < frame->hits.count; i++) {
        *hit = frame->hits.items[i];
        if (hit->target.kind != TARGET_GRID || hit->target.layer != layer ||
            hit->target.channel != channel)
            continue;
        ck_assert(cells_at(cells, &frame->list, hit->rect));
        return;
    }
    ck_abort_msg("no grid of layer %d, channel %d", layer, channel);
}

static int bright_cells(const DrawCommand *cells) {
    int count = 0;
    for (int i = 0; i < cells->rows * cells->columns; i++) count += !isnan(cells->values[i]);
    return count;
}

static void select_grid(PanelFrame *frame, int layer, int channel) {
    frame->view.layer = layer;
    frame->view.channel = channel;
}

static void point_at_things(PanelFrame *frame) {
    bool moe = frame->scene.model.ragged;
    frame->view.hover = (Target){ moe ? TARGET_EXPERT : TARGET_GRID, frame->scene.card.layer,
                                  frame->scene.card.channel, frame->scene.card.index };
    frame->view.neuron = frame->scene.model.F - 1;
    frame->view.mouse_x = 300;
}

START_TEST(stays_inside_and_allocates_once)
{ panel_frame_sweep(PANEL_GATES, point_at_things); }
END_TEST

START_TEST(neurons_of_the_shown_token_are_bright_by_score)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 480, 510);
    frame.view.token = 17;
    panel_frame_draw(&frame, PANEL_GATES);
    const SceneModel *model = &frame.scene.model;
    for (int layer = 0; layer < model->L; layer++) {
        for (int channel = 0; channel < model->C; channel++) {
            Hit hit;
            DrawCommand cells;
            find_grid(&hit, &cells, &frame, layer, channel);
            ck_assert_int_eq(cells.rows, 16);
            ck_assert_int_eq(cells.columns, 16);
            ck_assert_int_eq(bright_cells(&cells), model->K);
            size_t entry = scene_entry(&frame.scene, 17, layer, channel);
            const int32_t *index = frame.scene.story.index + entry;
            ck_assert_float_eq(cells.values[index[0]], 1); // the highest score is the first
            ck_assert_float_eq_tol(cells.values[index[model->K - 1]], 0.35f, 1e-6f);
            ck_assert_float_lt(cells.values[index[2]], cells.values[index[1]]);
        }
    }
    panel_frame_free(&frame);
}
END_TEST

START_TEST(neurons_of_the_last_half_second_fade)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .K = 1 }, 480, 510);
    Hit hit;
    DrawCommand cells;
    const int last = frame.scene.story.count - 1; // a quarter of a second after the one before
    int32_t *index = frame.scene.story.index;
    for (int t = 0; t <= last; t++) index[scene_entry(&frame.scene, t, 1, 2)] = t;
    frame.view.now = frame.scene.story.tokens[last].time;
    panel_frame_draw(&frame, PANEL_GATES);
    find_grid(&hit, &cells, &frame, 1, 2);
    ck_assert_int_eq(bright_cells(&cells), 2);
    ck_assert_float_eq(cells.values[last], 1);
    ck_assert_float_eq_tol(cells.values[last - 1], 0.5f, 1e-6f);
    frame.view.now += 10;
    panel_frame_draw(&frame, PANEL_GATES);
    find_grid(&hit, &cells, &frame, 1, 2);
    ck_assert_int_eq(bright_cells(&cells), 1);
    ck_assert_float_eq(cells.values[last], 1);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(strips_have_the_scores_of_rows_and_columns)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .C = 3 }, 480, 510);
    panel_frame_draw(&frame, PANEL_GATES);
    Hit hit;
    DrawCommand grid, command, rows = { 0 }, columns = { 0 };
    find_grid(&hit, &grid, &frame, 2, 1);
    for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);) {
        if (command.kind != DRAW_CELLS) continue;
        float left = grid.rect.x - command.rect.x, above = grid.rect.y - command.rect.y;
        if (command.columns == 1 && above == 0 && left > 0 && left < 16) rows = command;
        if (command.rows == 1 && left == 0 && above > 0 && above < 16) columns = command;
    }
    ck_assert_int_eq(rows.rows, 16);
    ck_assert_int_eq(columns.columns, 16);
    const float *scores = frame.scene.focus.key_scores + 2 * frame.scene.focus.keys; // [2,3,16]
    ck_assert_mem_eq(rows.values, scores + 1 * 16, 16 * sizeof *scores);
    ck_assert_mem_eq(columns.values, scores + (3 + 1) * 16, 16 * sizeof *scores);
    for (int i = 0; i < 16; i++) {
        ck_assert_float_ge(rows.values[i], rows.low);
        ck_assert_float_le(columns.values[i], columns.high);
    }
    int all = drawn_count(&frame.list, DRAW_CELLS), empty = 0;
    ck_assert_int_eq(all, 3 * 4 * 3);
    frame.scene.focus.token--; // of another token
    panel_frame_draw(&frame, PANEL_GATES);
    for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);)
        empty += command.kind == DRAW_CELLS && bright_cells(&command) == 0;
    ck_assert_int_eq(empty, 2 * 4 * 3);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(every_neuron_is_a_target)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .n = 11 }, 960, 1020);
    frame.list.scale = 2;
    panel_frame_draw(&frame, PANEL_GATES);
    Hit hit;
    DrawCommand cells;
    find_grid(&hit, &cells, &frame, 3, 2);
    float side = hit.rect.width / 11;
    ck_assert_float_eq_tol(2 * side, roundf(2 * side), 1e-3f); // whole pixels
    for (int neuron = 0; neuron < 121; neuron++) {
        Color color;
        Rect cell = draw_cell(&cells, neuron / 11, neuron % 11, &color);
        Target target =
            hit_find(&frame.hits, (cell.x + cell.width / 2) / 2, (cell.y + cell.height / 2) / 2);
        ck_assert_int_eq(target.kind, TARGET_GRID);
        ck_assert_int_eq(target.layer, 3);
        ck_assert_int_eq(target.channel, 2);
        ck_assert_int_eq(target.index, neuron);
        ck_assert_float_eq(cell.width, 2 * side - 1);
    }
    panel_frame_free(&frame);
}
END_TEST

START_TEST(the_last_row_may_be_shorter)
{
    PanelFrame frame;
    Hit hit;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 480, 510);
    frame.scene.model.F = 250;
    frame.scene.model.product_keys = false;
    panel_frame_draw(&frame, PANEL_GATES);
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_CELLS), 2 * 16); // no strips
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_GRID, 249));
    ck_assert_int_eq(hit.columns, 10);
    ck_assert(!panel_frame_hit(&hit, &frame, TARGET_GRID, 250));
    panel_frame_free(&frame);
}
END_TEST

#define DENSE "this model has dense feed-forward layers: it has no gating to show"
static const struct {
    FakeScene fake;
    int width, height;
    const char *text, *missing;
    int grids;
} places[] = {
    { { 0 }, 480, 510, "channel 3", "3", 16 },
    { { .C = 8, .n = 24 }, 520, 540, "7", "channel 7", 32 },
    { { .L = 12, .C = 16 }, 480, 510, NULL, "only layer 2 of 12 fits here", 192 },
    { { .L = 12, .C = 16, .n = 64 }, 480, 510, "only layer 2 of 12 fits here", "L1", 16 },
    { { .L = 12, .C = 16, .n = 64 }, 280, 140, "only layer 2, channel 1 fits here", "L1", 1 },
    { { .n = 64 }, 280, 60, "too small to show the neurons", NULL, 0 },
    { { .kind = "mlp" }, 900, 60, DENSE, NULL, 0 },
};

START_TEST(shows_as_many_layers_as_fit)
{
    PanelFrame frame;
    DrawCommand command;
    panel_frame_new(&frame, &places[_i].fake, places[_i].width, places[_i].height);
    select_grid(&frame, 2, 1);
    panel_frame_draw(&frame, PANEL_GATES);
    const char *text = places[_i].text, *missing = places[_i].missing;
    if (text != NULL) ck_assert_msg(drawn_text(&command, &frame.list, text), "no “%s”", text);
    if (missing != NULL)
        ck_assert_msg(!drawn_text(&command, &frame.list, missing), "“%s”", missing);
    ck_assert_int_eq(frame.hits.count, places[_i].grids);
    panel_frame_free(&frame);
}
END_TEST

// Twelve layers of one channel: below each other their cells would be a pixel wide.
START_TEST(layers_are_in_several_stacks)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .L = 12, .C = 1 }, 494, 470);
    panel_frame_draw(&frame, PANEL_GATES);
    Hit hits[12];
    for (int layer = 0; layer < 12; layer++) {
        DrawCommand cells, text;
        char name[16];
        find_grid(&hits[layer], &cells, &frame, layer, 0);
        ck_assert_float_ge(hits[layer].rect.width, 16 * 5);
        snprintf(name, sizeof name, "L%d", layer);
        ck_assert(drawn_text(&text, &frame.list, name));
        ck_assert(text.rect.x < hits[layer].rect.x && text.rect.x > hits[layer].rect.x - 80);
        if (layer < 4) continue;
        ck_assert_float_eq(hits[layer].rect.y, hits[layer - 4].rect.y);
        ck_assert_float_gt(hits[layer].rect.x, hits[layer - 4].rect.x + 16 * 5);
    }
    panel_frame_free(&frame);
}
END_TEST

START_TEST(marks_what_is_selected_and_names_what_is_pointed_at)
{
    PanelFrame frame;
    Hit hit;
    DrawCommand cells, text;
    panel_frame_new(&frame, &(FakeScene){ 0 }, 480, 510);
    select_grid(&frame, 2, 1);
    frame.view.neuron = 37;
    panel_frame_draw(&frame, PANEL_GATES);
    find_grid(&hit, &cells, &frame, 2, 1);
    Rect all = hit.rect;
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_LINE, COLOR_ACCENT, all), 4); // of the neuron
    all.x -= 20, all.y -= 20, all.width += 40, all.height += 40;
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_LINE, COLOR_ACCENT, all), 8); // and the grid
    ck_assert(!drawn_text(&text, &frame.list, "neuron 128 · layer 2, channel 1"));

    frame.view.hover = (Target){ TARGET_GRID, 2, 1, 128 }; // the card is of this one
    panel_frame_draw(&frame, PANEL_GATES);
    ck_assert(drawn_text(&text, &frame.list, "neuron 128 · layer 2, channel 1"));
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_LINE, COLOR_TEXT, all), 4);
    char word[SCENE_TEXT];
    part_token_text(&frame.frame, frame.scene.card.fires[1], word);
    ck_assert(drawn_text(&text, &frame.list, word));

    frame.view.hover.index = 127;
    panel_frame_draw(&frame, PANEL_GATES);
    ck_assert(drawn_text(&text, &frame.list, "neuron 127 · layer 2, channel 1"));
    ck_assert(!drawn_text(&text, &frame.list, word));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(grids_settle_in_training)
{
    PanelFrame frame;
    Hit hit;
    DrawCommand cells;
    panel_frame_new(&frame, &(FakeScene){ .training = true }, 480, 510);
    float *fired = frame.scene.training.fired; // [4,4,256]
    memset(fired, 0, 16 * 256 * sizeof *fired);
    fired[(1 * 4 + 3) * 256 + 7] = 0.5f;
    fired[(1 * 4 + 3) * 256 + 9] = 0.125f;
    frame.scene.story.count = 0;
    panel_frame_draw(&frame, PANEL_GATES);
    find_grid(&hit, &cells, &frame, 1, 3);
    ck_assert_int_eq(bright_cells(&cells), 2);
    ck_assert_float_eq(cells.values[7], 1);
    ck_assert_float_eq(cells.values[9], 0.25f);
    frame.scene.training.mode = NOT_TRAINING;
    panel_frame_draw(&frame, PANEL_GATES);
    find_grid(&hit, &cells, &frame, 1, 3);
    ck_assert_int_eq(bright_cells(&cells), 0);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(a_moe_is_a_table_of_tokens_and_experts)
{
    PanelFrame frame;
    Hit hit;
    DrawCommand cells, text;
    panel_frame_new(&frame, &(FakeScene){ .kind = "moe", .n = 8 }, 480, 510);
    panel_frame_draw(&frame, PANEL_GATES);
    const Scene *scene = &frame.scene;
    ck_assert_int_eq(frame.hits.count, 4 * 8);
    ck_assert(panel_frame_hit(&hit, &frame, TARGET_EXPERT, 0));
    ck_assert_int_eq(
        hit_find(&frame.hits, hit.rect.x + 1, hit.rect.y + 3.5f * hit.rect.height).index, 3);
    int columns = drawn_count(&frame.list, DRAW_CELLS) / 4, last = scene->story.count - 1;
    ck_assert_int_gt(columns, 20);
    Rect rect = hit.rect; // the last column of layer 0 is the shown token
    rect.x += rect.width / (float)columns * (float)(columns - 1);
    ck_assert(cells_at(&cells, &frame.list, rect));
    ck_assert_int_eq(cells.rows, 8);
    size_t entry = scene_entry(scene, last, 0, 0);
    int chosen = 0;
    while (chosen < 8 && scene->story.index[entry + (size_t)chosen] >= 0) chosen++;
    ck_assert_int_eq(bright_cells(&cells), chosen);
    float score = scene->story.score[entry];
    ck_assert_float_eq_tol(cells.values[scene->story.index[entry]], 0.35f + 0.65f * score, 1e-6f);
    char word[SCENE_TEXT];
    part_token_text(&frame.frame, scene->story.tokens[last].id, word);
    ck_assert(drawn_text(&text, &frame.list, word));
    ck_assert(drawn_text(&text, &frame.list, "L3"));
    frame.view.hover = (Target){ TARGET_EXPERT, 1, 0, 6 };
    panel_frame_draw(&frame, PANEL_GATES);
    ck_assert(drawn_text(&text, &frame.list, "expert 6 · layer 1"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(a_moe_shows_the_tokens_around_an_early_one)
{
    PanelFrame frame;
    DrawCommand text;
    panel_frame_new(&frame, &(FakeScene){ .kind = "moe", .n = 8, .tokens = 1000 }, 480, 510);
    frame.scene.story.tokens[2].id = 9; // dog
    frame.view.token = 2;
    panel_frame_draw(&frame, PANEL_GATES);
    ck_assert(drawn_text(&text, &frame.list, "dog"));
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_LINE, COLOR_ACCENT, draw_whole(&frame.list)),
                     4);
    panel_frame_free(&frame);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { stays_inside_and_allocates_once },
        { neurons_of_the_shown_token_are_bright_by_score },
        { neurons_of_the_last_half_second_fade },
        { strips_have_the_scores_of_rows_and_columns },
        { every_neuron_is_a_target },
        { the_last_row_may_be_shorter },
        { shows_as_many_layers_as_fit, COUNT_OF(places) },
        { layers_are_in_several_stacks },
        { marks_what_is_selected_and_names_what_is_pointed_at },
        { grids_settle_in_training },
        { a_moe_is_a_table_of_tokens_and_experts },
        { a_moe_shows_the_tokens_around_an_early_one },
    };
    return run_tests("panel_gates", tests, COUNT_OF(tests));
}
