#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <stdio.h>
#include <string.h>

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

static int bars(const PanelFrame *frame) {
    return drawn_inside(&frame->list, DRAW_RECT, color_heat(0.45), draw_whole(&frame->list));
}

START_TEST(each_layer_has_a_bar)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "sgatlin" }, 330, 110);
    frame.scene.circuits.usage[1] = 1;
    frame.scene.circuits.usage[3] = 0.25f;
    panel_frame_draw(&frame, PANEL_USAGE);
    static const char *const texts[] = { "L0",  "L1",   "L2",  "L3",        "99%",
                                         "96%", "100%", "25%", "Gini 0.50", "Gini 0.56" };
    for (int i = 0; i < COUNT_OF(texts); i++) ck_assert_msg(says(&frame, texts[i]), "%s", texts[i]);
    ck_assert_int_eq(bars(&frame), 4);
    DrawCommand command;
    float widths[4];
    int count = 0;
    for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);) {
        if (command.kind == DRAW_RECT && command.color == color_heat(0.45))
            widths[count++] = command.rect.width;
    }
    ck_assert_float_eq_tol(widths[3], 0.25f * widths[1], 0.01);
    ck_assert_int_eq(drawn_inside(&frame.list, DRAW_RECT, COLOR_EMPTY, draw_whole(&frame.list)), 4);
    panel_frame_free(&frame);
}
END_TEST

// Twelve layers: one column, two, and some that are left out.
START_TEST(layers_that_do_not_fit)
{
    static const struct {
        int width, height, shown;
        const char *more;
    } cases[] = {
        { 330, 300, 12, NULL },
        { 330, 105, 12, NULL },
        { 240, 80, 6, "and 6 more layers" },
        { 140, 80, 3, "and 9 more layers" },
        { 160, 18, 0, "and 12 more layers" },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        PanelFrame frame;
        panel_frame_new(&frame, &(FakeScene){ .L = 12 }, cases[i].width, cases[i].height);
        panel_frame_draw(&frame, PANEL_USAGE);
        ck_assert_msg(bars(&frame) == cases[i].shown, "case %d: %d", i, bars(&frame));
        for (int layer = 0; layer < 12; layer++) {
            char text[16];
            snprintf(text, sizeof text, "L%d", layer);
            ck_assert_int_eq(says(&frame, text), layer < cases[i].shown);
        }
        if (cases[i].more != NULL) ck_assert(says(&frame, cases[i].more));
        panel_frame_free(&frame);
    }
}
END_TEST

// In training what fired lately counts: here a quarter of layer 1.
START_TEST(training_shows_what_fired_recently)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .training = true, .L = 2 }, 330, 110);
    const SceneModel *model = &frame.scene.model;
    int neurons = model->C * model->F;
    for (int i = 0; i < 2 * neurons; i++)
        frame.scene.training.fired[i] = i < neurons || i % 4 == 0 ? 0.01f : 0;
    panel_frame_draw(&frame, PANEL_USAGE);
    ck_assert(says(&frame, "100%") && says(&frame, "25%"));
    DrawCommand command;
    for (size_t cursor = 0; draw_next(&frame.list, &command, &cursor);)
        ck_assert(command.kind != DRAW_TEXT || strstr(command.text, "Gini") == NULL);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(without_neurons_it_says_why)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .kind = "mlp" }, 400, 110);
    panel_frame_draw(&frame, PANEL_USAGE);
    ck_assert(says(&frame, "a dense model uses all of its neurons"));
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ .no_recording = true }, 400, 110);
    panel_frame_draw(&frame, PANEL_USAGE);
    ck_assert(says(&frame, frame.scene.circuits.note));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(every_size_and_scene)
{ panel_frame_sweep(PANEL_USAGE, NULL); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { each_layer_has_a_bar },
        { layers_that_do_not_fit },
        { training_shows_what_fired_recently },
        { without_neurons_it_says_why },
        { every_size_and_scene },
    };
    return run_tests("panel_usage", tests, COUNT_OF(tests));
}
