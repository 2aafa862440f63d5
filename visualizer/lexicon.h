#ifndef VISUALIZER_LEXICON_H
#define VISUALIZER_LEXICON_H
#include "reference/circuits/classes.h"
#include "reference/data/tokenizer.h"

// The text and the class of every token, for drawing. Read-only once it is made, so threads share
// it.

enum { CLASS_NAME = 24, MAX_CLASSES = 32 };

typedef struct {
    int V;
    char *text;      // of all tokens, each valid UTF-8 that ends in a NUL, without its space
    uint32_t *start; // [V]: where the text of each begins
    bool *space;     // [V]: it begins with a space, as the first token of a word does
    int8_t *class;   // [V]: NO_CLASS, or below class_count
    int class_count;
    char class_name[MAX_CLASSES][CLASS_NAME];
} Lexicon;

// classes NULL: there are none. Classes from number MAX_CLASSES on are left out.
bool lexicon_new(Lexicon *out, const Tokenizer *tokenizer, const Classes *classes, Error *error);
void lexicon_free(Lexicon *lexicon);

// For what is not a token (negative, or not below V): "", no space, NO_CLASS.
const char *lexicon_text(const Lexicon *lexicon, int32_t token);
bool lexicon_space(const Lexicon *lexicon, int32_t token);
int lexicon_class(const Lexicon *lexicon, int32_t token);
#endif
