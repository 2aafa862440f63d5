#ifndef REFERENCE_CIRCUITS_CONTEXT_H
#define REFERENCE_CIRCUITS_CONTEXT_H
#include "reference/circuits/recording_file.h"

// The text around a recorded position.

enum { CONTEXT_TOKENS = 5 }; // on each side

// Positions first .. last of the recording: t, and up to CONTEXT_TOKENS of its story on each side.
void context_range(int *first, int *last, const Recording *recording, int t);

// Their text, with the token at t in brackets, as in "there was a [dog] who lived": valid UTF-8.
// The caller frees it; NULL: out of memory.
char *context_text(const Recording *recording, const Tokenizer *tokenizer, int t);

// The same for a table, in before + after columns, with the first bracket in column `before`.
enum { CONTEXT_BYTES = 1024, CONTEXT_COLUMNS = 100 }; // of each side at most
void context_columns(char out[CONTEXT_BYTES], const Recording *recording,
                     const Tokenizer *tokenizer, int t, int before, int after);
#endif
