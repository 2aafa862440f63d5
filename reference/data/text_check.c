#include "reference/data/text_check.h"
#include "reference/data/pretokenize.h"
#include "reference/data/stories.h"
#include <stdbool.h>
#include <string.h>

static bool begins_with(const char *text, size_t size, const char *mark, size_t length) {
    return size >= length && memcmp(text, mark, length) == 0;
}

size_t text_mark(const char *text, size_t size) {
    return begins_with(text, size, "\xef\xbb\xbf", 3) ? 3 : 0;
}

// Without a mark: a UTF-32 character has a zero in its first byte or its last, and mostly in the
// one beside it. A UTF-16 character up to U+00FF, as blanks are in most scripts, has one in one of
// its two bytes, always the same one. UTF-8 text has none, and binary data have them anywhere.
static const char *encoding_by_zeros(const char *text, size_t size) {
    enum { SAMPLE = 1 << 16 };
    size_t quarter = (size < SAMPLE ? size : SAMPLE) / 4, zeros[4] = { 0 };
    for (size_t i = 0; i < 4 * quarter; i++) zeros[i % 4] += text[i] == '\0';
    if (quarter == 0) return NULL;
    if (zeros[3] == quarter && zeros[2] > 8 * zeros[0]) return "UTF-32LE";
    if (zeros[0] == quarter && zeros[1] > 8 * zeros[3]) return "UTF-32BE";
    size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3];
    if (odd * 50 >= quarter && odd > 8 * even) return "UTF-16LE";
    return even * 50 >= quarter && even > 8 * odd ? "UTF-16BE" : NULL;
}

const char *text_wide_encoding(const char *text, size_t size) {
    if (begins_with(text, size, "\xff\xfe\0\0", 4)) return "UTF-32";
    if (begins_with(text, size, "\0\0\xfe\xff", 4)) return "UTF-32";
    if (begins_with(text, size, "\xff\xfe", 2)) return "UTF-16";
    if (begins_with(text, size, "\xfe\xff", 2)) return "UTF-16";
    return encoding_by_zeros(text, size);
}

// Bytes of the text from `begin` to `end`, neither inside a character, that are not UTF-8.
static size_t count_invalid(const char *text, size_t begin, size_t end) {
    size_t invalid = 0;
    for (size_t i = begin; i < end;) {
        i += ascii_length(text + i, end - i);
        if (i == end) break;
        int32_t code_point;
        size_t length = utf8_next(&code_point, text + i, end - i);
        if (code_point < 0) invalid += length;
        i += length;
    }
    return invalid;
}

// How often the word occurs in the text, beginning from `begin` to `end`.
static size_t count_word(const char *text, size_t size, size_t begin, size_t end,
                         const char *word) {
    size_t count = 0, length = strlen(word);
    for (const char *at = text + begin; at < text + end; at++) {
        at = memchr(at, word[0], (size_t)(text + end - at));
        if (at == NULL) break;
        count += begins_with(at, (size_t)(text + size - at), word, length);
    }
    return count;
}

// Bytes to check at a time, and to read before the pages read so far are released.
enum { PART = 1 << 16, STRIDE = 64 << 20 };

static TextCounts counts(const char *text, size_t size, const MappedFile *file) {
    TextCounts counts = { 0 };
    size_t released = 0;
    for (size_t begin = 0, end; begin < size; begin = end) {
        end = size - begin > PART ? begin + PART : size;
        // not inside a character, which has at most three bytes after its first
        for (int i = 0; i < 3 && end < size && ((unsigned char)text[end] & 0xc0) == 0x80; i++)
            end--;
        counts.invalid += count_invalid(text, begin, end);
        counts.crlf += count_word(text, size, begin, end, "\r\n");
        counts.separators += count_word(text, size, begin, end, STORY_SEPARATOR);
        if (file != NULL && end - released > STRIDE) {
            file_release(file);
            released = end;
        }
    }
    return counts;
}

TextCounts text_counts(const char *text, size_t size) { return counts(text, size, NULL); }

TextCounts text_counts_in_file(const MappedFile *file) {
    return counts((const char *)file->bytes, file->size, file);
}
