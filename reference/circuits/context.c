#include "reference/circuits/context.h"
#include "reference/data/token_text.h"
#include "reference/numbers/minmax.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void context_range(int *first, int *last, const Recording *recording, int t) {
    *first = *last = t;
    while (*first > max_int(0, t - CONTEXT_TOKENS) &&
           recording->story[*first - 1] == recording->story[t])
        (*first)--;
    int end = min_int(recording->gatings.T - 1, t + CONTEXT_TOKENS);
    while (*last < end && recording->story[*last + 1] == recording->story[t]) (*last)++;
}

// A token without the space in front of it; *blank: that space, or nothing.
static const char *without_blank(const char *text, const char **blank) {
    bool found = text[0] == ' ' && text[1] != '\0';
    *blank = found ? " " : "";
    return text + found;
}

char *context_text(const Recording *recording, const Tokenizer *tokenizer, int t) {
    int first, last;
    context_range(&first, &last, recording, t);
    const int32_t *tokens = recording->gatings.tokens;
    char *before = tokens_text(tokenizer, tokens + first, (size_t)(t - first));
    char *token = tokens_text(tokenizer, tokens + t, 1);
    char *after = tokens_text(tokenizer, tokens + t + 1, (size_t)(last - t));
    char *text = NULL;
    if (before != NULL && token != NULL && after != NULL) {
        const char *blank, *none, *word = without_blank(token, &blank);
        size_t size = strlen(before) + strlen(token) + strlen(after) + 3;
        text = malloc(size);
        if (text != NULL)
            snprintf(text, size, "%s%s[%s]%s", without_blank(before, &none), t > first ? blank : "",
                     word, after);
    }
    free(before);
    free(token);
    free(after);
    return text;
}

// ---- in columns

static int columns_of(const char *text) {
    int columns = 0;
    for (; *text != '\0'; text++) columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

// Removes the first characters of a text that has more than `most`; "…" takes the place of the
// last of them.
static const char *last_columns(const char **ellipsis, const char *text, int most) {
    int drop = columns_of(text) - most;
    *ellipsis = drop > 0 ? "…" : "";
    for (int dropped = drop > 0 ? drop + 1 : 0; dropped > 0 && *text != '\0'; dropped--) {
        text++;
        while (((unsigned char)*text & 0xc0) == 0x80) text++;
    }
    return text;
}

static bool begins_with_blank(const Tokenizer *tokenizer, int32_t token) {
    size_t size;
    const char *text = tokenizer_token(tokenizer, (uint32_t)token, &size);
    return size > 1 && text[0] == ' ';
}

void context_columns(char out[CONTEXT_BYTES], const Recording *recording,
                     const Tokenizer *tokenizer, int t, int before, int after) {
    int first, last;
    char left[LINE_BYTES], token[LINE_BYTES], right[LINE_BYTES];
    const int32_t *tokens = recording->gatings.tokens;
    context_range(&first, &last, recording, t);
    tokens_line(left, tokenizer, tokens + first, (size_t)(t - first), LINE_COLUMNS);
    bool blank = t > first && begins_with_blank(tokenizer, tokens[t]);
    const char *ellipsis, *end = last_columns(&ellipsis, left, before - 1 - blank);
    int indent = before - 1 - blank - columns_of(ellipsis) - columns_of(end);
    tokens_line(token, tokenizer, tokens + t, 1, after - 2);
    bool space = t < last && begins_with_blank(tokenizer, tokens[t + 1]);
    int rest = after - columns_of(token) - 1 - space; // one bracket is in column `before`
    if (t < last && rest > 0) {
        tokens_column(right, tokenizer, tokens + t + 1, (size_t)(last - t), rest);
    } else {
        snprintf(right, sizeof right, "%*s", max_int(rest, 0), "");
    }
    snprintf(out, CONTEXT_BYTES, "%*s%s%.300s%s[%.300s]%s%.300s", indent, "", ellipsis, end,
             blank ? " " : "", token, rest > 0 && space ? " " : "", right);
}
