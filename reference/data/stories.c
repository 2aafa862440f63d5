#include "reference/data/stories.h"
#include "reference/data/text_check.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_separator(const char *line, size_t size) {
    size_t end = sizeof STORY_SEPARATOR - 1;
    if (size < end || memcmp(line, STORY_SEPARATOR, end) != 0) return false;
    while (end < size && is_blank(line[end])) end++; // blanks, and the \r of a Windows file
    return end == size;
}

// Appends text[0..size) as a story, or nothing when it is blank.
static bool add_story(Stories *stories, const char *text, size_t size) {
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    size_t blank = 0;
    while (blank < size && is_blank(text[blank])) blank++;
    if (blank == size) return true;
    Story *items =
        array_grow(stories->items, &stories->capacity, stories->count + 1, sizeof *items);
    if (items == NULL) return false;
    stories->items = items;
    stories->items[stories->count++] = (Story){ text, size };
    return true;
}

// Bytes to read before the pages read so far are released.
enum { STRIDE = 64 << 20 };

// Where the line that begins at `line` ends, without its newline. file may be NULL.
static size_t line_end(const char *text, size_t line, size_t size, const MappedFile *file) {
    for (size_t begin = line; begin < size; begin += STRIDE) {
        size_t length = size - begin < STRIDE ? size - begin : STRIDE;
        const char *newline = memchr(text + begin, '\n', length);
        if (newline != NULL) return (size_t)(newline - text);
        if (file != NULL) file_release(file);
    }
    return size;
}

static bool find(Stories *out, const char *text, size_t size, const MappedFile *file) {
    *out = (Stories){ 0 };
    size_t released = 0;
    size_t story = text_mark(text, size); // where the current one begins
    bool ok = true;
    for (size_t line = story, next; ok && line < size; line = next) {
        size_t end = line_end(text, line, size, file);
        next = end < size ? end + 1 : size;
        if (is_separator(text + line, end - line)) {
            ok = add_story(out, text + story, line - story);
            story = next;
            out->separators++;
        }
        if (file != NULL && next - released > STRIDE) {
            file_release(file);
            released = next;
        }
    }
    if (ok && story < size) ok = add_story(out, text + story, size - story);
    if (ok) return true;
    free(out->items);
    *out = (Stories){ 0 };
    return false;
}

bool stories_find(Stories *out, const char *text, size_t size) {
    return find(out, text, size, NULL);
}

bool stories_find_in_file(Stories *out, const MappedFile *file) {
    return find(out, (const char *)file->bytes, file->size, file);
}
