#include "reference/data/token_text.h"
#include "reference/io/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Called with each character of a text: a complete UTF-8 sequence.
typedef void PutCharacter(void *context, const char *bytes, size_t size);

// U+FFFD of a broken sequence may be followed by the next one.
static void put_each(PutCharacter *put, void *context, const char *bytes, size_t size) {
    for (size_t at = 0, length = 1; at < size; at += length, length = 1) {
        while (at + length < size && ((unsigned char)bytes[at + length] & 0xc0) == 0x80) length++;
        put(context, bytes + at, length);
    }
}

// Without the first `skip` bytes of the text, which are of the first token.
static void each_character(PutCharacter *put, void *context, const Tokenizer *tokenizer,
                           const int32_t *tokens, size_t count, size_t skip) {
    Utf8Stream stream = { .count = 0 };
    char out[UTF8_OUT];
    for (size_t i = 0; i < count; i++) {
        size_t size;
        const char *bytes = tokenizer_token(tokenizer, (uint32_t)tokens[i], &size);
        for (size_t j = i == 0 ? skip : 0; j < size; j++)
            put_each(put, context, out, utf8_feed(&stream, (unsigned char)bytes[j], out));
    }
    put_each(put, context, out, utf8_end(&stream, out));
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
    enum { LARGEST = 3 }; // bytes of U+FFFD, which may take the place of one
    size_t total = 0;
    for (size_t i = 0, size; i < count; i++, total += size)
        tokenizer_token(tokenizer, (uint32_t)tokens[i], &size);
    Whole whole = { .text = malloc(LARGEST * total + 1) };
    if (whole.text == NULL) return NULL;
    each_character(put_whole, &whole, tokenizer, tokens, count, 0);
    whole.text[whole.used] = '\0';
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
    Line line = { .out = out, .limit = columns };
    size_t size = 0;
    const char *first = count > 0 ? tokenizer_token(tokenizer, (uint32_t)tokens[0], &size) : "";
    bool blank = *first == ' ' && (size > 1 || count > 1);
    each_character(put_line, &line, tokenizer, tokens, count, blank);
    if (line.cut) {
        memcpy(out + line.before, "…", strlen("…"));
        line.used = line.before + strlen("…");
    }
    out[line.used] = '\0';
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
