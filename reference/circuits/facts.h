#ifndef REFERENCE_CIRCUITS_FACTS_H
#define REFERENCE_CIRCUITS_FACTS_H
#include "reference/io/error.h"

// What is true of nouns: a table of two columns separated by a tab, with the header line
// "noun<tab>adjective", such as facts.tsv of storyworld. An adjective may be several words
// separated by commas: each of them is right.
typedef struct {
    char *noun, *adjectives;
} Fact;

enum { MAX_FACTS = 1000 };
typedef struct {
    Fact *items;
    int count; // at least 2
    char *text;
} Facts;

bool facts_read(Facts *out, const char *path, Error *error);
void facts_free(Facts *facts);
#endif
