#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"
#include "reference/numbers/array.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char MAGIC[8] = { 'S', 'G', 'A', 'T', 'T', 'O', 'K', 'S' };
enum { VERSION = 1, TOKEN_BYTES = 2, COPY_BYTES = 1 << 20 };

// The first bytes of the file; there is no padding between the fields.
typedef struct {
    char magic[8];
    uint32_t version, token_bytes;
    uint64_t tokenizer_hash, V, stories, tokens, hash;
} Header;
enum { HASHED_BYTES = 48 }; // of the header: everything but the hash itself

_Static_assert(sizeof(Header) == 56 && offsetof(Header, hash) == HASHED_BYTES,
               "the header is laid out as documented");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "token files are little-endian and used in place");

// ---- reading

static bool refuse(Error *error, const char *path, const char *field, uint64_t found,
                   const char *expected, uint64_t value) {
    return fail(error,
                "%s: %s is %" PRIu64 ", expected %s %" PRIu64
                "; the file is damaged or not a token file, make it again with `sgatlin data`",
                path, field, found, expected, value);
}

static bool check_header(const Header *header, const char *path, uint64_t size, Error *error) {
    if (memcmp(header->magic, MAGIC, sizeof MAGIC) != 0) {
        return fail(error,
                    "%s: the magic is not the expected SGATTOKS: not a token file; make one with "
                    "`sgatlin data`",
                    path);
    }
    if (header->version != VERSION)
        return refuse(error, path, "version", header->version, "exactly", VERSION);
    if (header->token_bytes != TOKEN_BYTES) {
        return refuse(error, path, "bytes per token", header->token_bytes, "exactly", TOKEN_BYTES);
    }
    if (header->V <= TOKEN_END)
        return refuse(error, path, "vocabulary V", header->V, "more than", TOKEN_END);
    if (header->V > TOKENIZER_MAX_VOCABULARY) {
        return refuse(error, path, "vocabulary V", header->V, "at most", TOKENIZER_MAX_VOCABULARY);
    }
    // that many offsets would fill the file
    uint64_t words = (size - sizeof *header) / sizeof(uint64_t);
    if (header->stories < 1)
        return refuse(error, path, "stories S", header->stories, "at least", 1);
    if (header->stories >= UINT32_MAX)
        return refuse(error, path, "stories S", header->stories, "below", UINT32_MAX);
    if (header->stories >= words) {
        return refuse(error, path, "stories S", header->stories,
                      "what fits into the file's size, below", words);
    }
    uint64_t rest = size - sizeof *header - (header->stories + 1) * sizeof(uint64_t);
    if (header->tokens != rest / TOKEN_BYTES || rest % TOKEN_BYTES != 0) {
        return refuse(error, path, "tokens N", header->tokens, "by the file's size, half of", rest);
    }
    return true;
}

static bool check_hash(const Header *header, const char *path, const unsigned char *bytes,
                       size_t size, Error *error) {
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) return fail(error, "%s: out of memory", path);
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, bytes, HASHED_BYTES);
    XXH3_64bits_update(state, bytes + sizeof *header, size - sizeof *header);
    uint64_t hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    if (hash != header->hash)
        return refuse(error, path, "XXH3 hash of the content", hash, "as stored", header->hash);
    return true;
}

static bool check_stories(const TokenFile *file, Error *error) {
    if (file->offset[0] != 0)
        return refuse(error, file->path, "offset[0]", file->offset[0], "exactly", 0);
    for (size_t s = 0; s < file->stories; s++) {
        uint64_t begin = file->offset[s], end = file->offset[s + 1];
        char field[48];
        snprintf(field, sizeof field, "offset[%zu]", s + 1);
        if (end <= begin)
            return refuse(error, file->path, field, end, "more than the one before,", begin);
        if (end > file->tokens)
            return refuse(error, file->path, field, end, "at most N,", file->tokens);
        if (file->token[end - 1] != TOKEN_END) {
            snprintf(field, sizeof field, "the last token of story %zu", s);
            return refuse(error, file->path, field, file->token[end - 1], "the end of a story,",
                          TOKEN_END);
        }
    }
    uint64_t last = file->offset[file->stories];
    if (last != file->tokens)
        return refuse(error, file->path, "offset[S]", last, "exactly N,", file->tokens);
    return true;
}

static bool check_tokens(const TokenFile *file, Error *error) {
    for (size_t i = 0; i < file->tokens; i++) {
        if (file->token[i] >= file->V) {
            char field[48];
            snprintf(field, sizeof field, "token[%zu]", i);
            return refuse(error, file->path, field, file->token[i], "below the vocabulary V,",
                          (uint64_t)file->V);
        }
    }
    return true;
}

bool token_file_parse(TokenFile *out, const unsigned char *bytes, size_t size, const char *path,
                      Error *error) {
    *out = (TokenFile){ 0 };
    Header header;
    if (size < sizeof header) {
        return refuse(error, path, "the file's size in bytes", size, "a complete header, at least",
                      sizeof header);
    }
    memcpy(&header, bytes, sizeof header);
    if (!check_header(&header, path, size, error) || !check_hash(&header, path, bytes, size, error))
        return false;
    out->path = strdup(path);
    if (out->path == NULL) return fail(error, "%s: out of memory", path);
    out->tokenizer_hash = header.tokenizer_hash;
    out->V = (int)header.V;
    out->stories = (size_t)header.stories;
    out->tokens = (size_t)header.tokens;
    out->offset = (const uint64_t *)(const void *)(bytes + sizeof header);
    out->token = (const uint16_t *)(const void *)(out->offset + out->stories + 1);
    if (check_stories(out, error) && check_tokens(out, error)) return true;
    token_file_close(out);
    return false;
}

bool token_file_open(TokenFile *out, const char *path, Error *error) {
    *out = (TokenFile){ 0 };
    MappedFile file;
    if (path_is_folder(path))
        return fail(error, "%s: is a folder, expected a token file in it, such as %s/valid.bin",
                    path, path);
    if (!file_map(&file, path, error)) return false;
    bool ok = token_file_parse(out, file.bytes, file.size, path, error);
    if (ok)
        out->file = file;
    else
        file_unmap(&file);
    return ok;
}

void token_file_close(TokenFile *file) {
    file_unmap(&file->file);
    free(file->path);
    *file = (TokenFile){ 0 };
}

// ---- writing

// The offsets come before the tokens in the file but are known only after the last story, so tokens
// wait in a second file, which is discarded.
struct TokenWriter {
    OutputFile out, waiting;
    int V;
    uint64_t tokenizer_hash, tokens;
    uint64_t *offset; // [capacity], of which stories + 1 are in use
    size_t stories, capacity;
};

static bool cannot_write(const TokenWriter *writer, Error *error) {
    return fail(error, "%s: cannot be written: %s; no file was made", writer->out.path,
                strerror(errno));
}

static bool open_waiting(TokenWriter *writer, Error *error) {
    size_t size = strlen(writer->out.path) + sizeof ".tokens";
    char *path = malloc(size);
    if (path == NULL) return fail(error, "%s: out of memory", writer->out.path);
    snprintf(path, size, "%s.tokens", writer->out.path);
    bool ok = output_open(&writer->waiting, path, error);
    free(path);
    return ok;
}

TokenWriter *token_writer_open(const char *path, int V, uint64_t tokenizer_hash, Error *error) {
    if (V <= TOKEN_END || V > TOKENIZER_MAX_VOCABULARY) {
        fail(error, "%s: vocabulary V is %d, expected %d to %d", path, V, TOKEN_END + 1,
             TOKENIZER_MAX_VOCABULARY);
        return NULL;
    }
    TokenWriter *writer = calloc(1, sizeof *writer);
    uint64_t *offset = calloc(1, sizeof *offset);
    if (writer == NULL || offset == NULL) {
        fail(error, "%s: out of memory", path);
        free(writer);
        free(offset);
        return NULL;
    }
    *writer =
        (TokenWriter){ .V = V, .tokenizer_hash = tokenizer_hash, .offset = offset, .capacity = 1 };
    if (output_open(&writer->out, path, error) && open_waiting(writer, error)) return writer;
    token_writer_discard(writer);
    return NULL;
}

bool token_writer_tokens(TokenWriter *writer, const uint32_t *ids, size_t count, Error *error) {
    uint16_t block[4096];
    for (size_t i = 0; i < count;) {
        size_t n = 0;
        for (; n < sizeof block / sizeof *block && i < count; n++, i++) {
            if (ids[i] >= (uint32_t)writer->V) {
                return fail(error, "%s: token %" PRIu32 " is not below the vocabulary V = %d",
                            writer->out.path, ids[i], writer->V);
            }
            block[n] = (uint16_t)ids[i];
        }
        if (fwrite(block, sizeof *block, n, writer->waiting.stream) != n)
            return cannot_write(writer, error);
    }
    writer->tokens += count;
    return true;
}

bool token_writer_end(TokenWriter *writer, Error *error) {
    const uint32_t end = TOKEN_END;
    if (!token_writer_tokens(writer, &end, 1, error)) return false;
    uint64_t *offset =
        array_grow(writer->offset, &writer->capacity, writer->stories + 2, sizeof *offset);
    if (offset == NULL) return fail(error, "%s: out of memory", writer->out.path);
    writer->offset = offset;
    writer->offset[++writer->stories] = writer->tokens;
    return true;
}

bool token_writer_story(TokenWriter *writer, const uint32_t *ids, size_t count, Error *error) {
    return token_writer_tokens(writer, ids, count, error) && token_writer_end(writer, error);
}

static bool write_hashed(FILE *stream, XXH3_state_t *state, const void *bytes, size_t size) {
    XXH3_64bits_update(state, bytes, size);
    return fwrite(bytes, 1, size, stream) == size;
}

// Header, offsets and tokens, then the hash in its place.
static bool write_all(TokenWriter *writer, XXH3_state_t *state, unsigned char *buffer) {
    FILE *stream = writer->out.stream, *waiting = writer->waiting.stream;
    Header header = { .version = VERSION,
                      .token_bytes = TOKEN_BYTES,
                      .tokenizer_hash = writer->tokenizer_hash,
                      .V = (uint64_t)writer->V,
                      .stories = writer->stories,
                      .tokens = writer->tokens };
    memcpy(header.magic, MAGIC, sizeof MAGIC);
    XXH3_64bits_reset(state);
    if (!write_hashed(stream, state, &header, HASHED_BYTES)) return false;
    if (fwrite(&header.hash, sizeof header.hash, 1, stream) != 1) return false;
    if (!write_hashed(stream, state, writer->offset,
                      (writer->stories + 1) * sizeof *writer->offset))
        return false;
    if (fflush(waiting) != 0 || fseek(waiting, 0, SEEK_SET) != 0) return false;
    for (uint64_t left = writer->tokens * TOKEN_BYTES; left > 0;) {
        size_t n = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
        if (fread(buffer, 1, n, waiting) != n || !write_hashed(stream, state, buffer, n))
            return false;
        left -= n;
    }
    header.hash = XXH3_64bits_digest(state);
    return fseek(stream, HASHED_BYTES, SEEK_SET) == 0 &&
           fwrite(&header.hash, sizeof header.hash, 1, stream) == 1;
}

bool token_writer_commit(TokenWriter *writer, Error *error) {
    bool ok = false;
    unsigned char *buffer = malloc(COPY_BYTES);
    XXH3_state_t *state = XXH3_createState();
    if (buffer == NULL || state == NULL) {
        fail(error, "%s: out of memory", writer->out.path);
    } else if (writer->stories == 0) {
        fail(error, "%s: no stories were given, expected at least one", writer->out.path);
    } else if (!write_all(writer, state, buffer)) {
        cannot_write(writer, error);
    } else {
        ok = output_commit(&writer->out, error);
    }
    XXH3_freeState(state);
    free(buffer);
    token_writer_discard(writer);
    return ok;
}

void token_writer_discard(TokenWriter *writer) {
    if (writer == NULL) return;
    output_discard(&writer->waiting);
    output_discard(&writer->out); // does nothing after a commit
    free(writer->offset);
    free(writer);
}
