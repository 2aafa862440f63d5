// The text of tokens for JSON and for tables.
#include "reference/data/token_text.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

static Tokenizer *tokenizer;
static Error error;

static void load(void) {
    tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
}
static void unload(void) { tokenizer_free(tokenizer); }

// The tokens of a text as it is.
static size_t encode(int32_t tokens[64], const char *text) {
    TokenList list = { 0 };
    ck_assert(tokenizer_encode(tokenizer, text, strlen(text), true, &list));
    size_t count = list.count;
    ck_assert_uint_le(count, 64);
    for (size_t i = 0; i < count; i++) tokens[i] = (int32_t)list.ids[i];
    free(list.ids);
    return count;
}

static const struct {
    const char *text, *whole, *line;
} cases[] = {
    { " the dog", " the dog", "the dog" },
    { "dog", "dog", "dog" },
    { " ", " ", " " },
    { "", "", "" },
    { "a\nb\x1b[1m\x7f", "a\nb\x1b[1m\x7f", "a\\nb\\x1b[1m\\x7f" },
    { "\xc2\x9bz", "\xc2\x9bz", "\\x9bz" },
    { "caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9" },
    { "a\xc3", "a\xef\xbf\xbd", "a\xef\xbf\xbd" },
    { "\xc3"
      "b\xff",
      "\xef\xbf\xbd"
      "b\xef\xbf\xbd",
      "\xef\xbf\xbd"
      "b\xef\xbf\xbd" },
};

START_TEST(text_is_valid_and_on_one_line)
{
    int32_t tokens[64];
    char line[LINE_BYTES];
    size_t count = encode(tokens, cases[_i].text);
    char *whole = tokens_text(tokenizer, tokens, count);
    ck_assert_str_eq(whole, cases[_i].whole);
    tokens_line(line, tokenizer, tokens, count, 40);
    ck_assert_str_eq(line, cases[_i].line);
    free(whole);
}
END_TEST

START_TEST(a_line_is_cut_or_filled_up)
{
    int32_t tokens[64];
    char line[LINE_BYTES];
    size_t count = encode(tokens, " na\xc3\xafve dog");
    static const char *const cut[] = { "",         "…",         "n…",       "na…",
                                       "naï…",     "naïv…",     "naïve…",   "naïve …",
                                       "naïve d…", "naïve dog", "naïve dog" };
    for (int columns = 1; columns < COUNT_OF(cut); columns++) {
        tokens_line(line, tokenizer, tokens, count, columns);
        ck_assert_str_eq(line, cut[columns]);
    }
    tokens_column(line, tokenizer, tokens, count, 12);
    ck_assert_str_eq(line, "naïve dog   ");
    tokens_column(line, tokenizer, tokens, count, 3);
    ck_assert_str_eq(line, "na…");
    for (size_t i = 0; i < 64; i++) tokens[i] = tokens[i % count];
    tokens_line(line, tokenizer, tokens, 64, LINE_COLUMNS);
    ck_assert_uint_lt(strlen(line), LINE_BYTES);
}
END_TEST

START_TEST(a_word_is_one_token)
{
    int32_t token;
    size_t size;
    ck_assert_msg(word_token(&token, tokenizer, "the", &error), "%s", error.text);
    const char *text = tokenizer_token(tokenizer, (uint32_t)token, &size);
    ck_assert(size == 4 && memcmp(text, " the", 4) == 0);
    ck_assert(word_token(&token, tokenizer, ".", &error));
    ck_assert(word_token(&token, tokenizer, "<|endoftext|>", &error) && token == TOKEN_END);
    ck_assert(!word_token(&token, tokenizer, "", &error));
    ck_assert_msg(strstr(error.text, "no known token") != NULL, "%s", error.text);
    ck_assert(!word_token(&token, tokenizer, "zzxq", &error));
    ck_assert_msg(strstr(error.text, "'zzxq' is ") != NULL, "%s", error.text);
    ck_assert_msg(strstr(error.text, "give a word that is one token") != NULL, "%s", error.text);
}
END_TEST

int main(void) {
    const TestFixture fixture = { load, unload, .once = false };
    const TestRow tests[] = { { text_is_valid_and_on_one_line, COUNT_OF(cases) },
                              { a_line_is_cut_or_filled_up },
                              { a_word_is_one_token } };
    return run_tests_with(&fixture, "token text", tests, COUNT_OF(tests));
}
