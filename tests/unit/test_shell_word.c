// Paths in the commands that messages suggest: a shell reads them back as one word.
#include "reference/io/shell_word.h"
#include "tests/harness/suite.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text, *word;
} words[] = {
    { "runs/a", "runs/a" },
    { "/data/sw-1_2.b,c:d=e@f%g+h", "/data/sw-1_2.b,c:d=e@f%g+h" },
    { "caf\xc3\xa9", "caf\xc3\xa9" },
    { "", "''" },
    { "my runs/a", "'my runs/a'" },
    { "it's", "'it'\\''s'" },
    { "'", "''\\'''" },
    { "~", "'~'" },
    { "a*?[b]", "'a*?[b]'" },
    { "$HOME", "'$HOME'" },
    { "a;rm -r b", "'a;rm -r b'" },
    { "a\nb\t\\", "'a\nb\t\\'" },
    { "-x", "-x" },
};

START_TEST(words_are_quoted_where_needed)
{ ck_assert_str_eq(shell_word(words[_i].text).text, words[_i].word); }
END_TEST

START_TEST(a_shell_reads_them_back)
{
    char command[sizeof(ShellWord) + 16], back[64] = "";
    snprintf(command, sizeof command, "printf %%s %s", shell_word(words[_i].text).text);
    FILE *shell = popen(command, "r");
    ck_assert_ptr_nonnull(shell);
    back[fread(back, 1, sizeof back - 1, shell)] = '\0';
    ck_assert_int_eq(pclose(shell), 0);
    ck_assert_str_eq(back, words[_i].text);
}
END_TEST

START_TEST(a_long_text_is_cut)
{
    static char text[10000];
    for (char c = '\''; c <= '('; c++) {
        memset(text, c, sizeof text - 1);
        ShellWord word = shell_word(text);
        size_t length = strlen(word.text);
        ck_assert_uint_ge(length, sizeof word.text - 16);
        ck_assert_uint_lt(length, sizeof word.text);
        ck_assert_int_eq(word.text[length - 1], '\'');
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = { { words_are_quoted_where_needed, COUNT_OF(words) },
                              { a_shell_reads_them_back, COUNT_OF(words) },
                              { a_long_text_is_cut } };
    return run_tests("shell word", tests, COUNT_OF(tests));
}
