// Prompts: their tokens, and where a word is in them.
#include "reference/circuits/prompt.h"
#include "tests/harness/suite.h"
#include <string.h>

static Tokenizer *tokenizer;
static Error error;

static void load(void) {
    tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
}
static void unload(void) { tokenizer_free(tokenizer); }

static Prompt prompt_of(const char *text) {
    Prompt prompt;
    ck_assert_msg(prompt_new(&prompt, tokenizer, text, "--prompt", 64, &error), "%s", error.text);
    return prompt;
}

START_TEST(a_prompt_begins_with_the_end_of_text)
{
    Prompt prompt = prompt_of("the dog"), blanks = prompt_of("the dog  ");
    ck_assert_int_eq(prompt.inputs[0], TOKEN_END);
    ck_assert_int_ge(prompt.T, 3);
    ck_assert_int_eq(prompt.T, blanks.T);
    ck_assert_mem_eq(prompt.inputs, blanks.inputs, (size_t)prompt.T * sizeof *prompt.inputs);
    prompt_free(&prompt);
    prompt_free(&blanks);
}
END_TEST

static void refused(const char *text, int limit, const char *message) {
    Prompt prompt;
    ck_assert(!prompt_new(&prompt, tokenizer, text, "--prompt", limit, &error));
    ck_assert_msg(strstr(error.text, message) != NULL, "%s", error.text);
}

START_TEST(a_prompt_must_fit)
{
    Prompt prompt = prompt_of("the dog"), fits;
    ck_assert(prompt_new(&fits, tokenizer, "the dog", "--prompt", prompt.T, &error));
    refused("the dog", prompt.T - 1, "the context window");
    refused("", 64, "--prompt is empty");
    refused("  ", 64, "no known token");
    prompt_free(&prompt);
    prompt_free(&fits);
}
END_TEST

// The text of positions first .. last, which find returns.
static void expect_found(const char *text, const char *word, const char *found) {
    Prompt prompt = prompt_of(text);
    int first, last;
    char joined[128] = "";
    ck_assert_msg(prompt_find(&first, &last, &prompt, tokenizer, word, &error), "%s", error.text);
    for (int t = first; t <= last; t++) {
        size_t size;
        const char *bytes = tokenizer_token(tokenizer, (uint32_t)prompt.inputs[t], &size);
        strncat(joined, bytes, size);
    }
    ck_assert_str_eq(joined, found);
    prompt_free(&prompt);
}

START_TEST(a_word_is_found)
{
    expect_found("the turtlezq was", "turtlezq", " turtlezq"); // several tokens
    expect_found("the turtle was.", "was", " was");
    expect_found("the turtle was.", ".", ".");
    expect_found("the turtle was", "the", " the");
    expect_found("washing was", "was", " was");
    expect_found("the the dog", "2", " the");
    expect_found("the dog", "0", "<|endoftext|>");
}
END_TEST

static void not_found(const char *text, const char *word, const char *message) {
    Prompt prompt = prompt_of(text);
    int first, last;
    ck_assert(!prompt_find(&first, &last, &prompt, tokenizer, word, &error));
    ck_assert_msg(strstr(error.text, message) != NULL, "%s", error.text);
    prompt_free(&prompt);
}

START_TEST(a_word_must_be_there_once)
{
    not_found("the turtle was", "horse", "'horse' is not a word of the prompt");
    not_found("the turtle was", "", "is not a word");
    not_found("the turtle was", "wa", "is not a word");
    not_found("washing", "was", "is not a word");
    not_found("the dog the cat", "the", "more than once; give its position: 1, ");
    not_found("the", "2", "position 2 is outside the prompt");
    not_found("the", "-1", "position -1 is outside");
    not_found("the", "99999999999", "is outside");
}
END_TEST

int main(void) {
    const TestFixture fixture = { load, unload, .once = false };
    const TestRow tests[] = { { a_prompt_begins_with_the_end_of_text },
                              { a_prompt_must_fit },
                              { a_word_is_found },
                              { a_word_must_be_there_once } };
    return run_tests_with(&fixture, "prompt", tests, COUNT_OF(tests));
}
