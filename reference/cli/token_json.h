#ifndef REFERENCE_CLI_TOKEN_JSON_H
#define REFERENCE_CLI_TOKEN_JSON_H
#include "reference/data/tokenizer.h"
#include "reference/io/json.h"

// The text of tokens as a JSON string; NULL: out of memory.
json_t *token_json(const Tokenizer *tokenizer, int32_t token);
json_t *tokens_json(const Tokenizer *tokenizer, const int32_t *tokens, size_t count);

// Prints the object on one line of stdout, and frees it. false: it is NULL, or out of memory.
bool print_json_line(json_t *object);
#endif
