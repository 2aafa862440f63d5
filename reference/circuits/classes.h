#ifndef REFERENCE_CIRCUITS_CLASSES_H
#define REFERENCE_CIRCUITS_CLASSES_H
#include "reference/data/tables.h"
#include "reference/data/tokenizer.h"

// Classes of words, read from a table like storyworld's classes.tsv: a header line `word class`,
// then one line per word, separated by a tab.
typedef struct {
    WordTable words, names; // names: of the classes, in the order of the file
    int32_t *class_of;      // [words.count]
    size_t capacity;        // of class_of
} Classes;

// Every class must have two words or more, and no word may be there twice.
bool classes_read(Classes *out, const char *path, Error *error);
void classes_free(Classes *classes);

// The class of a token that is one of the words, with or without a space in front; NO_CLASS: it has
// none.
enum { NO_CLASS = -1 };
int class_of_token(const Classes *classes, const Tokenizer *tokenizer, uint32_t token);
// Its name, not NUL-terminated.
static inline const char *class_name(const Classes *classes, int number, size_t *size) {
    return word_table_word(&classes->names, (uint32_t)number, size);
}
#endif
