#ifndef REFERENCE_DATA_TOKEN_TEXT_H
#define REFERENCE_DATA_TOKEN_TEXT_H
#include "reference/data/tokenizer.h"

// The text of tokens [count] as valid UTF-8 that ends in a NUL: what is not UTF-8 becomes U+FFFD.
// The caller frees it; NULL: out of memory.
char *tokens_text(const Tokenizer *tokenizer, const int32_t *tokens, size_t count);

// The same for one line of a table, cut to `columns` characters (the last is then "…"): without the
// space in front of the first token, and with control characters as in \n and \x1b.
enum { LINE_BYTES = 512, LINE_COLUMNS = 120 }; // columns is at most LINE_COLUMNS
void tokens_line(char out[LINE_BYTES], const Tokenizer *tokenizer, const int32_t *tokens,
                 size_t count, int columns);
// For the columns of a table: tokens_line, filled up with spaces.
void tokens_column(char out[LINE_BYTES], const Tokenizer *tokenizer, const int32_t *tokens,
                   size_t count, int columns);

// The only token of a word in a text, with or without a space in front of it. The error lists the
// tokens of one that has several.
bool word_token(int32_t *out, const Tokenizer *tokenizer, const char *word, Error *error);
#endif
