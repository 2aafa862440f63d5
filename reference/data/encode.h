#ifndef REFERENCE_DATA_ENCODE_H
#define REFERENCE_DATA_ENCODE_H
#include "reference/data/stories.h"
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"

// From stories to a tokenizer and to token files, in bounded memory however long a story is. A long
// story is encoded in pieces, split before a space that follows a printable ASCII character:
// GPT-2's pattern always starts a pre-token there and the piece needs no prefix space, so the
// tokens of the pieces are those of the whole story. A run of more than 1 MiB without such a space
// is split anyway; its second half then gets a prefix space it did not have.
enum { PIECE_BYTES = 64 << 10, MAX_PIECE_BYTES = PIECE_BYTES + (1 << 20) };

// Bytes of the first piece of the rest of a story: all of it, or PIECE_BYTES to MAX_PIECE_BYTES.
// size must not be 0.
size_t story_piece(const char *text, size_t size);

// Called now and then with the bytes of text done so far; returns false to stop.
typedef bool EncodeProgress(void *context, size_t bytes);

// Trains a tokenizer of exactly that vocabulary or, with exact false, the largest one up to it.
// NULL on failure.
Tokenizer *train_tokenizer(const Story *stories, size_t count, int vocabulary, bool exact,
                           EncodeProgress *progress, void *context, Error *error);

// Writes the tokens of the stories, encoded on all threads; the result does not depend on their
// number. TOKEN_PAD is dropped where a text spells it out: it only ever marks padding.
bool encode_stories(TokenWriter *writer, const Tokenizer *tokenizer, const Story *stories,
                    size_t count, EncodeProgress *progress, void *context, Error *error);
#endif
