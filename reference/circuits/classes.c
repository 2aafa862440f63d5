#include "reference/circuits/classes.h"
#include "reference/io/files.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>

void classes_free(Classes *classes) {
    word_table_free(&classes->words);
    word_table_free(&classes->names);
    free(classes->class_of);
    *classes = (Classes){ .capacity = 0 };
}

static bool add_word(Classes *out, const char *word, size_t size, const char *name,
                     size_t name_size) {
    size_t count = (size_t)out->words.count + 1;
    int32_t *class_of = array_grow(out->class_of, &out->capacity, count, sizeof *out->class_of);
    if (class_of == NULL) return false;
    out->class_of = class_of;
    uint32_t number = word_table_add(&out->words, word, size);
    uint32_t class = word_table_add(&out->names, name, name_size);
    if (number == TABLE_NONE || class == TABLE_NONE) return false;
    class_of[number] = (int32_t) class;
    return true;
}

// A line without its end: word, tab, class.
static bool read_line(Classes *out, const char *path, int number, const char *line, size_t size,
                      Error *error) {
    const char *tab = memchr(line, '\t', size);
    size_t word = tab != NULL ? (size_t)(tab - line) : 0, name = tab != NULL ? size - word - 1 : 0;
    if (word == 0 || name == 0 || memchr(tab + 1, '\t', name) != NULL)
        return fail(error, "%s: line %d: expected a word, a tab and its class", path, number);
    if (word_table_find(&out->words, line, word) != TABLE_NONE)
        return fail(error, "%s: line %d: the word '%.*s' is there twice", path, number, (int)word,
                    line);
    return add_word(out, line, word, tab + 1, name) ||
           fail(error, "%s: out of memory for %d words", path, number);
}

static bool read_lines(Classes *out, const char *path, const MappedFile *file, Error *error) {
    const char *text = (const char *)file->bytes, *end = text + file->size;
    for (int number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((newline != NULL ? newline : end) - text);
        size_t shown = size > 0 && text[size - 1] == '\r' ? size - 1 : size;
        if (number == 1 && (shown != 10 || memcmp(text, "word\tclass", 10) != 0)) {
            return fail(error,
                        "%s: line 1: expected the header 'word', a tab, 'class'; sgatlin "
                        "data --storyworld writes such a file",
                        path);
        }
        if (number > 1 && shown > 0 && !read_line(out, path, number, text, shown, error))
            return false;
        text += size + (newline != NULL);
    }
    return out->words.count > 0 ||
           fail(error, "%s: no words; expected a header and lines of a word, a tab and its class",
                path);
}

static bool check_sizes(const Classes *classes, const char *path, Error *error) {
    for (uint32_t c = 0; c < classes->names.count; c++) {
        int words = 0;
        for (uint32_t w = 0; w < classes->words.count; w++)
            words += classes->class_of[w] == (int32_t)c;
        size_t size;
        const char *name = class_name(classes, (int)c, &size);
        if (words < 2) {
            return fail(error,
                        "%s: the class '%.*s' has one word; give it another or remove it, since "
                        "a class is compared by its different words",
                        path, (int)size, name);
        }
    }
    return true;
}

bool classes_read(Classes *out, const char *path, Error *error) {
    MappedFile file;
    *out = (Classes){ .capacity = 0 };
    if (!file_map(&file, path, error)) return false;
    bool ok =
        (file.size > 0 || fail(error, "%s: is empty; expected words and their classes", path)) &&
        read_lines(out, path, &file, error) && check_sizes(out, path, error);
    file_unmap(&file);
    if (!ok) classes_free(out);
    return ok;
}

int class_of_token(const Classes *classes, const Tokenizer *tokenizer, uint32_t token) {
    size_t size;
    const char *text = tokenizer_token(tokenizer, token, &size);
    size_t space = size > 0 && text[0] == ' ';
    uint32_t word = word_table_find(&classes->words, text + space, size - space);
    return word != TABLE_NONE ? classes->class_of[word] : NO_CLASS;
}
