#ifndef REFERENCE_DATA_STORIES_H
#define REFERENCE_DATA_STORIES_H
#include "reference/io/files.h"
#include <stdbool.h>
#include <stddef.h>

// The stories of a text: separated by lines holding only <|endoftext|>; without any, the whole text
// is one story. Newlines at a story's end are not part of it; stories of nothing but blanks are
// left out. Views into `text`.
typedef struct {
    const char *at;
    size_t size;
} Story;

typedef struct {
    Story *at;
    size_t count;
} Stories;

// false: out of memory. Free with free(out->at).
bool stories_find(Stories *out, const char *text, size_t size);
// The same in a mapped file, whose pages are released on the way.
bool stories_find_in_file(Stories *out, const MappedFile *file);
#endif
