#include "reference/io/utf8.h"
#include <string.h>
#include <utf8proc.h>

static size_t replacement(char *out) {
    memcpy(out, "\xef\xbf\xbd", 3);
    return 3;
}

// Bytes of the sequence that this one leads, 0 if it leads none.
static int length_from(unsigned char lead) {
    return lead < 0x80   ? 1
           : lead < 0xc2 ? 0
           : lead < 0xe0 ? 2
           : lead < 0xf0 ? 3
           : lead < 0xf5 ? 4
                         : 0;
}

size_t utf8_feed(Utf8Stream *stream, unsigned char byte, char out[UTF8_OUT]) {
    size_t used = 0;
    if (stream->count > 0 && (byte & 0xc0) != 0x80) { // the held sequence breaks off here
        used = replacement(out);
        stream->count = 0;
    }
    stream->held[stream->count++] = byte;
    int length = length_from(stream->held[0]);
    if (stream->count < length) return used;
    utf8proc_int32_t point;
    bool whole = length > 0 && utf8proc_iterate(stream->held, length, &point) == length;
    if (whole) memcpy(out + used, stream->held, (size_t)length);
    used += whole ? (size_t)length : replacement(out + used);
    stream->count = 0;
    return used;
}

size_t utf8_end(Utf8Stream *stream, char out[UTF8_OUT]) {
    size_t used = stream->count > 0 ? replacement(out) : 0;
    stream->count = 0;
    return used;
}
