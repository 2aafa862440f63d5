#include "reference/circuits/usage_picture.h"
#include "tests/harness/drawn.h"
#include "tests/harness/random_circuits.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

static Error error;

enum { L = 2, F = 9, SIDE = 252 }; // 256 / 9 pixels per neuron, rounded down

// Neurons 0 and 1 fire together in layer 0; layer 1 has random circuits.
static void draw(DrawList *list, bool subkeys) {
    static uint64_t fired[L * F] = { 1, 1 }, drawn[L * F];
    int32_t index[] = { 0, 1 };
    float score[] = { 1, 1 };
    Circuits pair = { 1, 2, F, index, score }, random = random_circuits(40, 3, F, 1);
    Coactivation coactivation[L];
    SubkeyShare shares[L] = { { 1, 0.25, 0.1 }, { 0.4, 0.25, 0.1 } };
    ck_assert(coactivation_new(&coactivation[0], &pair, &error));
    ck_assert(coactivation_new(&coactivation[1], &random, &error));
    Usage usage = { L, 1, F, fired }, control = { L, 1, F, drawn };
    UsagePicture picture = { &usage, &control, coactivation, subkeys ? shares : NULL, 3 };
    ck_assert_msg(usage_picture(list, &picture, 1, &error), "%s", error.text);
    ck_assert(!list->failed);
    for (int l = 0; l < L; l++) coactivation_free(&coactivation[l]);
    circuits_free(&random);
}

// The i-th matrix.
static DrawCommand matrix_of(const DrawList *list, int number) {
    DrawCommand command;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind == DRAW_CELLS && number-- == 0) return command;
    }
    ck_abort_msg("too few matrices");
    return command;
}

START_TEST(each_layer_has_its_matrices_and_numbers)
{
    DrawList list = draw_new(0, 0, font_builtin());
    DrawCommand text;
    draw(&list, true);
    ck_assert_int_eq(drawn_count(&list, DRAW_CELLS), 2 * L);
    DrawCommand matrix = matrix_of(&list, 0);
    ck_assert(matrix.rows == F && matrix.columns == F && matrix.rect.width == SIDE);
    for (int i = 0; i < F * F; i++)
        ck_assert_float_eq(matrix.values[i], i == 1 || i == F ? 1.0f : 0.0f);
    matrix = matrix_of(&list, 1); // shuffled: the same pair at another place
    int bright = 0;
    for (int i = 0; i < F * F; i++) bright += matrix.values[i] == 1.0f;
    ck_assert_int_eq(bright, 2);
    ck_assert(drawn_text(&text, &list, "layer 0: 22.2% fired"));
    ck_assert(drawn_text(&text, &list, "layer 1: 0.0% fired"));
    ck_assert(drawn_text(&text, &list, "Firing together, channel 3"));
    ck_assert(drawn_text(&text, &list, "all channels: 40.0% share a sub-key"));
    for (size_t cursor = 0; draw_next(&list, &text, &cursor);) {
        if (text.kind == DRAW_LINE) continue;
        ck_assert(text.rect.x + text.rect.width <= (float)list.width);
        ck_assert(text.rect.y + text.rect.height <= (float)list.height);
    }
    draw_free(&list);
}
END_TEST

START_TEST(without_product_keys_there_are_no_shares)
{
    DrawList list = draw_new(0, 0, font_builtin());
    DrawCommand text;
    draw(&list, false);
    ck_assert(!drawn_text(&text, &list, "all channels: 40.0% share a sub-key"));
    ck_assert(drawn_text(&text, &list, "layer 1: 0.0% fired"));
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { each_layer_has_its_matrices_and_numbers },
        { without_product_keys_there_are_no_shares },
    };
    return run_tests("usage_picture", tests, COUNT_OF(tests));
}
