#ifndef REFERENCE_DATA_PRETOKENIZE_H
#define REFERENCE_DATA_PRETOKENIZE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What stands before the merges of byte-level BPE: NFKC, the prefix space and GPT-2's pattern,
//     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// scanned by hand. The text is read in pieces, so a view of a mapped file of any size takes bounded
// memory; a run of more than 1,024 bytes of marks, which no writing has, is normalized in several.
// Categories and NFKC are those of the Unicode version utf8proc was made for. Hugging Face's
// library has other ones (its NFKC an older one, its pattern a newer one): ids may differ for
// characters that came to Unicode after 2018.

// A run of one class longer than this is cut here; text in the world never comes near.
enum { PRETOKEN_MAX = 1 << 20 };

// Called with each pre-token in turn (bytes, never empty, valid during the call). false stops.
typedef bool PretokenSink(void *context, const char *word, size_t size);

// raw: no NFKC and no prefix space, so that the pre-tokens end to end are the text. Bytes that are
// not UTF-8 pass NFKC by and count as neither letter, number nor space. false: out of memory, or
// the sink said so.
bool pretokenize(const char *text, size_t size, bool raw, PretokenSink *sink, void *context);

// The first code point of a text that is not empty, and the bytes it takes. Ill-formed: the code
// point is -1, the length that of the maximal subpart, which is what one U+FFFD stands for (Unicode
// 15, section 3.9, table 3-7).
size_t utf8_next(int32_t *code_point, const char *text, size_t size);

// GPT-2's way to write bytes as printable characters: those that are printable in Latin-1 stand for
// themselves, the other 68 take the code points from 256 on.
int32_t byte_symbol(unsigned char byte);
int symbol_byte(int32_t code_point); // -1: no symbol
#endif
