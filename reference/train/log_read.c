#include "reference/train/log_read.h"
#include "reference/config/config_json.h"
#include "reference/io/files.h"
#include "reference/numbers/array.h"
#include "reference/train/log.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double log_number(const json_t *line, const char *name, double otherwise) {
    const json_t *value = json_object_get(line, name);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

int64_t log_integer(const json_t *line, const char *name, int64_t otherwise) {
    const json_t *value = json_object_get(line, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

// ---- lines

void log_lines_free(LogLines *lines) {
    for (int i = 0; i < lines->count; i++) json_decref(lines->items[i]);
    free(lines->items);
    json_decref(lines->header);
    *lines = (LogLines){ 0 };
}

static bool add_line(LogLines *lines, json_t *line) {
    json_t **items =
        array_grow(lines->items, &lines->capacity, (size_t)lines->count + 1, sizeof *items);
    if (items == NULL) return false;
    lines->items = items;
    lines->items[lines->count++] = line;
    return true;
}

static bool is_step_line(const json_t *line, int64_t last_step) {
    const json_t *step = json_object_get(line, "step");
    return json_is_integer(step) && json_integer_value(step) <= last_step;
}

static bool parse_lines(LogLines *out, const MappedFile *file, int64_t last_step, const char *path,
                        Error *error) {
    const char *bytes = (const char *)file->bytes;
    while (out->bytes < file->size) {
        const char *line = bytes + out->bytes, *end = memchr(line, '\n', file->size - out->bytes);
        bool is_header = out->header == NULL, no_memory = false;
        json_t *value = end != NULL ? json_try(line, (size_t)(end - line), &no_memory) : NULL;
        if (no_memory) return fail(error, "%s: out of memory", path);
        if (is_header ? !json_is_object(value) : !is_step_line(value, last_step)) {
            out->damaged = end != NULL && !is_step_line(value, INT64_MAX);
            json_decref(value);
            break;
        }
        if (is_header) {
            out->header = value;
        } else if (!add_line(out, value)) {
            json_decref(value);
            return fail(error, "%s: out of memory", path);
        }
        out->bytes = (size_t)(end + 1 - bytes);
    }
    return out->header != NULL ||
           fail(error,
                "%s: the first line is not a JSON object; remove the file to continue without the "
                "log so far",
                path);
}

bool log_lines_read(LogLines *out, const char *path, int64_t last_step, Error *error) {
    *out = (LogLines){ 0 };
    MappedFile file;
    if (!file_map(&file, path, error)) return false;
    bool ok = parse_lines(out, &file, last_step, path, error);
    file_unmap(&file);
    if (!ok) log_lines_free(out);
    return ok;
}

static bool read_run(LogLines *out, const char *run, Error *error) {
    char *path = path_join(run, LOG_NAME);
    if (path == NULL) return fail(error, "%s: out of memory", run);
    bool ok = log_lines_read(out, path, INT64_MAX, error);
    free(path);
    return ok;
}

// ---- results

static void take_line(LogResult *out, const json_t *line) {
    out->steps = log_integer(line, "step", 0);
    out->step_seconds = log_number(line, "step_seconds", out->step_seconds);
    out->tokens = log_integer(line, "tokens", out->tokens);
    out->valid_tokens = log_integer(line, "valid_tokens", out->valid_tokens);
    out->valid_loss = log_number(line, "final_valid_loss", out->valid_loss);
    out->final = json_is_number(json_object_get(line, "final_valid_loss"));
    out->diverged = json_is_true(json_object_get(line, "diverged"));
}

// Compared as text, with the precision that the log has.
static bool same_settings(const json_t *stored, const TrainSettings *settings) {
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(LOG_PRECISION);
    json_t *expected = settings_to_json(settings);
    char *a = stored != NULL ? json_text(stored, flags) : NULL,
         *b = expected != NULL ? json_text(expected, flags) : NULL;
    bool same = a != NULL && b != NULL && strcmp(a, b) == 0;
    free(a);
    free(b);
    json_decref(expected);
    return same;
}

bool log_result(LogResult *out, const char *run, const Config *config,
                const TrainSettings *settings, Error *error) {
    *out = (LogResult){ 0 };
    LogLines lines;
    if (!read_run(&lines, run, error)) return false;
    bool ok = config_matches_json(config, json_object_get(lines.header, "model")) &&
              same_settings(json_object_get(lines.header, "settings"), settings);
    for (int i = 0; ok && i < lines.count; i++) take_line(out, lines.items[i]);
    log_lines_free(&lines);
    return ok || fail(error,
                      "%s: is a run with another model or other settings; name another "
                      "folder",
                      run);
}

static bool take_losses(LogLosses *out, const LogLines *lines) {
    double flops_per_step = log_number(lines->header, "flops_per_step", NAN), seconds = 0.0;
    out->items = malloc(((size_t)lines->count + 1) * sizeof *out->items);
    if (out->items == NULL) return false;
    for (int i = 0; i < lines->count; i++) {
        const json_t *line = lines->items[i];
        double final_loss = log_number(line, "final_valid_loss", NAN),
               loss = log_number(line, "valid_loss", final_loss),
               step = log_number(line, "step", NAN);
        seconds = log_number(line, "step_seconds", seconds);
        if (isnan(loss)) continue;
        out->items[out->count++] = (LogLoss){
            .step = step, .loss = loss, .flops = step * flops_per_step, .seconds = seconds
        };
    }
    return true;
}

bool log_losses(LogLosses *out, const char *run, Error *error) {
    *out = (LogLosses){ 0 };
    LogLines lines;
    if (!read_run(&lines, run, error)) return false;
    bool ok = take_losses(out, &lines) || fail(error, "%s: out of memory", run);
    log_lines_free(&lines);
    return ok;
}
