// The text around a recorded position.
#include "reference/circuits/context.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

static Error error;
static Tokenizer *tokenizer;
static TokenList list;
static Recording recording;
static int32_t *tokens, *story;

// Two stories: "a b c d e f g h i j k l m" and "é\nx", a byte per token.
static void setup(void) {
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    ck_assert(trainer != NULL && tokenizer_trainer_add(trainer, "a", 1));
    tokenizer = tokenizer_trainer_finish(trainer, 258, false, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    tokenizer_trainer_free(trainer);
    list = (TokenList){ .count = 0 };
    ck_assert(tokenizer_encode(tokenizer, "abcdefghijklm", 13, true, &list));
    ck_assert(tokenizer_encode(tokenizer, "\xc3\xa9\nx", 4, true, &list));
    ck_assert_uint_eq(list.count, 17);
    tokens = calloc(list.count, sizeof *tokens);
    story = calloc(list.count, sizeof *story);
    for (size_t t = 0; t < list.count; t++) {
        tokens[t] = (int32_t)list.ids[t];
        story[t] = t >= 13;
    }
    recording = (Recording){ .story = story };
    recording.gatings.T = (int)list.count;
    recording.gatings.tokens = tokens;
}

static void teardown(void) {
    free(list.ids);
    free(tokens);
    free(story);
    tokenizer_free(tokenizer);
}

static void check_text(int t, const char *expected) {
    char *text = context_text(&recording, tokenizer, t);
    ck_assert(text != NULL);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(five_tokens_on_each_side_in_the_story)
{
    check_text(6, "bcdef[g]hijkl");
    check_text(0, "[a]bcdef");
    check_text(12, "hijkl[m]");
    check_text(2, "ab[c]defgh");
    check_text(16, "\u00e9\n[x]");
    check_text(13, "[\ufffd]\ufffd\nx"); // half a character
}
END_TEST

// "[" is in column `before`, and all columns are filled.
static void check_columns(int t, int before, int after, const char *expected) {
    char text[CONTEXT_BYTES];
    context_columns(text, &recording, tokenizer, t, before, after);
    ck_assert_str_eq(text, expected);
}

START_TEST(columns_are_filled_and_cut)
{
    check_columns(6, 7, 9, " bcdef[g]hijkl  ");
    check_columns(6, 4, 5, "…ef[g]hi…");
    check_columns(0, 3, 4, "  [a]b…");
    check_columns(12, 6, 4, "hijkl[m]  ");
    check_columns(15, 4, 6, "  \u00e9[\\n]x  ");
}
END_TEST

START_TEST(blanks_of_tokens_are_outside_the_brackets)
{
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    for (int i = 0; i < 3; i++) ck_assert(tokenizer_trainer_add(trainer, " ab ab ab", 9));
    Tokenizer *words = tokenizer_trainer_finish(trainer, 262, false, &error);
    ck_assert_msg(words != NULL, "%s", error.text);
    TokenList ids = { .count = 0 };
    ck_assert(tokenizer_encode(words, "ab ab ab", 8, false, &ids));
    ck_assert_uint_eq(ids.count, 3);
    Recording three = { .story = story };
    three.gatings.T = 3;
    int32_t text[3] = { (int32_t)ids.ids[0], (int32_t)ids.ids[1], (int32_t)ids.ids[2] };
    three.gatings.tokens = text;
    char columns[CONTEXT_BYTES];
    const char *const expected[] = { "[ab] ab ab", "ab [ab] ab", "ab ab [ab]" };
    const char *const lines[] = { "       [ab] ab ab ", "    ab [ab] ab    ",
                                  " ab ab [ab]       " };
    for (int t = 0; t < 3; t++) {
        char *whole = context_text(&three, words, t);
        ck_assert(whole != NULL);
        ck_assert_str_eq(whole, expected[t]);
        free(whole);
        context_columns(columns, &three, words, t, 8, 10);
        ck_assert_str_eq(columns, lines[t]);
    }
    free(ids.ids);
    tokenizer_free(words);
    tokenizer_trainer_free(trainer);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { five_tokens_on_each_side_in_the_story },
        { columns_are_filled_and_cut },
        { blanks_of_tokens_are_outside_the_brackets },
    };
    const TestFixture fixture = { .setup = setup, .teardown = teardown };
    return run_tests_with(&fixture, "context", tests, COUNT_OF(tests));
}
