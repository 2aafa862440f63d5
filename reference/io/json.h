#ifndef REFERENCE_IO_JSON_H
#define REFERENCE_IO_JSON_H
#include "reference/io/error.h"
#include <jansson.h>
#include <stddef.h>

// jansson with this project's limits: no duplicate keys, valid UTF-8, at most 64 levels deep,
// nothing after the end. Any value may stand at the top; a string may hold NUL (json_string_length
// counts it), a key may not.
// where names the file (or the part of it) in messages. The caller owns the result (json_decref);
// NULL on failure.
json_t *json_parse(const char *bytes, size_t size, const char *where, Error *error);
json_t *json_read_file(const char *path, Error *error);
// Whole file or nothing; sorted keys, two spaces of indentation, a final newline.
bool json_write_file(const char *path, const json_t *value, Error *error);
#endif
