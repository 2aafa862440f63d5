#ifndef REFERENCE_DATA_TOKEN_FILE_H
#define REFERENCE_DATA_TOKEN_FILE_H
#include "reference/io/error.h"
#include "reference/io/files.h"
#include <stddef.h>
#include <stdint.h>

// train.bin and valid.bin: a header, story offsets, uint16 tokens; little-endian; memory-mapped.
//    0  char[8]  magic "SGATTOKS"
//    8  uint32   version, 1
//   12  uint32   bytes per token, 2
//   16  uint64   tokenizer_hash
//   24  uint64   vocabulary V
//   32  uint64   stories S
//   40  uint64   tokens N
//   48  uint64   XXH3 of the 48 bytes before it and of everything after it
//   56  uint64   offset[S+1]: story s is tokens offset[s] .. offset[s+1]-1, the last is TOKEN_END
//   then uint16  token[N]
typedef struct {
    MappedFile file;
    char *path;
    uint64_t tokenizer_hash;
    int V;
    size_t stories, tokens;
    const uint64_t *offset; // [stories + 1]
    const uint16_t *token;  // [tokens], each below V
} TokenFile;

// Maps the file and checks every field against the file's size, the hash, the order of the offsets
// and every token against V, in one pass. Readers can then trust the contents.
bool token_file_open(TokenFile *out, const char *path, Error *error);
// The same for bytes in memory, aligned to 8, which must outlive it; path is for messages.
bool token_file_parse(TokenFile *out, const unsigned char *bytes, size_t size, const char *path,
                      Error *error);
void token_file_close(TokenFile *file);

// Writes story by story, the whole file or nothing. Memory grows with the stories (8 bytes each),
// not with the tokens.
typedef struct TokenWriter TokenWriter;
TokenWriter *token_writer_open(const char *path, int V, uint64_t tokenizer_hash, Error *error);
// Adds the story's tokens and TOKEN_END.
bool token_writer_story(TokenWriter *writer, const uint32_t *ids, size_t count, Error *error);
// The same for a story too long for memory: its tokens in pieces, then token_writer_end, which adds
// TOKEN_END.
bool token_writer_tokens(TokenWriter *writer, const uint32_t *ids, size_t count, Error *error);
bool token_writer_end(TokenWriter *writer, Error *error);
// Finishes the file and frees the writer. A file needs at least one story.
bool token_writer_commit(TokenWriter *writer, Error *error);
void token_writer_discard(TokenWriter *writer);
#endif
