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
