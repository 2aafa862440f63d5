#include "reference/train/state.h"
#include "reference/io/files.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { STATE_VERSION = 1, STATE_BYTES = 1 << 20, HEX = 17 };
#define STEP_MOST 1000000000

void state_free(TrainState *state) {
    free(state->data);
    *state = (TrainState){ 0 };
}

// XXH3 of the object's compact text without its own "sum": a flipped digit is still valid JSON.
static bool state_sum(const json_t *state, char out[HEX]) {
    json_t *rest = json_copy((json_t *)state);
    if (rest != NULL) json_object_del(rest, "sum");
    char *text = rest != NULL ? json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (text != NULL)
        snprintf(out, HEX, "%016llx", (unsigned long long)XXH3_64bits(text, strlen(text)));
    bool ok = text != NULL;
    free(text);
    json_decref(rest);
    return ok;
}

static json_t *hex(uint64_t value) { return json_sprintf("%016llx", (unsigned long long)value); }

bool state_write(const TrainState *state, const char *path, Error *error) {
    json_t *object = json_object();
    char sum[HEX];
    bool ok = object != NULL &&
              json_object_set_new(object, "version", json_integer(STATE_VERSION)) == 0 &&
              json_object_set_new(object, "step", json_integer(state->step)) == 0 &&
              json_object_set_new(object, "settings", settings_to_json(&state->settings)) == 0 &&
              json_object_set_new(object, "data", json_string(state->data)) == 0 &&
              json_object_set_new(object, "train_sum", hex(state->train_sum)) == 0 &&
              json_object_set_new(object, "valid_sum", hex(state->valid_sum)) == 0 &&
              json_object_set_new(object, "tokenizer_hash", hex(state->tokenizer_hash)) == 0 &&
              state_sum(object, sum) && json_object_set_new(object, "sum", json_string(sum)) == 0;
    if (!ok)
        fail(error, "%s: cannot be put together: out of memory, or a path that is not UTF-8", path);
    ok = ok && json_write_file(path, object, error);
    json_decref(object);
    return ok;
}

static bool read_whole(int64_t *out, const json_t *object, const char *name, int64_t least,
                       int64_t most, const char *where, Error *error) {
    const json_t *value = json_object_get(object, name);
    if (value == NULL) return fail(error, "%s: %s is missing", where, name);
    if (!json_is_integer(value)) return fail(error, "%s: %s is not a whole number", where, name);
    *out = json_integer_value(value);
    if (*out >= least && *out <= most) return true;
    return fail(error, "%s: %s is %lld, wanted %lld to %lld", where, name, (long long)*out,
                (long long)least, (long long)most);
}

static bool read_hex(uint64_t *out, const json_t *object, const char *name, const char *where,
                     Error *error) {
    const json_t *value = json_object_get(object, name);
    if (value == NULL) return fail(error, "%s: %s is missing", where, name);
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strlen(text) != HEX - 1 || strspn(text, "0123456789abcdef") != HEX - 1) {
        return fail(error, "%s: %s is not a string of 16 hexadecimal digits", where, name);
    }
    *out = strtoull(text, NULL, 16);
    return true;
}

static bool read_path(char **out, const json_t *object, const char *name, const char *where,
                      Error *error) {
    const json_t *value = json_object_get(object, name);
    if (value == NULL) return fail(error, "%s: %s is missing", where, name);
    if (!json_is_string(value) || json_string_value(value)[0] != '/' ||
        strlen(json_string_value(value)) != json_string_length(value)) {
        return fail(error, "%s: %s is not an absolute path", where, name);
    }
    *out = strdup(json_string_value(value));
    return *out != NULL || fail(error, "%s: out of memory", where);
}

static bool check_sum(const json_t *object, const char *where, Error *error) {
    uint64_t stored;
    char sum[HEX];
    if (!read_hex(&stored, object, "sum", where, error)) return false;
    if (!state_sum(object, sum)) return fail(error, "%s: out of memory", where);
    if (strtoull(sum, NULL, 16) == stored) return true;
    return fail(error, "%s: sum is %s, the fields give %s: the file was changed or damaged", where,
                json_string_value(json_object_get(object, "sum")), sum);
}

static bool read_fields(TrainState *state, const json_t *object, const char *where, Error *error) {
    int64_t version;
    if (!json_is_object(object)) return fail(error, "%s: is not a JSON object", where);
    if (!read_whole(&version, object, "version", STATE_VERSION, STATE_VERSION, where, error) ||
        !settings_from_json(&state->settings, json_object_get(object, "settings"), where, error) ||
        !read_whole(&state->step, object, "step", 0, STEP_MOST, where, error) ||
        !read_hex(&state->train_sum, object, "train_sum", where, error) ||
        !read_hex(&state->valid_sum, object, "valid_sum", where, error) ||
        !read_hex(&state->tokenizer_hash, object, "tokenizer_hash", where, error) ||
        !read_path(&state->data, object, "data", where, error) ||
        !check_sum(object, where, error)) {
        return false;
    }
    if (state->step <= state->settings.steps) return true;
    return fail(error, "%s: step is %lld, of only %lld steps", where, (long long)state->step,
                (long long)state->settings.steps);
}

bool state_parse(TrainState *out, const char *bytes, size_t size, const char *where, Error *error) {
    *out = (TrainState){ 0 };
    if (size > STATE_BYTES)
        return fail(error, "%s: has %zu bytes, a state has less than %d", where, size, STATE_BYTES);
    json_t *object = json_parse(bytes, size, where, error);
    bool ok = object != NULL && read_fields(out, object, where, error);
    json_decref(object);
    if (!ok) state_free(out);
    return ok;
}

bool state_read(TrainState *out, const char *path, Error *error) {
    MappedFile file;
    if (!file_map(&file, path, error)) return false;
    bool ok = state_parse(out, (const char *)file.bytes, file.size, path, error);
    file_unmap(&file);
    return ok;
}
