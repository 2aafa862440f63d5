#ifndef REFERENCE_IO_UTF8_H
#define REFERENCE_IO_UTF8_H
#include <stdbool.h>
#include <stddef.h>

// Bytes that arrive in pieces, given on as whole UTF-8 sequences: what a terminal can show at once.
typedef struct {
    unsigned char held[4];
    int count;
} Utf8Stream;

// Feeds one byte. Writes what is now whole into out (at most UTF8_OUT bytes) and returns how many;
// bytes that are no UTF-8 come out as U+FFFD.
enum { UTF8_OUT = 8 };
size_t utf8_feed(Utf8Stream *stream, unsigned char byte, char out[UTF8_OUT]);
// The text is over: a sequence cut short comes out as U+FFFD.
size_t utf8_end(Utf8Stream *stream, char out[UTF8_OUT]);
#endif
