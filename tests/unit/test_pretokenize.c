// What comes before the merges: splits by hand, symbols, UTF-8, and NFKC in pieces against NFKC at
// once.
#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

typedef struct {
    ByteList joined; // pre-tokens, each followed by |
} Pieces;

static bool join_piece(void *context, const char *word, size_t size) {
    ByteList *joined = &((Pieces *)context)->joined;
    if (joined->count + size + 1 > joined->capacity) {
        joined->capacity = 2 * joined->capacity + size + 1;
        joined->bytes = realloc(joined->bytes, joined->capacity);
    }
    memcpy(joined->bytes + joined->count, word, size);
    joined->count += size + 1;
    joined->bytes[joined->count - 1] = '|';
    return true;
}

static const struct {
    const char *text, *pieces;
} splits[] = {
    { "", "" },
    { " ", " |" },
    { "a", " a|" },
    { "\n", " \n|" },
    { "Hello world", " Hello| world|" },
    { "it's we'll I'd 'tis", " it|'s| we|'ll| I|'d| '|tis|" },
    { "IT'S don't've", " IT|'|S| don|'t|'ve|" },
    { "'r 'v 'l '", " '|r| '|v| '|l| '|" },
    { "a  b", " a| | b|" },
    { "a   b  ", " a|  | b|  |" },
    { "a\n b\n\nc", " a|\n| b|\n|\n|c|" },
    { "a \t\r\n", " a| \t\r\n|" },
    { "abc123def", " abc|123|def|" },
    { "3.14, 1/2!", " 3|.|14|,| 1|/|2|!|" },
    { "x--y... \"z\"", " x|--|y|...| \"|z|\"|" },
    { "na\u00efve \u041f\u0440\u0438 \u4f60\u597d",
      " na\u00efve| \u041f\u0440\u0438| \u4f60\u597d|" },
    // Arabic digits are numbers; NFKC spells Roman ones
    { "\u0663\u0664 \u2167", " \u0663\u0664| VIII|" },
    { "\u3000a\u00a0b\u2003\u2003c", " a| b| | c|" }, // NFKC makes them plain spaces
    // these four stay what they are
    { "a\u2028b\u2029\xc2\x85\u1680c", " a|\u2028|b|\u2029\xc2\x85|\u1680|c|" },
    // and these are not spaces
    { "a\u200bb\u00adc", " a|\u200b|b|\u00ad|c|" },
    { "e\u0301a\u0323\u0301 \ufb01", " \u00e9\u1ea1|\u0301| fi|" },
    { "a\u0304\u0915\u0301", " \u0101\u0915|\u0301|" },
    { "\u1100\u1161\u11a8 \uff76\uff9e", " \uac01| \u30ac|" },
    { "a\xff\xfe"
      "b",
      // not UTF-8: skipped, neither letter nor space
      " a|\xff\xfe|b|" },
    { "e\xcc\x81\xcc", " \u00e9|\xcc|" },                    // cut short at the end
    { "\xed\xa0\x80 \xc0\xaf", " \xed\xa0\x80| \xc0\xaf|" }, // a surrogate, an overlong slash
};

START_TEST(splits_by_hand)
{
    Pieces pieces = { { 0 } };
    ck_assert(pretokenize(splits[_i].text, strlen(splits[_i].text), false, join_piece, &pieces));
    size_t size = pieces.joined.count;
    ck_assert_msg(size == strlen(splits[_i].pieces) &&
                      (size == 0 || memcmp(pieces.joined.bytes, splits[_i].pieces, size) == 0),
                  "'%s' gives '%.*s', expected '%s'", splits[_i].text, (int)size,
                  pieces.joined.bytes, splits[_i].pieces);
    free(pieces.joined.bytes);
}
END_TEST

START_TEST(symbols_are_a_bijection)
{
    bool seen[324] = { false };
    for (int byte = 0; byte < 256; byte++) {
        int32_t symbol = byte_symbol((unsigned char)byte);
        ck_assert_int_eq(symbol_byte(symbol), byte);
        ck_assert(symbol >= 33 && symbol < 324 && !seen[symbol]);
        seen[symbol] = true;
    }
    ck_assert_int_eq(byte_symbol(' '), 0x120); // as every GPT-2 vocabulary has them
    ck_assert_int_eq(byte_symbol('\n'), 0x10a);
    ck_assert_int_eq(byte_symbol(0xad), 0x143);
    static const int32_t none[] = { -1, 0, 32, 127, 160, 173, 324, 0x10ffff };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_int_eq(symbol_byte(none[i]), -1);
}
END_TEST

static const struct {
    const char *text;
    int32_t code_point;
    size_t length;
} sequences[] = {
    { "A\x80", 'A', 1 },
    { "\xc2\x80", 0x80, 2 },
    { "\xdf\xbf", 0x7ff, 2 },
    { "\xe0\xa0\x80", 0x800, 3 },
    { "\xed\x9f\xbf", 0xd7ff, 3 },
    { "\xf0\x90\x80\x80", 0x10000, 4 },
    { "\x80", -1, 1 },
    { "\xf4\x8f\xbf\xbf", 0x10ffff, 4 },
    { "\xc1\xbf", -1, 1 },
    { "\xe0\x9f\xbf", -1, 1 },
    { "\xed\xa0\x80", -1, 1 },
    { "\xf4\x90\x80\x80", -1, 1 },
    { "\xf0\x9f\x99", -1, 3 },
    { "\xf0\x9f", -1, 2 },
    { "\xf0\x9f\x41", -1, 2 },
    { "\xe2\x82", -1, 2 },
    { "\xe2\x82\xc3", -1, 2 },
    { "\xf5\x80", -1, 1 },
};

START_TEST(utf8_sequences)
{
    int32_t code_point;
    ck_assert_uint_eq(utf8_next(&code_point, sequences[_i].text, strlen(sequences[_i].text)),
                      sequences[_i].length);
    ck_assert_int_eq(code_point, sequences[_i].code_point);
}
END_TEST

// NFKC of all at once by utf8proc, with the prefix space.
static void expect_normalized(const char *text, size_t size) {
    utf8proc_uint8_t *whole;
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    utf8proc_ssize_t expected =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, &whole, options);
    ck_assert_int_ge(expected, 0);
    Pieces pieces = { { 0 } };
    ck_assert(pretokenize(text, size, false, join_piece, &pieces));
    size_t used = 0; // drop the separators; no text here contains one
    for (size_t i = 0; i < pieces.joined.count; i++) {
        if (pieces.joined.bytes[i] != '|') pieces.joined.bytes[used++] = pieces.joined.bytes[i];
    }
    size_t prefix = whole[0] != ' ';
    ck_assert_uint_eq(used, (size_t)expected + prefix);
    ck_assert_mem_eq(pieces.joined.bytes + prefix, whole, (size_t)expected);
    free(pieces.joined.bytes);
    free(whole);
}

// A text is normalized in segments. Wherever one ends, the characters after it must not compose
// with those before it: every code point that is composed of several is decomposed, and put across
// each place where a segment may end.
START_TEST(segments_never_split_what_composes)
{
    enum { FILLER = 85 }; // letters of three bytes: 255 bytes, one less than a segment
    char text[3 * FILLER + 128];
    for (int i = 0; i < FILLER; i++) memcpy(text + 3 * i, "\xe4\xb8\x80", 3);
    int tried = 0;
    for (int32_t code_point = 0x80; code_point < 0x110000; code_point++) {
        int32_t parts[32];
        int boundary = 0;
        utf8proc_ssize_t count = 0;
        bool passed =
            // of Hangul's 11,172 some will do
            code_point >= 0xac00 && code_point <= 0xd7a3 && code_point % 13;
        if (utf8proc_codepoint_valid(code_point) && !passed) {
            count = utf8proc_decompose_char(code_point, parts, 32,
                                            UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);
        }
        if (count < 2) continue;
        size_t size = 3 * FILLER;
        for (int i = 0; i < count; i++)
            size += (size_t)utf8proc_encode_char(parts[i], (utf8proc_uint8_t *)text + size);
        expect_normalized(text, size);
        tried++;
    }
    ck_assert_int_gt(tried, 1800);
}
END_TEST

// Long texts of letters, marks, compatibility forms and plain characters, over several windows.
START_TEST(normalized_in_pieces)
{
    static const int32_t from[] = {
        'a', 0x300, 0x1100, 0xac00, 0x900, 0xff61, 0x3040, 0xfb00, 0x20
    };
    static const int32_t count[] = { 26, 0x45, 0x100, 0x400, 0x400, 0x70, 0x300, 0x100, 1 };
    enum { POINTS = 60000 };
    uint64_t key = random_key((uint64_t)_i, "normalized_in_pieces");
    char *text = malloc(4 * POINTS);
    size_t size = 0;
    for (uint64_t i = 0; i < POINTS; i++) {
        // Seed 0 mixes all; the others stay with one script for long stretches, so that no plain
        // letter helps.
        uint64_t kind = random_below(key, _i == 0 ? 2 * i : 2 * (i / 4000), 9);
        int32_t code_point =
            from[kind] + (int32_t)random_below(key, 2 * i + 1, (uint64_t)count[kind]);
        // no more marks on end than are kept together
        if (kind == 1 && _i > 0 && i % 7 == 0) code_point = 0x4e00;
        size += (size_t)utf8proc_encode_char(code_point, (utf8proc_uint8_t *)text + size);
    }
    expect_normalized(text, size);
    free(text);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { splits_by_hand, sizeof splits / sizeof *splits },
        { symbols_are_a_bijection },
        { utf8_sequences, sizeof sequences / sizeof *sequences },
        { segments_never_split_what_composes },
        { normalized_in_pieces, 4 },
    };
    return run_tests("pretokenize", tests, COUNT_OF(tests));
}
