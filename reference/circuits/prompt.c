#include "reference/circuits/prompt.h"
#include "reference/io/parse.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool check_count(size_t count, const char *text, const char *name, int limit, Error *error) {
    if (count == 0 && *text == '\0') return fail(error, "%s is empty; give it some words", name);
    if (count == 0)
        return fail(error, "%s has no known token: '%.100s'; use words of the vocabulary", name,
                    text);
    if (count < (size_t)limit) return true;
    return fail(error, "%s has %zu tokens, the context window %d; shorten it", name, count,
                limit - 1);
}

bool prompt_new(Prompt *out, const Tokenizer *tokenizer, const char *text, const char *name,
                int limit, Error *error) {
    TokenList list = { 0 };
    size_t size = strlen(text);
    *out = (Prompt){ .T = 0 };
    while (size > 0 && text[size - 1] == ' ') size--;
    if (!tokenizer_encode(tokenizer, text, size, false, &list)) {
        free(list.ids);
        return fail(error, "out of memory for %s of %zu bytes", name, size);
    }
    bool ok = check_count(list.count, text, name, limit, error);
    if (ok) {
        out->T = (int)list.count + 1;
        out->inputs = malloc((size_t)out->T * sizeof *out->inputs);
        ok = out->inputs != NULL || fail(error, "out of memory for %zu tokens", list.count);
    }
    for (int t = 0; ok && t < out->T; t++)
        out->inputs[t] = t == 0 ? TOKEN_END : (int32_t)list.ids[t - 1];
    free(list.ids);
    return ok;
}

void prompt_free(Prompt *prompt) {
    free(prompt->inputs);
    *prompt = (Prompt){ .T = 0 };
}

static const char *token_at(size_t *size, const Prompt *prompt, const Tokenizer *tokenizer, int t) {
    return tokenizer_token(tokenizer, (uint32_t)prompt->inputs[t], size);
}

// Whether a word may begin or end between tokens t-1 and t.
static bool is_boundary(const Prompt *prompt, const Tokenizer *tokenizer, int t) {
    size_t size, before;
    if (t == 1 || t == prompt->T) return true;
    const char *last = token_at(&before, prompt, tokenizer, t - 1),
               *next = token_at(&size, prompt, tokenizer, t);
    if (size == 0 || before == 0) return true;
    return !isalnum((unsigned char)last[before - 1]) || !isalnum((unsigned char)*next);
}

// The last position of the word if it begins at `first`; 0: it does not.
static int word_end(const Prompt *prompt, const Tokenizer *tokenizer, int first, const char *word) {
    size_t length = strlen(word), used = 0;
    if (!is_boundary(prompt, tokenizer, first)) return 0;
    for (int t = first; t < prompt->T; t++) {
        size_t size;
        const char *text = token_at(&size, prompt, tokenizer, t);
        if (t == first && size > 1 && *text == ' ') {
            text++;
            size--;
        }
        if (size > length - used || memcmp(text, word + used, size) != 0) return 0;
        used += size;
        if (used == length) return is_boundary(prompt, tokenizer, t + 1) ? t : 0;
    }
    return 0;
}

bool prompt_find(int *first, int *last, const Prompt *prompt, const Tokenizer *tokenizer,
                 const char *word, Error *error) {
    int64_t position;
    if (parse_int(word, &position)) {
        bool inside = position >= 0 && position < prompt->T;
        if (inside) *first = *last = (int)position;
        return inside ||
               fail(error,
                    "position %s is outside the prompt: its positions are 0 (the end of text "
                    "before it) to %d",
                    word, prompt->T - 1);
    }
    int found = 0;
    for (int t = 1; t < prompt->T && *word != '\0'; t++) {
        int end = word_end(prompt, tokenizer, t, word);
        if (end == 0) continue;
        if (found > 0)
            return fail(error,
                        "'%.100s' is in the prompt more than once; give its position: %d, %d", word,
                        *first, t);
        *first = t;
        *last = end;
        found++;
    }
    return found > 0 || fail(error,
                             "'%.100s' is not a word of the prompt; give one that is, or a "
                             "position, 0 to %d",
                             word, prompt->T - 1);
}
