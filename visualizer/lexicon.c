#include "visualizer/lexicon.h"
#include "reference/data/token_text.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>

// Appends the text of a token to the lexicon's, of which `used` bytes are used.
static bool add_token(Lexicon *lexicon, size_t *used, size_t *capacity, const Tokenizer *tokenizer,
                      int32_t token) {
    char *text = tokens_text(tokenizer, &token, 1);
    if (text == NULL) return false;
    bool space = text[0] == ' ' && text[1] != '\0';
    size_t size = strlen(text + space) + 1;
    char *grown = array_grow(lexicon->text, capacity, *used + size, 1);
    bool ok = grown != NULL && *used + size <= UINT32_MAX;
    if (grown != NULL) lexicon->text = grown;
    if (ok) {
        memcpy(lexicon->text + *used, text + space, size);
        lexicon->start[token] = (uint32_t)*used;
        lexicon->space[token] = space;
        *used += size;
    }
    free(text);
    return ok;
}

static void add_classes(Lexicon *lexicon, const Tokenizer *tokenizer, const Classes *classes) {
    int count = (int)classes->names.count;
    lexicon->class_count = count < MAX_CLASSES ? count : MAX_CLASSES;
    for (int i = 0; i < lexicon->class_count; i++) {
        size_t size;
        const char *name = class_name(classes, i, &size);
        if (size > CLASS_NAME - 1) size = CLASS_NAME - 1;
        memcpy(lexicon->class_name[i], name, size);
        lexicon->class_name[i][size] = '\0';
    }
    for (int token = 0; token < lexicon->V; token++) {
        int class = class_of_token(classes, tokenizer, (uint32_t)token);
        lexicon->class[token] = (int8_t)(class < lexicon->class_count ? class : NO_CLASS);
    }
}

bool lexicon_new(Lexicon *out, const Tokenizer *tokenizer, const Classes *classes, Error *error) {
    size_t V = (size_t)tokenizer_vocabulary(tokenizer), used = 0, capacity = 0;
    *out = (Lexicon){ .V = (int)V };
    out->start = malloc(V * sizeof *out->start);
    out->space = malloc(V * sizeof *out->space);
    out->class = malloc(V * sizeof *out->class);
    bool ok = out->start != NULL && out->space != NULL && out->class != NULL;
    for (int token = 0; ok && token < out->V; token++) {
        out->class[token] = NO_CLASS;
        ok = add_token(out, &used, &capacity, tokenizer, token);
    }
    if (ok && classes != NULL) add_classes(out, tokenizer, classes);
    if (ok) return true;
    lexicon_free(out);
    return fail(error, "out of memory for the text of %zu tokens", V);
}

void lexicon_free(Lexicon *lexicon) {
    free(lexicon->text);
    free(lexicon->start);
    free(lexicon->space);
    free(lexicon->class);
    *lexicon = (Lexicon){ 0 };
}

static bool known(const Lexicon *lexicon, int32_t token) {
    return lexicon != NULL && token >= 0 && token < lexicon->V;
}

const char *lexicon_text(const Lexicon *lexicon, int32_t token) {
    return known(lexicon, token) ? lexicon->text + lexicon->start[token] : "";
}

bool lexicon_space(const Lexicon *lexicon, int32_t token) {
    return known(lexicon, token) && lexicon->space[token];
}

int lexicon_class(const Lexicon *lexicon, int32_t token) {
    return known(lexicon, token) ? lexicon->class[token] : NO_CLASS;
}
