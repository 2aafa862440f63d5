#ifndef REFERENCE_DATA_ENCODE_H
#define REFERENCE_DATA_ENCODE_H
#include "reference/data/stories.h"
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"

// Stories to a tokenizer and to token files, in bounded memory however long a story is. A long
// story is taken in pieces, cut before a space that follows a printable ASCII character: there
// GPT-2's pattern always begins anew and the piece needs no prefix space, so the pieces' tokens end
// to end are those of the whole. A stretch of more than 1 MiB without such a space is cut all the
// same, and the second half then begins with a space it did not have.
enum { PIECE_BYTES = 64 << 10, PIECE_MOST = PIECE_BYTES + (1 << 20) };

// Bytes of the first piece of what is left of a story: all of it, or at least PIECE_BYTES and at
// most PIECE_MOST. size must not be 0.
size_t story_piece(const char *text, size_t size);

// Called now and then with the bytes of text done so far; false stops the work.
typedef bool EncodeProgress(void *context, size_t bytes);

// A tokenizer of exactly that vocabulary or, with exact false, the largest up to it. NULL on
// failure.
Tokenizer *train_tokenizer(const Story *stories, size_t count, int vocabulary, bool exact,
                           EncodeProgress *progress, void *context, Error *error);

// Writes the stories' tokens, encoded on all threads; the same tokens for any number of them.
// TOKEN_PAD is left out where a text spells it: it marks what is no text.
bool encode_stories(TokenWriter *writer, const Tokenizer *tokenizer, const Story *stories,
                    size_t count, EncodeProgress *progress, void *context, Error *error);
#endif
