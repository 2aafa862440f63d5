#include "reference/io/utf8.h"
#include <string.h>
#include <utf8proc.h>

static size_t replacement(char *out) {
    memcpy(out, "\xef\xbf\xbd", 3);
    return 3;
}

// Bytes of a sequence by its first byte; 0: no sequence begins with it.
static int sequence_length(unsigned char first) {
    if (first < 0x80) return 1;
    if (first < 0xc2) return 0;
    if (first < 0xe0) return 2;
    if (first < 0xf0) return 3;
    return first < 0xf5 ? 4 : 0;
}

size_t utf8_feed(Utf8Stream *stream, unsigned char byte, char out[UTF8_OUT]) {
    size_t used = 0;
    if (stream->count > 0 && (byte & 0xc0) != 0x80) { // the pending sequence stays incomplete
        used = replacement(out);
        stream->count = 0;
    }
    stream->pending[stream->count++] = byte;
    int length = sequence_length(stream->pending[0]);
    if (stream->count < length) return used;
    utf8proc_int32_t point;
    bool whole = length > 0 && utf8proc_iterate(stream->pending, length, &point) == length;
    if (whole) memcpy(out + used, stream->pending, (size_t)length);
    used += whole ? (size_t)length : replacement(out + used);
    stream->count = 0;
    return used;
}

size_t utf8_end(Utf8Stream *stream, char out[UTF8_OUT]) {
    size_t used = stream->count > 0 ? replacement(out) : 0;
    stream->count = 0;
    return used;
}

static bool is_control(int32_t point) {
    return (point < ' ' && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
}

void utf8_print_escaped(FILE *out, const char *text, size_t size, EscapeForm form) {
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t point;
        const unsigned char *at = (const unsigned char *)text + i;
        utf8proc_ssize_t length = utf8proc_iterate(at, (utf8proc_ssize_t)(size - i), &point);
        bool valid = length > 0;
        if (!valid || is_control(point))
            fprintf(out, form == ESCAPE_JSON ? "\\u%04x" : "\\x%02x",
                    valid ? (unsigned)point : *at);
        else
            fwrite(at, 1, (size_t)length, out);
        i += valid ? (size_t)length : 1;
    }
}
