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
json_t *json_read_file(const char *path, Error *error);
// Writes the whole file or nothing, with sorted keys, two spaces of indentation, a final newline.
bool json_write_file(const char *path, const json_t *value, Error *error);

// For building an object or an array without a check after each call. They take over `value`. When
// they cannot add it (out of memory, a text that is not UTF-8, NULL as the value), they free the
// object and set *object to NULL, and calls on NULL do nothing but free `value`. So one check of
// the result at the end is enough.
void json_add(json_t **object, const char *key, json_t *value);
void json_append(json_t **array, json_t *value);
// The 64-bit number as 16 hexadecimal digits; JSON numbers are exact only up to 53 bits. NULL: out
// of memory.
json_t *json_hex(uint64_t value);
#endif
