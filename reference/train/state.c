#include "reference/train/state.h"
#include "reference/io/files.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { STATE_VERSION = 1, MAX_STATE_BYTES = 1 << 20, MAX_STEP = 1000000000, HEX = 17 };

void state_free(TrainState *state) {
    free(state->data);
    *state = (TrainState){ 0 };
}

// XXH3 of the object's compact text without its own "sum": a flipped digit is still valid JSON.
static bool state_sum(const json_t *state, char out[HEX]) {
    json_t *rest = json_copy((json_t *)state);
    if (rest != NULL) json_object_del(rest, "sum");
    char *text = rest != NULL ? json_text(rest, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (text != NULL)
        snprintf(out, HEX, "%016llx", (unsigned long long)XXH3_64bits(text, strlen(text)));
    bool ok = text != NULL;
    free(text);
    json_decref(rest);
    return ok;
}

bool state_write(const TrainState *state, const char *path, Error *error) {
    json_t *object = json_object();
    char sum[HEX];
    json_add(&object, "version", json_integer(STATE_VERSION));
    json_add(&object, "step", json_integer(state->step));
    json_add(&object, "settings", settings_to_json(&state->settings));
    json_add(&object, "data", json_string(state->data));
    json_add(&object, "train_sum", json_hex(state->train_sum));
    json_add(&object, "valid_sum", json_hex(state->valid_sum));
    json_add(&object, "tokenizer_hash", json_hex(state->tokenizer_hash));
    bool has_sum = object != NULL && state_sum(object, sum);
    if (has_sum) json_add(&object, "sum", json_string(sum));
    bool ok = (has_sum && object != NULL) ||
              fail(error, "%s: out of memory, or the data's path is not UTF-8", path);
    ok = ok && json_write_file(path, object, error);
    json_decref(object);
    return ok;
}

static bool read_integer(int64_t *out, const json_t *object, const char *name, int64_t min,
                         int64_t max, const char *where, Error *error) {
    const json_t *value = json_object_get(object, name);
    if (value == NULL) return fail(error, "%s: %s is missing", where, name);
    if (!json_is_integer(value)) return fail(error, "%s: %s is not an integer", where, name);
    *out = json_integer_value(value);
    if (*out >= min && *out <= max) return true;
    return fail(error, "%s: %s is %lld, expected %lld to %lld", where, name, (long long)*out,
                (long long)min, (long long)max);
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
    if (!read_integer(&version, object, "version", STATE_VERSION, STATE_VERSION, where, error) ||
        !settings_from_json(&state->settings, json_object_get(object, "settings"), where, error) ||
        !read_integer(&state->step, object, "step", 0, MAX_STEP, where, error) ||
        !read_hex(&state->train_sum, object, "train_sum", where, error) ||
        !read_hex(&state->valid_sum, object, "valid_sum", where, error) ||
        !read_hex(&state->tokenizer_hash, object, "tokenizer_hash", where, error) ||
        !read_path(&state->data, object, "data", where, error) ||
        !check_sum(object, where, error)) {
        return false;
    }
    if (state->step <= state->settings.steps) return true;
    return fail(error, "%s: step is %lld, but the run has %lld steps", where,
                (long long)state->step, (long long)state->settings.steps);
}

bool state_parse(TrainState *out, const char *bytes, size_t size, const char *where, Error *error) {
    *out = (TrainState){ 0 };
    if (size > MAX_STATE_BYTES) {
        return fail(error, "%s: has %zu bytes, a state has at most %d", where, size,
                    MAX_STATE_BYTES);
    }
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
