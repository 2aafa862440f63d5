#include "reference/data/token_text.h"
#include "reference/io/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Calls `put` with each character of the tokens' text: a complete UTF-8 sequence.
typedef void PutCharacter(void *context, const char *bytes, size_t size);

static void each_character(PutCharacter *put, void *context, const char *text, size_t size) {
    Utf8Stream stream = { .count = 0 };
    char out[UTF8_OUT];
    for (size_t i = 0; i <= size; i++) {
        size_t whole =
            i < size ? utf8_feed(&stream, (unsigned char)text[i], out) : utf8_end(&stream, out);
        // U+FFFD of a broken sequence may be followed by the next one
        for (size_t at = 0; at < whole;) {
            size_t length = 1;
            while (at + length < whole && ((unsigned char)out[at + length] & 0xc0) == 0x80)
                length++;
            put(context, out + at, length);
            at += length;
        }
    }
}

static char *token_bytes(size_t *size, const Tokenizer *tokenizer, const int32_t *tokens,
                         size_t count) {
    ByteList bytes = { 0 };
    for (size_t i = 0; i <= count; i++) { // one more, so that the list is never NULL
        size_t part = 0;
        const char *text = i < count ? tokenizer_token(tokenizer, (uint32_t)tokens[i], &part) : "";
        char *grown = realloc(bytes.bytes, bytes.count + part + 1);
        if (grown == NULL) {
            free(bytes.bytes);
            return NULL;
        }
        memcpy(grown + bytes.count, text, part);
        bytes.bytes = grown;
        bytes.count += part;
    }
    *size = bytes.count;
    return bytes.bytes;
}

// ---- whole

typedef struct {
    char *text;
    size_t used;
} Whole;

static void put_whole(void *context, const char *bytes, size_t size) {
    Whole *whole = context;
    memcpy(whole->text + whole->used, bytes, size);
    whole->used += size;
}

char *tokens_text(const Tokenizer *tokenizer, const int32_t *tokens, size_t count) {
    size_t size;
    char *bytes = token_bytes(&size, tokenizer, tokens, count);
    Whole whole = { .text = bytes != NULL ? malloc(3 * size + 1) : NULL };
    if (whole.text != NULL) {
        each_character(put_whole, &whole, bytes, size);
        whole.text[whole.used] = '\0';
    }
    free(bytes);
    return whole.text;
}

// ---- on one line

typedef struct {
    char *out;
    size_t used, before; // bytes, and those in front of the last column
    int columns, limit;
    bool cut;
} Line;

static void put_column(Line *line, const char *bytes, size_t size) {
    if (line->columns == line->limit) {
        line->cut = true;
        return;
    }
    line->before = line->used;
    memcpy(line->out + line->used, bytes, size);
    line->used += size;
    line->columns++;
}

static void put_line(void *context, const char *bytes, size_t size) {
    Line *line = context;
    char escaped[8];
    unsigned char first = (unsigned char)*bytes;
    bool control = first < ' ' || first == 0x7f ||
                   (size == 2 && first == 0xc2 && (unsigned char)bytes[1] < 0xa0);
    if (!control) {
        put_column(line, bytes, size);
        return;
    }
    if (first == '\n')
        snprintf(escaped, sizeof escaped, "\\n");
    else
        snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)bytes[size - 1]);
    for (const char *at = escaped; *at != '\0'; at++) put_column(line, at, 1);
}

void tokens_line(char out[LINE_BYTES], const Tokenizer *tokenizer, const int32_t *tokens,
                 size_t count, int columns) {
    size_t size = 0;
    char *bytes = token_bytes(&size, tokenizer, tokens, count);
    Line line = { .out = out, .limit = columns };
    if (bytes != NULL) {
        size_t blank = size > 1 && *bytes == ' ';
        each_character(put_line, &line, bytes + blank, size - blank);
    }
    if (line.cut) {
        memcpy(out + line.before, "…", strlen("…"));
        line.used = line.before + strlen("…");
    }
    out[line.used] = '\0';
    free(bytes);
}

void tokens_column(char out[LINE_BYTES], const Tokenizer *tokenizer, const int32_t *tokens,
                   size_t count, int columns) {
    tokens_line(out, tokenizer, tokens, count, columns);
    int width = 0;
    for (const char *at = out; *at != '\0'; at++) width += ((unsigned char)*at & 0xc0) != 0x80;
    size_t used = strlen(out);
    for (; width < columns; width++) out[used++] = ' ';
    out[used] = '\0';
}

// ---- words

// Appends the tokens of a list to `out`, each in quotes.
static void list_tokens(char out[LINE_BYTES], const Tokenizer *tokenizer, const TokenList *list) {
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < list->count && used < 100; i++) {
        char text[LINE_BYTES];
        int32_t token = (int32_t)list->ids[i];
        tokens_line(text, tokenizer, &token, 1, 20);
        used += (size_t)snprintf(out + used, LINE_BYTES - used, " '%s'", text);
    }
}

bool word_token(int32_t *out, const Tokenizer *tokenizer, const char *word, Error *error) {
    TokenList with_space = { 0 }, raw = { 0 };
    size_t size = strlen(word);
    bool ok = tokenizer_encode(tokenizer, word, size, false, &with_space) &&
              tokenizer_encode(tokenizer, word, size, true, &raw);
    if (!ok) {
        fail(error, "out of memory for a word");
    } else if (with_space.count == 1 || raw.count == 1) {
        *out = (int32_t)(with_space.count == 1 ? with_space.ids[0] : raw.ids[0]);
    } else if (with_space.count == 0) {
        ok = fail(error, "'%s' has no known token; give a word of the vocabulary", word);
    } else {
        char parts[LINE_BYTES];
        list_tokens(parts, tokenizer, &with_space);
        ok = fail(error, "'%.100s' is %zu tokens:%s; give a word that is one token", word,
                  with_space.count, parts);
    }
    free(with_space.ids);
    free(raw.ids);
    return ok;
}
