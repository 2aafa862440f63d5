#include "reference/data/encode.h"
#include <stdlib.h>

static bool is_printable(char c) { return c > ' ' && c <= '~'; }

size_t story_piece(const char *text, size_t size) {
    if (size <= PIECE_BYTES) return size;
    size_t limit = size < MAX_PIECE_BYTES ? size : MAX_PIECE_BYTES;
    for (size_t i = PIECE_BYTES; i < limit; i++) {
        if (text[i] == ' ' && is_printable(text[i - 1])) return i;
    }
    if (limit == size) return size;
    // not inside a UTF-8 character, which has at most three bytes after its first
    size_t cut = limit;
    while (cut > limit - 3 && ((unsigned char)text[cut] & 0xc0) == 0x80) cut--;
    return cut;
}

// Walks over the pieces of all stories in order.
typedef struct {
    const Story *stories;
    size_t count, story, offset; // the next piece begins at this byte of this story
} Walk;

typedef struct {
    const char *text;
    size_t size;
    bool last;    // of its story
    bool encoded; // false: out of memory
    TokenList ids;
} Piece;

static bool next_piece(Walk *walk, Piece *piece) {
    if (walk->story == walk->count) return false;
    Story story = walk->stories[walk->story];
    size_t left = story.size - walk->offset;
    size_t size = left == 0 ? 0 : story_piece(story.text + walk->offset, left);
    *piece = (Piece){ .text = story.text + walk->offset, .size = size, .last = size == left };
    walk->offset += size;
    if (piece->last) {
        walk->story++;
        walk->offset = 0;
    }
    return true;
}

static bool stopped(Error *error) { return fail(error, "stopped; nothing was written"); }

Tokenizer *train_tokenizer(const Story *stories, size_t count, int vocabulary, bool exact,
                           EncodeProgress *progress, void *context, Error *error) {
    Tokenizer *tokenizer = NULL;
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    bool ok = trainer != NULL;
    if (!ok) fail(error, "out of memory for training the tokenizer");
    Walk walk = { .stories = stories, .count = count };
    Piece piece;
    for (size_t bytes = 0; ok && next_piece(&walk, &piece); bytes += piece.size) {
        ok = tokenizer_trainer_add(trainer, piece.text, piece.size);
        if (!ok) fail(error, "out of memory for training the tokenizer");
        if (ok && !progress(context, bytes + piece.size)) ok = stopped(error);
    }
    if (ok) tokenizer = tokenizer_trainer_finish(trainer, vocabulary, exact, error);
    tokenizer_trainer_free(trainer);
    return tokenizer;
}

static void drop_pads(TokenList *ids) {
    size_t count = 0;
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->ids[i] != TOKEN_PAD) ids->ids[count++] = ids->ids[i];
    }
    ids->count = count;
}

static bool write_piece(TokenWriter *writer, const Piece *piece, Error *error) {
    if (!piece->encoded)
        return fail(error, "out of memory for encoding %zu bytes of text", piece->size);
    if (!token_writer_tokens(writer, piece->ids.ids, piece->ids.count, error)) return false;
    return !piece->last || token_writer_end(writer, error);
}

// In rounds: collect pieces, encode them on all threads, write them in order.
enum { ROUND_PIECES = 8192, ROUND_BYTES = 4 << 20 };

bool encode_stories(TokenWriter *writer, const Tokenizer *tokenizer, const Story *stories,
                    size_t count, EncodeProgress *progress, void *context, Error *error) {
    Piece *pieces = malloc(ROUND_PIECES * sizeof *pieces);
    if (pieces == NULL) return fail(error, "out of memory for encoding");
    Walk walk = { .stories = stories, .count = count };
    size_t done = 0;
    bool ok = true;
    while (ok && walk.story < walk.count) {
        size_t n = 0, bytes = 0;
        while (n < ROUND_PIECES && bytes < ROUND_BYTES && next_piece(&walk, &pieces[n]))
            bytes += pieces[n++].size;
#pragma omp parallel for schedule(dynamic)
        for (size_t i = 0; i < n; i++) {
            Piece *piece = &pieces[i];
            piece->encoded =
                tokenizer_encode(tokenizer, piece->text, piece->size, false, &piece->ids);
            drop_pads(&piece->ids);
        }
        for (size_t i = 0; i < n; i++) {
            ok = ok && write_piece(writer, &pieces[i], error);
            free(pieces[i].ids.ids);
        }
        done += bytes;
        if (ok && !progress(context, done)) ok = stopped(error);
    }
    free(pieces);
    return ok;
}
