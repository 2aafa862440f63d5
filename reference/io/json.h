#ifndef REFERENCE_IO_JSON_H
#define REFERENCE_IO_JSON_H
#include "reference/io/error.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

// jansson with this project's limits: no duplicate keys, valid UTF-8, at most 64 levels deep and
// nothing after the end. The top level may be any value. A string may contain NUL
// (json_string_length counts it), a key may not.
// where names the file, or the part of it, in messages. Returns NULL on failure; the caller owns
// the result (json_decref).
json_t *json_parse(const char *bytes, size_t size, const char *where, Error *error);
// The same without a message; *no_memory: whether that is why it failed.
json_t *json_try(const char *bytes, size_t size, bool *no_memory);
// json_dumps, which leaves out pieces where memory runs out: this returns NULL then. The caller
// frees the text.
char *json_text(const json_t *value, size_t flags);
json_t *json_read_file(const char *path, Error *error);
// Writes the whole file or nothing, with sorted keys, two spaces of indentation, a final newline.
bool json_write_file(const char *path, const json_t *value, Error *error);

// Building a value. Each function takes over `value`. When something fails (out of memory, a value
// that is NULL because it could not be made, such as a real that is not finite), *object is freed
// and set to NULL and stays NULL: one check at the end finds it.
void json_add(json_t **object, const char *name, json_t *value);
void json_add_all(json_t **object, json_t *value); // every member of another object
void json_add_item(json_t **array, json_t *value);

// The 64-bit number as 16 hexadecimal digits; JSON numbers are exact only up to 53 bits. NULL: out
// of memory.
json_t *json_hex(uint64_t value);
#endif
