#ifndef REFERENCE_IO_UTF8_H
#define REFERENCE_IO_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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

// Prints UTF-8 text to a terminal, which would obey control characters: all but newlines and tabs
// are printed as \x1b or, in JSON, as \u001b; so are invalid bytes.
typedef enum { ESCAPE_TEXT, ESCAPE_JSON } EscapeForm;
void utf8_print_escaped(FILE *out, const char *text, size_t size, EscapeForm form);
#endif
