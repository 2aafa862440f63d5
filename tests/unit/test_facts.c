// Tables of facts, and the questions made of them.
#include "reference/circuits/questions.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Scratch scratch;
static Error error;

static void setup(void) { scratch = scratch_new("facts"); }
static void teardown(void) { scratch_remove(&scratch); }

static const char *table(const char *text, size_t size) {
    const char *path = scratch_path(&scratch, "facts.tsv");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static Facts read_facts(const char *text) {
    Facts facts;
    ck_assert_msg(facts_read(&facts, table(text, strlen(text)), &error), "%s", error.text);
    return facts;
}

START_TEST(a_table_is_read)
{
    static const char *const texts[] = { "noun\tadjective\nturtle\tslow\nlake\tbig,wide\n",
                                         "noun\tadjective\r\nturtle\tslow\r\n\r\nlake\tbig,wide" };
    Facts facts = read_facts(texts[_i]);
    ck_assert_int_eq(facts.count, 2);
    ck_assert_str_eq(facts.items[0].noun, "turtle");
    ck_assert_str_eq(facts.items[0].adjectives, "slow");
    ck_assert_str_eq(facts.items[1].noun, "lake");
    ck_assert_str_eq(facts.items[1].adjectives, "big,wide");
    facts_free(&facts);
}
END_TEST

static const struct {
    const char *text, *message;
} refused[] = {
    { "", "expected the line 'noun<tab>adjective' first" },
    { "turtle\tslow\nlake\tbig\n", "expected the line 'noun<tab>adjective' first" },
    { "noun\tadjective\n", "0 facts; a pair needs two" },
    { "noun\tadjective\nturtle\tslow\n", "1 facts; a pair needs two" },
    { "noun\tadjective\nturtle slow\n", "line 2: expected a noun, a tab" },
    { "noun\tadjective\nturtle\tslow\n\tbig\n", "line 3: expected a noun, a tab" },
    { "noun\tadjective\nturtle\t\n", "line 2: expected a noun, a tab" },
    { "noun\tadjective\na\tb\tc\n", "line 2: expected a noun, a tab" },
};

START_TEST(a_bad_table_is_refused)
{
    Facts facts;
    ck_assert(!facts_read(&facts, table(refused[_i].text, strlen(refused[_i].text)), &error));
    ck_assert_msg(strstr(error.text, refused[_i].message) != NULL, "%s", error.text);
    ck_assert_msg(strstr(error.text, "facts.tsv: ") != NULL, "%s", error.text);
}
END_TEST

START_TEST(other_files_are_refused)
{
    Facts facts;
    static const char binary[] = "noun\tadjective\na\0b\tc\nd\te\n";
    ck_assert(!facts_read(&facts, table(binary, sizeof binary - 1), &error));
    ck_assert_msg(strstr(error.text, "NUL byte") != NULL, "%s", error.text);
    ck_assert(!facts_read(&facts, scratch_path(&scratch, "missing.tsv"), &error));
    ck_assert_msg(strstr(error.text, "missing.tsv") != NULL, "%s", error.text);
    size_t used = 0, size = 16 * MAX_FACTS + 64;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    used += (size_t)snprintf(text, size, "noun\tadjective\n");
    for (int i = 0; i <= MAX_FACTS; i++)
        used += (size_t)snprintf(text + used, size - used, "n%d\ta\n", i);
    ck_assert(!facts_read(&facts, table(text, used), &error));
    ck_assert_msg(strstr(error.text, "more than 1000 facts") != NULL, "%s", error.text);
    free(text);
}
END_TEST

START_TEST(questions_are_made_of_facts)
{
    Tokenizer *tokenizer = tokenizer_load("tests/golden/tokenizer/train_small_400.json", &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    // the and and are one token each, zzxq is several
    Facts facts =
        read_facts("noun\tadjective\ndog\tthe\ncat\tzzxq\nqzqz\tthe,zzxq,and,the\nfox\tzzxq\n");
    Questions questions;
    ck_assert_msg(questions_new(&questions, &facts, tokenizer, 64, &error), "%s", error.text);
    ck_assert_int_eq(questions.count, 2);
    ck_assert_int_eq(questions.several_tokens, 2);
    const Question *dog = &questions.items[0], *other = &questions.items[1];
    ck_assert_int_eq(dog->answer_count, 1);
    ck_assert_int_eq(other->answer_count, 2);
    ck_assert(is_answer(other, dog->answers[0]) && !is_answer(dog, other->answers[1]));
    ck_assert_int_eq(dog->prompt.inputs[0], TOKEN_END);
    ck_assert_int_gt(other->last, other->first);
    ck_assert_int_lt(other->last, other->prompt.T - 1);
    questions_free(&questions);
    ck_assert(questions_new(&questions, &facts, tokenizer, 3, &error)); // no prompt fits
    ck_assert(questions.count == 0 && questions.no_prompt == 2 && questions.several_tokens == 2);
    questions_free(&questions);
    facts_free(&facts);
    tokenizer_free(tokenizer);
}
END_TEST

int main(void) {
    const TestFixture fixture = { setup, teardown, .once = false };
    const TestRow tests[] = { { a_table_is_read, 2 },
                              { a_bad_table_is_refused, COUNT_OF(refused) },
                              { other_files_are_refused },
                              { questions_are_made_of_facts } };
    return run_tests_with(&fixture, "facts", tests, COUNT_OF(tests));
}
