#include "reference/io/json.h"
#include "reference/io/files.h"
#include <limits.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

// jansson allows 2048 levels of nesting, so we count the brackets outside strings before it parses.
static bool depth_in_limit(const char *bytes, size_t size, size_t *position) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        if (in_string) {
            if (c == '\\') i++;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            *position = i;
            if (++depth > MAX_DEPTH) return false;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        }
    }
    return true;
}

json_t *json_parse(const char *bytes, size_t size, const char *where, Error *error) {
    size_t deep = 0;
    if (!depth_in_limit(bytes, size, &deep)) {
        fail(error, "%s: byte %zu of the JSON: nested deeper than %d levels", where, deep,
             MAX_DEPTH);
        return NULL;
    }
    json_error_t found;
    size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    json_t *value = json_loadb(bytes == NULL ? "" : bytes, size, flags, &found);
    if (value == NULL && found.text[0] == '\0') { // jansson says nothing when an allocation fails
        fail(error, "%s: out of memory for reading %zu bytes of JSON", where, size);
    } else if (value == NULL) {
        fail(error, "%s: line %d, column %d: invalid JSON: %s", where, found.line, found.column,
             found.text);
    }
    return value;
}

json_t *json_read_file(const char *path, Error *error) {
    MappedFile file;
    if (!file_map(&file, path, error)) return NULL;
    json_t *value = json_parse((const char *)file.bytes, file.size, path, error);
    file_unmap(&file);
    return value;
}

bool json_write_file(const char *path, const json_t *value, Error *error) {
    OutputFile out;
    if (!output_open(&out, path, error)) return false;
    bool dumped =
        json_dumpf(value, out.stream, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) == 0;
    if (!dumped && !ferror(out.stream)) {
        output_discard(&out);
        return fail(
            error,
            "%s: the value cannot be written as JSON (text that is not UTF-8, or out of memory)",
            path);
    }
    fputc('\n', out.stream);
    return output_commit(&out, error);
}

static void drop(json_t **object, bool failed) {
    if (!failed) return;
    json_decref(*object);
    *object = NULL;
}

void json_add(json_t **object, const char *name, json_t *value) {
    drop(object, json_object_set_new(*object, name, value) != 0);
}

void json_add_all(json_t **object, json_t *value) {
    drop(object, json_object_update(*object, value) != 0);
    json_decref(value);
}

void json_add_item(json_t **array, json_t *value) {
    drop(array, json_array_append_new(*array, value) != 0);
}

json_t *json_hex(uint64_t value) { return json_sprintf("%016llx", (unsigned long long)value); }
