#include "reference/io/progress.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    double count;
    const char *text;
} counts[] = { { 0, "0" },          { 999, "999" },     { 1000, "1.0 k" },   { 12345, "12.3 k" },
               { 99949, "99.9 k" }, { 99960, "100 k" }, { 999499, "999 k" }, { 999500, "1.0 M" },
               { 4.5e6, "4.5 M" },  { 1.2e9, "1.2 G" }, { -1500, "-1.5 k" }, { 3e18, "3.0 E" },
               { 5e21, "5000 E" } };

START_TEST(counts_are_short)
{ ck_assert_str_eq(short_count(counts[_i].count).text, counts[_i].text); }
END_TEST

static const struct {
    uint64_t bytes;
    const char *text;
} sizes[] = { { 0, "0 B" },
              { 512, "512 B" },
              { 1023, "1023 B" },
              { 1024, "1.0 KiB" },
              { 1536, "1.5 KiB" },
              { 1048575, "1.0 MiB" },
              { 3435973837, "3.2 GiB" },
              { UINT64_MAX, "16.0 EiB" },
              { 204800, "200 KiB" },
              { 1048166, "1.0 MiB" } };

START_TEST(bytes_are_short)
{ ck_assert_str_eq(short_bytes(sizes[_i].bytes).text, sizes[_i].text); }
END_TEST

static const struct {
    double seconds;
    const char *text;
} durations[] = { { 0, "0:00" },       { 7.4, "0:07" },     { 59.6, "1:00" },  { 83, "1:23" },
                  { 3599, "59:59" },   { 3599.7, "1h00m" }, { 7500, "2h05m" }, { 172799, "47h59m" },
                  { 273600, "3d04h" }, { -1, "?" },         { NAN, "?" },      { INFINITY, "?" } };

START_TEST(durations_are_short)
{ ck_assert_str_eq(short_duration(durations[_i].seconds).text, durations[_i].text); }
END_TEST

START_TEST(shares_are_100_percent_only_when_done)
{
    ck_assert_str_eq(short_share(0, 10).text, "0%");
    ck_assert_str_eq(short_share(1, 8).text, "12%");
    ck_assert_str_eq(short_share(999, 1000).text, "99%");
    ck_assert_str_eq(short_share(10, 10).text, "100%");
    ck_assert_str_eq(short_share(1, 0).text, "0%");
}
END_TEST

// What a run of progress wrote, the caller's to free.
typedef struct {
    char *text;
    size_t size;
} Written;

static Progress progress_into(Written *written, bool terminal) {
    Progress progress = progress_new();
    progress.stream = open_memstream(&written->text, &written->size);
    ck_assert_ptr_nonnull(progress.stream);
    progress.terminal = terminal;
    progress.color = false;
    progress.width = 10;
    return progress;
}

START_TEST(a_file_gets_few_plain_lines)
{
    Written written = { 0 };
    Progress progress = progress_into(&written, false);
    for (int i = 0; i < 100; i++) progress_show(&progress, "a line longer than ten, %d", i);
    progress_print(&progress, "loss %d", 3);
    progress.seconds = 0;
    progress_show(&progress, "end");
    progress_end(&progress);
    fclose(progress.stream);
    ck_assert_str_eq(written.text, "a line longer than ten, 0\nloss 3\nend\n");
    free(written.text);
}
END_TEST

START_TEST(a_terminal_gets_one_line)
{
    Written written = { 0 };
    Progress progress = progress_into(&written, true);
    progress_show(&progress, "\xc3\xa9"
                             "12345678X");
    progress_show(&progress, "too soon");
    progress_print(&progress, "stays, however long it is");
    progress.last = -1;
    progress_show(&progress, "again");
    progress_end(&progress);
    progress_end(&progress);
    fclose(progress.stream);
    ck_assert_str_eq(written.text, "\xc3\xa9"
                                   "12345678\r\033[Kstays, however long it is\nagain\r\033[K");
    free(written.text);
}
END_TEST

START_TEST(colour_is_optional)
{
    Written written = { 0 };
    Progress progress = progress_into(&written, true);
    progress.color = true;
    progress_show(&progress, "0123456789");
    fclose(progress.stream);
    ck_assert_str_eq(written.text, "\033[2m012345678\033[0m"); // colours take no columns
    free(written.text);
    setenv("NO_COLOR", "1", 1);
    ck_assert(!progress_new().color);
    setenv("TERM", "dumb", 1);
    ck_assert(!progress_new().terminal);
}
END_TEST

#define COUNT(cases) (int)(sizeof cases / sizeof *cases)

int main(void) {
    const TestRow tests[] = {
        { counts_are_short, COUNT(counts) },
        { bytes_are_short, COUNT(sizes) },
        { durations_are_short, COUNT(durations) },
        { shares_are_100_percent_only_when_done },
        { a_file_gets_few_plain_lines },
        { a_terminal_gets_one_line },
        { colour_is_optional },
    };
    return run_tests("progress", tests, COUNT_OF(tests));
}
