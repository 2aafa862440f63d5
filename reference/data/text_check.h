#ifndef REFERENCE_DATA_TEXT_CHECK_H
#define REFERENCE_DATA_TEXT_CHECK_H
#include "reference/io/files.h"

// Checks of a corpus before it is used: what is certainly not UTF-8 text is refused, and what
// probably was not meant is counted.

// The encoding of a text in UTF-16 or UTF-32, by its byte order mark or by where its zero bytes
// are, as iconv calls it; NULL: neither.
const char *text_wide_encoding(const char *text, size_t size);

// Bytes of a UTF-8 byte order mark at the start of a text: 3, or 0 without one.
size_t text_mark(const char *text, size_t size);

typedef struct {
    size_t invalid;    // bytes that are not part of a UTF-8 character
    size_t crlf;       // lines that end in CRLF
    size_t separators; // <|endoftext|>, on a line of its own or not
} TextCounts;

TextCounts text_counts(const char *text, size_t size);
// The same for a mapped file; pages are released on the way.
TextCounts text_counts_in_file(const MappedFile *file);
#endif
