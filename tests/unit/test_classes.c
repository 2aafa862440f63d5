// Tables of words and their classes, whole and damaged.
#include "reference/circuits/classes.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Error error;
static Scratch scratch;

static void setup(void) { scratch = scratch_new("classes"); }
static void teardown(void) { scratch_remove(&scratch); }

static bool read_text(Classes *out, const char *text) {
    const char *path = scratch_path(&scratch, "classes.tsv");
    FILE *file = fopen(path, "w");
    ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    return classes_read(out, path, &error);
}

START_TEST(classes_of_tokens)
{
    Classes classes;
    ck_assert_msg(read_text(&classes, "word\tclass\na\tletter\n1\tdigit\r\n\nb\tletter\n2\tdigit"),
                  "%s", error.text);
    ck_assert_uint_eq(classes.words.count, 4);
    ck_assert_uint_eq(classes.names.count, 2);
    size_t size;
    ck_assert(memcmp(class_name(&classes, 1, &size), "digit", 5) == 0 && size == 5);
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    ck_assert(trainer != NULL && tokenizer_trainer_add(trainer, "a a a a", 7));
    Tokenizer *tokenizer = tokenizer_trainer_finish(trainer, 259, false, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    int classed[2] = { 0 };
    for (int v = 0; v < tokenizer_vocabulary(tokenizer); v++) {
        int class = class_of_token(&classes, tokenizer, (uint32_t)v);
        if (class != NO_CLASS) classed[class]++;
    }
    ck_assert_int_eq(classed[0], 3); // "a", "b", " a"
    ck_assert_int_eq(classed[1], 2);
    tokenizer_free(tokenizer);
    tokenizer_trainer_free(trainer);
    classes_free(&classes);
}
END_TEST

static const struct {
    const char *text, *message;
} damaged[] = {
    { "", "is empty" },
    { "noun\tadjective\nfox\tsly\n", "line 1: expected the header" },
    { "word\tclass\n", "no words" },
    { "word\tclass\n\n\n", "no words" },
    { "word\tclass\na\tletter\nb\n", "line 3: expected a word, a tab and its class" },
    { "word\tclass\n\tletter\n", "line 2: expected a word" },
    { "word\tclass\na\t\n", "line 2: expected a word" },
    { "word\tclass\na\tletter\tx\n", "line 2: expected a word" },
    { "word\tclass\na\tletter\na\tletter\n", "line 3: the word 'a' is there twice" },
    { "word\tclass\na\tletter\n1\tdigit\n2\tdigit\n", "the class 'letter' has one word" },
};

START_TEST(damaged_tables_are_refused)
{
    Classes classes;
    ck_assert(!read_text(&classes, damaged[_i].text));
    ck_assert_msg(strstr(error.text, damaged[_i].message) != NULL, "%s", error.text);
    ck_assert(strstr(error.text, "classes.tsv: ") != NULL);
    ck_assert(classes.class_of == NULL && classes.words.count == 0);
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
    Classes classes;
    ck_assert(!classes_read(&classes, scratch_path(&scratch, "none.tsv"), &error));
    ck_assert(strstr(error.text, "none.tsv") != NULL);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { classes_of_tokens },
        { damaged_tables_are_refused, COUNT_OF(damaged) },
        { a_missing_file_is_an_error },
    };
    const TestFixture fixture = { .setup = setup, .teardown = teardown };
    return run_tests_with(&fixture, "classes", tests, COUNT_OF(tests));
}
