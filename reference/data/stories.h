#ifndef REFERENCE_DATA_STORIES_H
#define REFERENCE_DATA_STORIES_H
#include "reference/io/files.h"
#include <stdbool.h>
#include <stddef.h>

// The stories of a text are separated by lines that contain only <|endoftext|>, with or without
// blanks after it; without any, the whole text is one story. Newlines at the end of a story are
// dropped, and so is a byte order mark at the start of the text; blank stories are left out. Line
// ends may be CRLF; those inside a story are kept as they are. Stories are views into the text.
#define STORY_SEPARATOR "<|endoftext|>"
typedef struct {
    const char *text;
    size_t size;
} Story;

typedef struct {
    Story *items;
    size_t count, capacity;
    size_t separators; // lines
} Stories;

// false: out of memory. Free with free(out->items).
bool stories_find(Stories *out, const char *text, size_t size);
// The same for a mapped file; pages are released on the way.
bool stories_find_in_file(Stories *out, const MappedFile *file);
#endif
