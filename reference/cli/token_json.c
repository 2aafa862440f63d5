#include "reference/cli/token_json.h"
#include "reference/data/token_text.h"
#include <stdio.h>
#include <stdlib.h>

json_t *tokens_json(const Tokenizer *tokenizer, const int32_t *tokens, size_t count) {
    char *text = tokens_text(tokenizer, tokens, count);
    json_t *value = text != NULL ? json_string(text) : NULL;
    free(text);
    return value;
}

json_t *token_json(const Tokenizer *tokenizer, int32_t token) {
    return tokens_json(tokenizer, &token, 1);
}

bool print_json_line(json_t *object) {
    bool ok = object != NULL && json_dumpf(object, stdout, JSON_REAL_PRECISION(10)) == 0;
    if (ok) putchar('\n');
    json_decref(object);
    return ok || ferror(stdout);
}
