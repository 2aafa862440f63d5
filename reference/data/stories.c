#include "reference/data/stories.h"
#include <stdlib.h>
#include <string.h>

static const char SEPARATOR[] = "<|endoftext|>";

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_separator(const char *line, size_t size) {
    if (size > 0 && line[size - 1] == '\r') size--; // a line of a Windows file
    return size == sizeof SEPARATOR - 1 && memcmp(line, SEPARATOR, size) == 0;
}

// Appends text[0..size) as a story, or nothing when it is blank.
static bool add_story(Stories *stories, size_t *room, const char *text, size_t size) {
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    size_t blank = 0;
    while (blank < size && is_blank(text[blank])) blank++;
    if (blank == size) return true;
    if (stories->count == *room) {
        size_t wanted = *room == 0 ? 1024 : *room * 2;
        Story *at = realloc(stories->at, wanted * sizeof *at);
        if (at == NULL) return false;
        stories->at = at;
        *room = wanted;
    }
    stories->at[stories->count++] = (Story){ text, size };
    return true;
}

bool stories_find(Stories *out, const char *text, size_t size) {
    *out = (Stories){ 0 };
    size_t room = 0, story = 0; // where the current story begins
    bool ok = true;
    for (size_t line = 0; ok && line < size;) {
        const char *newline = memchr(text + line, '\n', size - line);
        size_t end = newline == NULL ? size : (size_t)(newline - text);
        size_t next = newline == NULL ? size : end + 1;
        if (is_separator(text + line, end - line)) {
            ok = add_story(out, &room, text + story, line - story);
            story = next;
        }
        line = next;
    }
    if (ok && story < size) ok = add_story(out, &room, text + story, size - story);
    if (!ok) {
        free(out->at);
        *out = (Stories){ 0 };
    }
    return ok;
}
