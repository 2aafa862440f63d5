#include "reference/circuits/gates_picture.h"
#include "tests/harness/drawn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <string.h>

static Error error;

// 3 tokens, 2 layers, 2 channels, 2 of 9 neurons.
enum { T = 3, L = 2, C = 2, K = 2, F = 9 };

static const char *const tokens[T] = { " The", " dog", " ran" };
static const float score[T * L * C * K] = { 2, 1, 2, 1, 2, 1, 2, 1, 5, 1, 2, 1,
                                            2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1 };
static const int32_t index_of[T * L * C * K] = {
    0, 1, 2, 3, 4, 5, 6, 7, // The: L1 channel 0, channel 1; L2 channel 0, channel 1
    0, 2, 2, 4, 4, 5, 8, 7, // dog
    0, 8, 2, 5, 4, 3, 1, 7, // ran
};

// A view: nothing writes to it.
static GatingRecord record(int t, int l, int c, int k, int f, const int32_t *index,
                           const float *scores) {
    return (GatingRecord){
        .T = t, .L = l, .C = c, .K = k, .F = f, .index = (int32_t *)index, .score = (float *)scores
    };
}

static GatingRecord gates(void) { return record(T, L, C, K, F, index_of, score); }

static DrawList new_list(void) { return draw_new(0, 0, font_builtin()); }

// The grids in the order in which they are drawn; all 9 neurons of one are in one command.
static DrawCommand grid(const DrawList *list, int number) {
    DrawCommand command;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind == DRAW_CELLS && command.rows == 3 && number-- == 0) return command;
    }
    ck_abort_msg("too few grids");
    return command;
}

static float neuron(const DrawList *list, int number, int f) {
    DrawCommand command = grid(list, number);
    ck_assert(command.columns == 3 && command.low == 0 && command.high == 1);
    return command.values[f];
}

static void check_inside(const DrawList *list) {
    ck_assert(!list->failed);
    ck_assert_int_le(list->width, 1280);
    DrawCommand command;
    for (size_t cursor = 0; draw_next(list, &command, &cursor);) {
        if (command.kind == DRAW_LINE) continue;
        Rect rect = command.rect;
        ck_assert(rect.x >= 16 && rect.y >= 16);
        ck_assert_float_le(rect.x + rect.width, (float)list->width - 16);
        ck_assert_float_le(rect.y + rect.height, (float)list->height - 16);
    }
}

START_TEST(a_sentence_is_summed)
{
    GatingRecord value = gates();
    DrawList list = new_list();
    ck_assert_msg(gates_picture_sentence(&list, &value, tokens, &error), "%s", error.text);
    check_inside(&list);
    ck_assert_float_eq(neuron(&list, 0, 0), 1.0f); // L1, channel 0: at all three tokens
    ck_assert_float_eq(neuron(&list, 0, 1), 0.0f); // at one
    ck_assert_float_eq(neuron(&list, 0, 8), 0.0f);
    ck_assert_float_eq(neuron(&list, 1, 2), 1.0f); // channel 1
    ck_assert_float_eq(neuron(&list, 2, 5), 0.5f); // L2, channel 0: at two
    ck_assert_float_eq(neuron(&list, 3, 7), 1.0f);
    ck_assert(isnan(neuron(&list, 3, 0)));
    int fired = 0;
    for (int f = 0; f < F; f++) fired += !isnan(neuron(&list, 0, f));
    ck_assert_int_eq(fired, 4);
    DrawCommand text;
    static const char *const texts[] = { "The dog ran", "channel 1", "L2", "at 3 tokens",
                                         "2 of 9 neurons fire in each grid at each of 3 tokens" };
    for (int i = 0; i < 5; i++) ck_assert_msg(drawn_text(&text, &list, texts[i]), "%s", texts[i]);
    // rows are layers, columns are channels
    ck_assert_float_eq(grid(&list, 0).rect.y, grid(&list, 1).rect.y);
    ck_assert_float_eq(grid(&list, 0).rect.x, grid(&list, 2).rect.x);
    ck_assert_float_lt(grid(&list, 0).rect.x, grid(&list, 1).rect.x);
    ck_assert_float_lt(grid(&list, 0).rect.y, grid(&list, 2).rect.y);
    draw_free(&list);
}
END_TEST

// Two neurons of a token: the first has the higher score.
static void check_token(const DrawList *list, int number, const int32_t *fired) {
    for (int f = 0; f < F; f++) {
        if (f == fired[0] || f == fired[1])
            ck_assert_float_eq(neuron(list, number, f), f == fired[0] ? 1.0f : 0.25f);
        else
            ck_assert(isnan(neuron(list, number, f)));
    }
}

START_TEST(words_are_shown_one_by_one)
{
    GatingRecord value = gates();
    DrawList list = new_list();
    ck_assert_msg(gates_picture_words(&list, &value, tokens, 0, &error), "%s", error.text);
    check_inside(&list);
    for (int t = 0; t < T; t++) check_token(&list, t * L, index_of + t * L * C * K);
    // the sum at the end
    ck_assert_float_eq(neuron(&list, T * L + 1, 4), 1.0f);
    ck_assert_float_eq(neuron(&list, T * L + 1, 5), 0.5f);
    ck_assert_float_eq(neuron(&list, T * L + 1, 3), 0.0f);
    DrawCommand text, all;
    ck_assert(drawn_text(&text, &list, "dog"));
    ck_assert(drawn_text(&all, &list, "all"));
    ck_assert_float_eq(text.rect.x, grid(&list, L).rect.x);
    ck_assert_float_eq(all.rect.x, grid(&list, T * L).rect.x);
    ck_assert(
        drawn_text(&text, &list, "channel 0: 2 of 9 neurons fire at each token, layer by layer"));
    draw_free(&list);
}
END_TEST

// Of a moe: the dog has one expert, running none.
START_TEST(a_token_may_have_fewer_experts)
{
    enum { NONE = NO_EXPERT };
    static const int32_t experts[T * K] = { 3, 5, 3, NONE, NONE, NONE };
    static const float weights[T * K] = { 0.6f, 0.2f, 0.9f, 0, 0, 0 };
    GatingRecord value = record(T, 1, 1, K, F, experts, weights);
    value.ragged = true;
    DrawList list = new_list();
    DrawCommand text;
    ck_assert_msg(gates_picture_words(&list, &value, tokens, 0, &error), "%s", error.text);
    for (int t = 0; t < T; t++) check_token(&list, t, experts + t * K);
    ck_assert(drawn_text(&text, &list, "0 to 2 of 9 experts work at each token, layer by layer"));
    ck_assert_msg(gates_picture_sentence(&list, &value, tokens, &error), "%s", error.text);
    ck_assert_float_eq(neuron(&list, 0, 3), 1.0f); // at two tokens
    ck_assert_float_eq(neuron(&list, 0, 5), 0.0f);
    value.ragged = false; // of neurons each token has all its K
    ck_assert(!gates_picture_words(&list, &value, tokens, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "is neuron -1"));
    draw_free(&list);
}
END_TEST

START_TEST(gates_that_cannot_be_drawn)
{
    GatingRecord value = gates();
    DrawList list = new_list();
    value.F = 8; // neuron 8 is no longer one
    ck_assert(!gates_picture_sentence(&list, &value, tokens, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "is neuron 8; expected 0 to 7"));
    ck_assert_uint_eq(list.count, 0);
    value = gates();
    ck_assert(!gates_picture_words(&list, &value, tokens, C, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "channel 2; expected 0 to 1"));
    ck_assert(!gates_picture_words(&list, &value, tokens, -1, &error));
    value.T = 0;
    ck_assert(!gates_picture_sentence(&list, &value, tokens, &error));
    value = gates();
    value.F = 4000000; // 2000 pixels wide at the least
    ck_assert(!gates_picture_sentence(&list, &value, tokens, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "do not fit"));
    ck_assert_uint_eq(list.count, 0);
    draw_free(&list);
}
END_TEST

START_TEST(long_sentences_and_odd_sizes)
{
    enum { LONG = 200, N = 7 };
    const char *words[LONG];
    int32_t fired[LONG];
    float scores[LONG];
    for (int t = 0; t < LONG; t++) {
        words[t] = t % 3 ? " pterodactyls" : ".\n";
        fired[t] = t % N;
        scores[t] = NAN;
    }
    DrawList list = draw_new(0, 0, _i == 0 ? font_builtin() : font_find());
    for (int length = 1; length <= LONG; length += 199) {
        GatingRecord value = record(length, 1, 1, 1, N, fired, scores);
        ck_assert_msg(gates_picture_words(&list, &value, words, 0, &error), "%s", error.text);
        check_inside(&list);
        ck_assert_msg(gates_picture_sentence(&list, &value, words, &error), "%s", error.text);
        check_inside(&list);
        // 7 neurons: two rows of 3, and one of 1
        DrawCommand command;
        int rows = 0;
        for (size_t cursor = 0; draw_next(&list, &command, &cursor);) {
            if (command.kind == DRAW_CELLS && command.columns < 10)
                rows = 10 * rows + 3 * command.rows + command.columns;
        }
        ck_assert_int_eq(rows, 10 * (3 * 2 + 3) + 3 * 1 + 1);
    }
    draw_free(&list);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_sentence_is_summed },
        { words_are_shown_one_by_one },
        { a_token_may_have_fewer_experts },
        { gates_that_cannot_be_drawn },
        { long_sentences_and_odd_sizes, 2 },
    };
    return run_tests("gates_picture", tests, COUNT_OF(tests));
}
