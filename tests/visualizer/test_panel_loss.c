#include "tests/harness/drawn.h"
#include "tests/harness/panel_frame.h"
#include "tests/harness/suite.h"
#include <math.h>

static bool says(const PanelFrame *frame, const char *text) {
    DrawCommand command;
    return drawn_text(&command, &frame->list, text);
}

static int curves(const PanelFrame *frame, Color color) {
    return drawn_inside(&frame->list, DRAW_LINE, color, draw_whole(&frame->list));
}

START_TEST(both_losses_and_the_baselines_are_drawn)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .training = true }, 370, 300);
    panel_frame_draw(&frame, PANEL_LOSS);
    static const char *const texts[] = { "step 600 of 1200 · 9.5 k tokens/s · 2:10 left",
                                         "training 0.42", "validation 0.46", "unigram", "trigram" };
    for (int i = 0; i < COUNT_OF(texts); i++) ck_assert_msg(says(&frame, texts[i]), "%s", texts[i]);
    ck_assert_int_eq(curves(&frame, COLOR_DIM), 59 + 1); // and the one in the legend
    ck_assert_int_eq(curves(&frame, COLOR_TEXT), 5 + 1);
    frame.scene.training.unigram = NAN;
    frame.scene.training.valid_count = 0;
    panel_frame_draw(&frame, PANEL_LOSS);
    ck_assert(says(&frame, "validation") && says(&frame, "trigram") && !says(&frame, "unigram"));
    ck_assert_int_eq(curves(&frame, COLOR_TEXT), 1);
    panel_frame_free(&frame);
}
END_TEST

static const struct {
    bool running, finished;
    int64_t steps;
    double speed, left;
    const char *text;
} states[] = {
    { true, false, 1200, 123456, NAN, "step 600 of 1200 · 123 k tokens/s" },
    { true, false, 0, NAN, NAN, "step 600" },
    { true, false, 1200, NAN, 7500, "step 600 of 1200 · 2h05m left" },
    { false, false, 1200, 9500, 130, "step 600 of 1200 · stopped" },
    { false, true, 600, 9500, 0, "step 600 of 600 · finished" },
};

START_TEST(a_line_says_that_it_waits)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .training = true }, 400, 200);
    frame.scene.training.running = false;
    frame.scene.training.paused = true;
    DrawCommand command;
    panel_frame_draw(&frame, PANEL_LOSS);
    ck_assert(drawn_text(&command, &frame.list, "step 600 of 1200 · paused"));
    panel_frame_free(&frame);
}
END_TEST

START_TEST(a_line_says_how_far_it_is)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .training = true }, 370, 300);
    SceneTraining *training = &frame.scene.training;
    training->running = states[_i].running;
    training->finished = states[_i].finished;
    training->steps = states[_i].steps;
    training->tokens_per_second = states[_i].speed;
    training->seconds_left = states[_i].left;
    panel_frame_draw(&frame, PANEL_LOSS);
    ck_assert_msg(says(&frame, states[_i].text), "%s", states[_i].text);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(without_losses_it_says_why)
{
    PanelFrame frame;
    panel_frame_new(&frame, &(FakeScene){ .training = false }, 500, 200);
    panel_frame_draw(&frame, PANEL_LOSS);
    ck_assert(says(&frame, "not training: start with --train or --watch RUN"));
    panel_frame_free(&frame);
    panel_frame_new(&frame, &(FakeScene){ .training = true }, 500, 200);
    frame.scene.training.train_count = frame.scene.training.valid_count = 0;
    panel_frame_draw(&frame, PANEL_LOSS);
    ck_assert(says(&frame, "no losses yet"));
    ck_assert_int_eq(drawn_count(&frame.list, DRAW_TEXT), 2);
    panel_frame_free(&frame);
}
END_TEST

START_TEST(every_size_and_scene)
{ panel_frame_sweep(PANEL_LOSS, NULL); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { both_losses_and_the_baselines_are_drawn },
        { a_line_says_that_it_waits },
        { a_line_says_how_far_it_is, COUNT_OF(states) },
        { without_losses_it_says_why },
        { every_size_and_scene },
    };
    return run_tests("panel_loss", tests, COUNT_OF(tests));
}
