#include "reference/data/pretokenize.h"
#include "reference/data/tables.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

size_t utf8_next(int32_t *code_point, const char *text, size_t size) {
    const unsigned char *s = (const unsigned char *)text;
    *code_point = s[0];
    if (s[0] < 0x80) return 1;
    *code_point = -1;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 1;
    size_t length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
    unsigned low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    int32_t value = s[0] & (0xff >> (length + 1));
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf) {
        if (i == size || s[i] < low || s[i] > high) return i;
        value = value << 6 | (s[i] & 0x3f);
    }
    *code_point = value;
    return length;
}

static bool stands_for_itself(int32_t byte) {
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 255 && byte != 173);
}

int32_t byte_symbol(unsigned char byte) {
    if (stands_for_itself(byte)) return byte;
    return 256 + (byte <= 32 ? byte : byte <= 160 ? byte - 127 + 33 : 67);
}

int symbol_byte(int32_t code_point) {
    if (stands_for_itself(code_point)) return code_point;
    int nth = code_point - 256;
    if (nth < 0 || nth > 67) return -1;
    return nth <= 32 ? nth : nth < 67 ? nth - 33 + 127 : 173;
}

// NFKC, piece by piece

static const utf8proc_option_t NFKC = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;

enum {
    CHUNK = 1 << 16,   // bytes worked on at a time
    SEGMENT = 1 << 8,  // normalized at once, and on to the next safe boundary …
    LONGEST = 1 << 10, // … but no further than this: more marks than that on one letter are cut
};

// The part of a text that stands between NFKC and the scanner.
typedef struct {
    const char *text;
    size_t size, at; // read up to here
    bool raw;
    char *window; // normalised, not yet scanned
    size_t count, room;
    int32_t *points; // scratch
    size_t points_room;
} Reader;

static bool reader_append(Reader *reader, const char *bytes, size_t size) {
    char *window = grown(reader->window, &reader->room, reader->count + size, 1);
    if (window == NULL) return false;
    reader->window = window;
    memcpy(window + reader->count, bytes, size);
    reader->count += size;
    return true;
}

static size_t ascii_length(const char *text, size_t size) {
    size_t i = 0;
    for (uint64_t eight; i + 8 <= size; i += 8) {
        memcpy(&eight, text + i, 8);
        if (eight & 0x8080808080808080u) break;
    }
    while (i < size && (unsigned char)text[i] < 0x80) i++;
    return i;
}

// Whether NFKC of a text can be made separately before and from this code point: neither it nor
// what it decomposes to may join or move before what precedes. Only marks, Hangul's vowels and
// finals and one vowel sign of Kirat Rai do.
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

// Bytes from the start of `text`, whose first code point is whole, up to a boundary.
static size_t segment_length(const char *text, size_t size) {
    int32_t code_point;
    size_t at = utf8_next(&code_point, text, size);
    while (at < size && (unsigned char)text[at] >= 0x80 && at < LONGEST) {
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
                               reader->points, (utf8proc_ssize_t)reader->points_room, NFKC);
        if (count < 0) return false;
        if ((size_t)count < reader->points_room) { // one more than needed: reencode writes a NUL
            count = utf8proc_reencode(reader->points, count, NFKC);
            return count >= 0 && reader_append(reader, (const char *)reader->points, (size_t)count);
        }
        int32_t *points =
            grown(reader->points, &reader->points_room, (size_t)count + 1, sizeof *points);
        if (points == NULL) return false;
        reader->points = points;
    }
}

// Appends the next piece of the text to the window.
static bool reader_step(Reader *reader) {
    const char *text = reader->text + reader->at;
    size_t left = reader->size - reader->at, limit = left < CHUNK ? left : CHUNK;
    size_t plain = reader->raw ? limit : ascii_length(text, limit);
    // the last one may join the marks behind it
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

static bool reader_fill(Reader *reader, size_t wanted) {
    while (reader->count < wanted && reader->at < reader->size) {
        if (!reader_step(reader)) return false;
    }
    return true;
}

// The pattern

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

// Length of the first pre-token of a text; 0: it may go on behind the end of the window, which is
// not the text's last.
static size_t pretoken_length(const char *text, size_t size, bool last) {
    // what begins before it stands whole in the window
    size_t limit = last ? size : size < 4 ? 0 : size - 3;
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
    // A word takes the last space before it along: \s+(?!\S) stops one short, unless that one is
    // all.
    return ended && class == SPACE && before > 0 ? before : at;
}

static bool scan(Reader *reader, PretokenSink *sink, void *context) {
    // the text brings its own space
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
        // Twice the unfinished run each time: a long one is scanned O(log n) times, its length in
        // all.
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
