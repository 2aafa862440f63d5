#ifndef REFERENCE_IO_UTF8_H
#define REFERENCE_IO_UTF8_H
#include <stdbool.h>
#include <stddef.h>

// Turns bytes that arrive in pieces into complete UTF-8 sequences, which a terminal can print.
typedef struct {
    unsigned char pending[4]; // the start of an incomplete sequence
    int count;
} Utf8Stream;

// Feeds one byte. Writes what is now complete to out (at most UTF8_OUT bytes) and returns how many
// bytes that is. Invalid bytes become U+FFFD.
enum { UTF8_OUT = 8 };
size_t utf8_feed(Utf8Stream *stream, unsigned char byte, char out[UTF8_OUT]);
// Ends the text: an incomplete sequence becomes U+FFFD.
size_t utf8_end(Utf8Stream *stream, char out[UTF8_OUT]);
#endif
