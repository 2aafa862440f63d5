#ifndef REFERENCE_DATA_PRETOKENIZE_H
#define REFERENCE_DATA_PRETOKENIZE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The steps before the merges of byte-level BPE: NFKC, the prefix space and GPT-2's pattern,
//     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// scanned by hand. The text is read in pieces, so a mapped file of any size takes bounded memory; a
// run of more than 1,024 bytes of combining marks, which no script has, is normalized in pieces.
// Categories and NFKC are those of utf8proc's Unicode version. Hugging Face's library uses others
// (an older one for NFKC, a newer one for the pattern), so ids may differ for characters added to
// Unicode after 2018.

// A longer run of one class is split here; real text never gets near.
enum { PRETOKEN_MAX = 1 << 20 };

// Called with each pre-token in order (bytes, never empty, valid during the call). false stops.
typedef bool PretokenSink(void *context, const char *word, size_t size);

// raw: no NFKC and no prefix space, so that the pre-tokens concatenate to the text. Invalid UTF-8
// is not normalized and counts as neither letter, number nor space. false: out of memory, or the
// sink returned false.
bool pretokenize(const char *text, size_t size, bool raw, PretokenSink *sink, void *context);

// The first code point of a non-empty text; returns its length in bytes. If ill-formed, the code
// point is -1 and the length that of the maximal subpart, which one U+FFFD replaces (Unicode 15,
// section 3.9, table 3-7).
size_t utf8_next(int32_t *code_point, const char *text, size_t size);

// Bytes of the ASCII characters that a text begins with.
size_t ascii_length(const char *text, size_t size);

// GPT-2's printable characters for bytes: bytes that are printable in Latin-1 are their own
// symbols, the other 68 get the code points from 256 on.
int32_t byte_symbol(unsigned char byte);
int symbol_byte(int32_t code_point); // -1: not a symbol
#endif
