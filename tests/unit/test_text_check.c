// What a corpus is checked for: its encoding, bytes that are not UTF-8, CRLF, separators.
#include "reference/data/text_check.h"
#include "tests/harness/suite.h"
#include <stdlib.h>
#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
    const char *text;
    size_t size;
    const char *encoding;
} encodings[] = {
    { BYTES("\xff\xfe"
            "a\0\n\0"),
      "UTF-16" },
    { BYTES("\xfe\xff\0a\0\n"), "UTF-16" },
    { BYTES("\xff\xfe"), "UTF-16" },
    { BYTES("\xff\xfe\0\0a\0\0\0"), "UTF-32" },
    { BYTES("\0\0\xfe\xff\0\0\0a"), "UTF-32" },
    { BYTES("a\0b\0c\0\n\0"), "UTF-16LE" },
    { BYTES("\0a\0b\0c\0\n"), "UTF-16BE" },
    { BYTES("\x1a\x04\x3e\x04\x42\x04\x20\0\x3e\x04\x3d\x04"), "UTF-16LE" }, // Cyrillic
    { BYTES("\x04\x1a\x04\x3e\x04\x42\0\x20\x04\x3e\x04\x3d"), "UTF-16BE" },
    { BYTES("a\0\0\0b\0\0\0"), "UTF-32LE" },
    { BYTES("\0\0\0a\0\0\0b"), "UTF-32BE" },
    { BYTES(""), NULL },
    { BYTES("a"), NULL },
    { BYTES("Once upon a time"), NULL },
    { BYTES("\xef\xbb\xbf"
            "abc"),
      NULL },
    { BYTES("gr\xc3\xbc\xc3\x9f"), NULL },
    { BYTES("gr\xfc\xdf"), NULL },
    { BYTES("\0\0\0\0\0\0\0\0"), NULL },       // a hole in a file
    { BYTES("ab\0c\0de\0f\0ghij\0\0"), NULL }, // binary
};

START_TEST(wide_encodings_are_found)
{
    const char *found = text_wide_encoding(encodings[_i].text, encodings[_i].size);
    const char *expected = encodings[_i].encoding;
    ck_assert_str_eq(found != NULL ? found : "none", expected != NULL ? expected : "none");
}
END_TEST

static const struct {
    const char *text;
    size_t size, invalid, crlf, separators;
} texts[] = {
    { BYTES(""), 0, 0, 0 },
    { BYTES("plain\n"), 0, 0, 0 },
    { BYTES("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa2!"), 0, 0, 0 },
    { BYTES("gr\xfc\xdf"), 2, 0, 0 },        // Latin-1
    { BYTES("\xe2\x82 \xe2\x82"), 4, 0, 0 }, // incomplete, also at the end
    { BYTES("\xed\xa0\x80\0"), 3, 0, 0 },    // a surrogate
    { BYTES("\x80\x80\x80\x80\x80"), 5, 0, 0 },
    { BYTES("a\r\nb\r\r\n\rc\n\r"), 0, 2, 0 },
    { BYTES("<|endoftext|>\n<<|endoftext|><|endoftext|>\n<|endoftext|"), 0, 0, 3 },
};

static void expect_counts(const char *text, size_t size, int row) {
    TextCounts counts = text_counts(text, size);
    ck_assert_uint_eq(counts.invalid, texts[row].invalid);
    ck_assert_uint_eq(counts.crlf, texts[row].crlf);
    ck_assert_uint_eq(counts.separators, texts[row].separators);
}

// Also where they are across the end of one of the parts that are checked at a time.
START_TEST(faults_are_counted)
{
    enum { PART = 1 << 16, AROUND = 60 };
    size_t size = texts[_i].size;
    expect_counts(texts[_i].text, size, _i);
    char *text = malloc(2 * PART + 2 * AROUND);
    ck_assert_ptr_nonnull(text);
    for (size_t part = PART; part <= 2 * PART; part += PART) {
        for (size_t before = part - AROUND; before < part + 4; before++) {
            memset(text, 'x', before);
            memcpy(text + before, texts[_i].text, size);
            memset(text + before + size, 'y', AROUND);
            expect_counts(text, before + size, _i);
            expect_counts(text, before + size + AROUND, _i);
        }
    }
    free(text);
}
END_TEST

int main(void) {
    const TestRow tests[] = { { wide_encodings_are_found, COUNT_OF(encodings) },
                              { faults_are_counted, COUNT_OF(texts) } };
    return run_tests("text check", tests, COUNT_OF(tests));
}
