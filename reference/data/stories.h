#ifndef REFERENCE_DATA_STORIES_H
#define REFERENCE_DATA_STORIES_H
#include "reference/io/files.h"
#include <stdbool.h>
#include <stddef.h>

// The stories of a text are separated by lines that contain only <|endoftext|>; without any, the
// whole text is one story. Newlines at the end of a story are dropped, and blank stories are left
// out. Stories are views into the text.
typedef struct {
    const char *text;
    size_t size;
} Story;

typedef struct {
    Story *items;
    size_t count, capacity;
} Stories;

// false: out of memory. Free with free(out->items).
bool stories_find(Stories *out, const char *text, size_t size);
// The same for a mapped file; pages are released on the way.
bool stories_find_in_file(Stories *out, const MappedFile *file);
#endif
