#include "reference/data/pretokenize.h"
#include "reference/data/tables.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

size_t utf8_next(int32_t *code_point, const char *text, size_t size) {
    const unsigned char *s = (const unsigned char *)text;
    *code_point = s[0];
    if (s[0] < 0x80) return 1;
    *code_point = -1;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 1;
    size_t length = 2 + (s[0] >= 0xe0) + (s[0] >= 0xf0);
    // The range of the second byte excludes overlong forms, surrogates and values above U+10FFFF.
    unsigned low = 0x80, high = 0xbf;
    if (s[0] == 0xe0) low = 0xa0;
    if (s[0] == 0xf0) low = 0x90;
    if (s[0] == 0xed) high = 0x9f;
    if (s[0] == 0xf4) high = 0x8f;
    int32_t value = s[0] & (0xff >> (length + 1));
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf) {
        if (i == size || s[i] < low || s[i] > high) return i;
        value = value << 6 | (s[i] & 0x3f);
    }
    *code_point = value;
    return length;
}

static bool is_own_symbol(int32_t byte) {
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 255 && byte != 173);
}

int32_t byte_symbol(unsigned char byte) {
    if (is_own_symbol(byte)) return byte;
    if (byte <= 32) return 256 + byte;             // 0 .. 32
    if (byte <= 160) return 256 + byte - 127 + 33; // 127 .. 160
    return 256 + 67;                               // 173, the soft hyphen
}

int symbol_byte(int32_t code_point) {
    if (is_own_symbol(code_point)) return code_point;
    int nth = code_point - 256;
    if (nth < 0 || nth > 67) return -1;
    if (nth <= 32) return nth;
    return nth < 67 ? nth - 33 + 127 : 173;
}

// ---- NFKC, in pieces

static const utf8proc_option_t NFKC = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;

enum {
    CHUNK = 1 << 16,       // bytes in the window
    SEGMENT = 1 << 8,      // bytes normalized at once, up to the next safe boundary …
    MAX_SEGMENT = 1 << 10, // … but no more than this
};

// The text on its way from NFKC to the scanner.
typedef struct {
    const char *text;
    size_t size, at; // `at` bytes have been read
    bool raw;
    char *window; // normalized, not yet scanned
    size_t count, capacity;
    int32_t *points; // scratch
    size_t points_capacity;
} Reader;

static bool reader_append(Reader *reader, const char *bytes, size_t size) {
    char *window = array_grow(reader->window, &reader->capacity, reader->count + size, 1);
    if (window == NULL) return false;
    reader->window = window;
    memcpy(window + reader->count, bytes, size);
    reader->count += size;
    return true;
}

size_t ascii_length(const char *text, size_t size) {
    size_t i = 0;
    for (uint64_t eight; i + 8 <= size; i += 8) {
        memcpy(&eight, text + i, 8);
        if (eight & 0x8080808080808080u) break;
    }
    while (i < size && (unsigned char)text[i] < 0x80) i++;
    return i;
}

// Whether a text can be split before this code point and both parts normalized separately: neither
// it nor its decomposition may combine with, or be reordered before, what precedes it. Only marks,
// Hangul vowels and finals, and one Kirat Rai vowel sign do.
static bool boundary_before(int32_t code_point) {
    int32_t parts[32];
    int boundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(code_point, parts, 32, NFKC, &boundary);
    if (count < 1 || count > 32) return false;
    const utf8proc_property_t *property = utf8proc_get_property(parts[0]);
    bool mark =
        property->category >= UTF8PROC_CATEGORY_MN && property->category <= UTF8PROC_CATEGORY_ME;
    bool hangul = parts[0] >= 0x1160 && parts[0] <= 0x11ff;
    return !mark && !hangul && parts[0] != 0x16d67 && property->combining_class == 0;
}

// Bytes from the start of `text`, whose first code point is valid, to a boundary.
static size_t segment_length(const char *text, size_t size) {
    int32_t code_point;
    size_t at = utf8_next(&code_point, text, size);
    while (at < size && (unsigned char)text[at] >= 0x80 && at < MAX_SEGMENT) {
        size_t length = utf8_next(&code_point, text + at, size - at);
        if (code_point < 0 || (at >= SEGMENT && boundary_before(code_point))) break;
        at += length;
    }
    return at;
}

static bool append_normalized(Reader *reader, const char *text, size_t size) {
    for (;;) {
        utf8proc_ssize_t count =
            utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size,
                               reader->points, (utf8proc_ssize_t)reader->points_capacity, NFKC);
        if (count < 0) return false;
        if ((size_t)count <
            reader->points_capacity) { // with space for the NUL that reencode writes
            count = utf8proc_reencode(reader->points, count, NFKC);
            return count >= 0 && reader_append(reader, (const char *)reader->points, (size_t)count);
        }
        int32_t *points =
            array_grow(reader->points, &reader->points_capacity, (size_t)count + 1, sizeof *points);
        if (points == NULL) return false;
        reader->points = points;
    }
}

// Appends the next piece of the text to the window.
static bool reader_step(Reader *reader) {
    const char *text = reader->text + reader->at;
    size_t left = reader->size - reader->at, limit = left < CHUNK ? left : CHUNK;
    size_t plain = reader->raw ? limit : ascii_length(text, limit);
    // the last one may combine with marks after it
    if (plain < left && !reader->raw && plain > 0) plain--;
    if (plain > 0) {
        reader->at += plain;
        return reader_append(reader, text, plain);
    }
    int32_t code_point;
    size_t length = utf8_next(&code_point, text, left);
    if (code_point >= 0) length = segment_length(text, left);
    reader->at += length;
    return code_point < 0 ? reader_append(reader, text, length)
                          : append_normalized(reader, text, length);
}

static bool reader_fill(Reader *reader, size_t size) {
    while (reader->count < size && reader->at < reader->size) {
        if (!reader_step(reader)) return false;
    }
    return true;
}

// ---- the pattern

typedef enum { SPACE, LETTER, NUMBER, OTHER } Class;

static Class class_of(int32_t code_point) {
    if (code_point < 0) return OTHER;
    if (code_point < 0x80) {
        if ((code_point | 32) >= 'a' && (code_point | 32) <= 'z') return LETTER;
        if (code_point >= '0' && code_point <= '9') return NUMBER;
        return code_point == ' ' || (code_point >= '\t' && code_point <= '\r') ? SPACE : OTHER;
    }
    utf8proc_category_t category = utf8proc_category(code_point);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) return LETTER;
    if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) return NUMBER;
    bool space = category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP;
    return space || code_point == 0x85 ? SPACE : OTHER;
}

static Class class_at(const char *text, size_t size, size_t *length) {
    int32_t code_point;
    *length = utf8_next(&code_point, text, size);
    return class_of(code_point);
}

static size_t contraction_length(const char *text, size_t size) {
    if (text[0] != '\'' || size < 2) return 0;
    if (strchr("stmd", text[1]) != NULL && text[1] != '\0') return 2;
    if (size < 3) return 0;
    bool two = memcmp(text + 1, "re", 2) == 0 || memcmp(text + 1, "ve", 2) == 0 ||
               memcmp(text + 1, "ll", 2) == 0;
    return two ? 3 : 0;
}

// Length of the first pre-token of a window; 0: it may continue after the window, which is not the
// last of the text.
static size_t pretoken_length(const char *text, size_t size, bool last) {
    // characters that begin before it are complete in the window
    size_t limit = last ? size : 0;
    if (!last && size >= 4) limit = size - 3;
    if (limit == 0) return 0;
    size_t length = contraction_length(text, size);
    if (length > 0) return length;
    size_t at = text[0] == ' ' && limit > 1, before = 0;
    Class class = class_at(text + at, size - at, &length);
    if (class == SPACE)
        class = class_at(text, size, &at);
    else
        at += length;
    bool ended = false;
    for (; at < limit && at < PRETOKEN_MAX && !ended; at += ended ? 0 : length) {
        ended = class_at(text + at, size - at, &length) != class;
        if (!ended) before = at;
    }
    if (!ended && !last && at < PRETOKEN_MAX) return 0;
    // The last space goes to the word after it: \s+(?!\S) stops one short, unless there is only
    // one.
    return ended && class == SPACE && before > 0 ? before : at;
}

static bool scan(Reader *reader, PretokenSink *sink, void *context) {
    // the text begins with a space of its own
    size_t from = reader->count > 1 && reader->window[1] == ' ' && !reader->raw;
    for (;;) {
        bool last = reader->at == reader->size;
        size_t length = pretoken_length(reader->window + from, reader->count - from, last);
        if (length > 0) {
            if (!sink(context, reader->window + from, length)) return false;
            from += length;
            continue;
        }
        if (last) return true;
        reader->count -= from;
        memmove(reader->window, reader->window + from, reader->count);
        from = 0;
        // The window doubles for an unfinished run, so a long one is scanned O(log n) times.
        if (!reader_fill(reader, reader->count * 2 > CHUNK ? reader->count * 2 : CHUNK))
            return false;
    }
}

bool pretokenize(const char *text, size_t size, bool raw, PretokenSink *sink, void *context) {
    if (size == 0) return true;
    Reader reader = { .text = text, .size = size, .raw = raw };
    bool ok = (raw || reader_append(&reader, " ", 1)) && reader_fill(&reader, CHUNK) &&
              scan(&reader, sink, context);
    free(reader.window);
    free(reader.points);
    return ok;
}
