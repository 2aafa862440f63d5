// The pictures of an attribution and of a recall table: everything is drawn, where it belongs.
#include "reference/circuits/attribution_picture.h"
#include "reference/circuits/recall_picture.h"
#include "tests/harness/drawn.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <string.h>

static DrawList list;

static void setup(void) { list = draw_new(0, 0, font_builtin()); }
static void teardown(void) { draw_free(&list); }

static void check_inside(void) {
    DrawCommand command;
    ck_assert(!list.failed);
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind == DRAW_LINE) continue;
        Rect rect = command.rect;
        ck_assert(rect.x >= 16 && rect.y >= 16);
        ck_assert_float_le(rect.x + rect.width, (float)list.width - 16);
        ck_assert_float_le(rect.y + rect.height, (float)list.height - 16);
    }
}

static DrawCommand text(const char *words) {
    DrawCommand command;
    ck_assert_msg(drawn_text(&command, &list, words), "no text '%s'", words);
    return command;
}

// The bar of a color; there is only one.
static Rect bar(Color color) {
    DrawCommand command;
    Rect found = { 0, 0, 0, 0 };
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind == DRAW_RECT && command.color == color) found = command.rect;
    }
    ck_assert_float_gt(found.width, 0);
    return found;
}

START_TEST(terms_are_bars_from_zero)
{
    Term terms[] = { { .kind = TERM_NEURON, .layer = 2, .channel = 1, .index = 48, .value = 4 },
                     { .kind = TERM_HEAD, .layer = 1, .head = 3, .value = -2 },
                     { .kind = TERM_EMBEDDING, .value = 0.5 },
                     { .kind = TERM_EXPERT, .layer = 0, .index = 7, .value = 0.25 } };
    Attribution attribution = { .terms = terms, .count = 4, .total = 2.75 };
    attribution_picture(&list, &attribution, 2, "a title");
    check_inside();
    text("a title");
    text("layer 2 channel 1 neuron 48");
    text("layer 1 head 3");
    text("the other 2");
    text("+0.750");
    text("+2.750");
    Rect neuron = bar(color_class(TERM_NEURON)), head = bar(color_class(TERM_HEAD)),
         total = bar(COLOR_ACCENT);
    ck_assert_float_eq_tol(neuron.width, 2 * head.width, 1);
    ck_assert_float_eq_tol(neuron.x, head.x + head.width, 1);
    ck_assert_float_eq_tol(total.x, neuron.x, 1);
    ck_assert_float_eq_tol(total.width, neuron.width * 2.75f / 4, 1);
    attribution_picture(&list, &attribution, 4, "a title");
    check_inside();
    text("embedding");
    text("layer 0 expert 7");
    DrawCommand unused;
    ck_assert(!drawn_text(&unused, &list, "the other 0"));
}
END_TEST

START_TEST(many_terms_are_summed)
{
    static Term terms[500];
    double total = 0;
    for (int i = 0; i < 500; i++) {
        terms[i] = (Term){ .kind = TERM_NEURON, .value = -1.0 / (i + 1) };
        total += terms[i].value;
    }
    Attribution attribution = { .terms = terms, .count = 500, .total = total };
    attribution_picture(&list, &attribution, 500, "a title");
    check_inside();
    text("the other 440");
}
END_TEST

START_TEST(nothing_to_scale_by)
{
    Term terms[] = { { .kind = TERM_EMBEDDING, .value = 0 } };
    attribution_picture(&list, &(Attribution){ .terms = terms, .count = 1 }, 1, "");
    check_inside();
}
END_TEST

START_TEST(every_effect_has_a_cell)
{
    enum { L = 3, ROWS = PLACES * (L + 1) };
    EffectSummary cells[ROWS * CONTROLS];
    for (int i = 0; i < ROWS * CONTROLS; i++)
        cells[i] = (EffectSummary){ 930, i / 100.0, i / 200.0, i / 400.0 };
    RecallTable table = { .L = L, .cells = cells };
    *recall_cell(&table, AT_LAST, L, CONTROL_THIRD) = (EffectSummary){ 0, NAN, NAN, NAN };
    recall_picture(&list, &table, "pairs");
    check_inside();
    text("pairs");
    text("noun, all layers");
    text("last, all layers");
    text("layer 2");
    text("random");
    text("0.39"); // the last nie
    // measure by measure, in each place by place and row by row
    static const double divisors[] = { 100, 200, 400 };
    DrawCommand command;
    int rows = 0;
    for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
        if (command.kind != DRAW_CELLS) continue;
        ck_assert(command.rows == 1 && command.columns == CONTROLS && command.high == 1);
        for (int i = 0; i < CONTROLS; i++) {
            int cell = rows % ROWS * CONTROLS + i;
            if (cell == (ROWS - 1) * CONTROLS + CONTROL_THIRD)
                ck_assert(isnan(command.values[i]));
            else
                ck_assert_float_eq_tol(command.values[i], cell / divisors[rows / ROWS], 1e-6);
        }
        rows++;
    }
    ck_assert_int_eq(rows, 3 * ROWS);
}
END_TEST

int main(void) {
    const TestFixture fixture = { setup, teardown, .once = false };
    const TestRow tests[] = { { terms_are_bars_from_zero },
                              { many_terms_are_summed },
                              { nothing_to_scale_by },
                              { every_effect_has_a_cell } };
    return run_tests_with(&fixture, "circuit pictures", tests, COUNT_OF(tests));
}
