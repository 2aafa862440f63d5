#include "reference/train/log.h"
#include "reference/draw/chart.h"
#include "reference/io/files.h"
#include "reference/io/kill_point.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PRECISION = 10 }; // digits of a number in the log

// A log read into memory line by line, up to the first line that is not whole.
typedef struct {
    json_t *header;
    json_t **lines;
    int count;
    size_t kept; // bytes that header and lines take in the file
} LogLines;

static void lines_free(LogLines *lines) {
    for (int i = 0; i < lines->count; i++) json_decref(lines->lines[i]);
    free(lines->lines);
    json_decref(lines->header);
    *lines = (LogLines){ 0 };
}

static bool lines_add(LogLines *lines, json_t *line) {
    if ((lines->count & (lines->count - 1)) == 0) { // room for the next power of two
        size_t room = lines->count > 0 ? 2 * (size_t)lines->count : 1;
        json_t **grown = realloc(lines->lines, room * sizeof(json_t *));
        if (grown == NULL) return false;
        lines->lines = grown;
    }
    lines->lines[lines->count++] = line;
    return true;
}

static bool lines_parse(LogLines *out, const MappedFile *file, int64_t last_step, const char *path,
                        Error *error) {
    const char *bytes = (const char *)file->bytes;
    while (out->kept < file->size) {
        const char *line = bytes + out->kept, *end = memchr(line, '\n', file->size - out->kept);
        json_t *value = end != NULL ? json_parse(line, (size_t)(end - line), path, NULL) : NULL;
        const json_t *step = json_object_get(value, "step");
        bool whole = out->header == NULL
                         ? json_is_object(value)
                         : json_is_integer(step) && json_integer_value(step) <= last_step;
        if (!whole) {
            json_decref(value);
            break;
        }
        if (out->header == NULL) {
            out->header = value;
        } else if (!lines_add(out, value)) {
            json_decref(value);
            return fail(error, "%s: out of memory", path);
        }
        out->kept = (size_t)(end + 1 - bytes);
    }
    return out->header != NULL ||
           fail(error,
                "%s: the first line is no JSON object; remove the file to go on without "
                "the log so far",
                path);
}

static bool lines_read(LogLines *out, MappedFile *file, int64_t last_step, const char *path,
                       Error *error) {
    *out = (LogLines){ 0 };
    if (!file_map(file, path, error)) return false;
    if (lines_parse(out, file, last_step, path, error)) return true;
    lines_free(out);
    file_unmap(file);
    return false;
}

static bool log_append(RunLog *log, const char *run, Error *error) {
    log->lock = folder_lock(run, error); // so that two on one run do not spoil it
    if (log->lock < 0) return false;
    log->file = fopen(log->path, "ab");
    return log->file != NULL ||
           fail(error, "%s: cannot be written: %s", log->path, strerror(errno));
}

bool log_create(RunLog *out, const char *run, json_t *header, Error *error) {
    *out = (RunLog){ .path = path_join(run, "log.jsonl"), .lock = -1 };
    bool ok = (out->path != NULL && header != NULL) || fail(error, "%s: out of memory", run);
    ok = ok && log_append(out, run, error);
    out->header = json_incref(header);
    if (ok) {
        ok = log_write(out, header, error);
    } else {
        json_decref(header);
    }
    if (!ok) log_close(out);
    return ok;
}

bool log_resume(RunLog *out, const char *run, int64_t step, Error *error) {
    *out = (RunLog){ .path = path_join(run, "log.jsonl"), .lock = -1 };
    if (out->path == NULL) return fail(error, "%s: out of memory", run);
    MappedFile file;
    LogLines lines;
    bool ok = log_append(out, run, error) && lines_read(&lines, &file, step, out->path, error);
    if (ok) {
        for (int i = 0; i < lines.count; i++) {
            const json_t *seconds = json_object_get(lines.lines[i], "seconds");
            const json_t *step_seconds = json_object_get(lines.lines[i], "step_seconds");
            const json_t *tokens = json_object_get(lines.lines[i], "tokens");
            if (json_is_number(seconds)) out->seconds = json_number_value(seconds);
            if (json_is_number(step_seconds)) out->step_seconds = json_number_value(step_seconds);
            if (json_is_integer(tokens)) out->tokens = json_integer_value(tokens);
            out->final = json_object_get(lines.lines[i], "final_valid_loss") != NULL;
        }
        out->header = json_incref(lines.header);
        if (ftruncate(fileno(out->file), (off_t)lines.kept) != 0) {
            ok = fail(error, "%s: cannot be cut back to step %lld: %s", out->path, (long long)step,
                      strerror(errno));
        }
        lines_free(&lines);
        file_unmap(&file);
    }
    if (!ok) log_close(out);
    return ok;
}

bool log_write(RunLog *log, json_t *line, Error *error) {
    char *text =
        line != NULL ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(PRECISION)) : NULL;
    bool ok =
        text != NULL || fail(error, "%s: out of memory, or a number that is not finite", log->path);
    kill_point("write", log->path);
    if (ok && (fprintf(log->file, "%s\n", text) < 0 || fflush(log->file) != 0)) {
        ok = fail(error, "%s: cannot be written: %s", log->path, strerror(errno));
    }
    kill_point("written", log->path);
    free(text);
    json_decref(line);
    return ok;
}

void log_close(RunLog *log) {
    if (log->file != NULL) fclose(log->file);
    if (log->path != NULL && log->lock >= 0) close(log->lock);
    json_decref(log->header);
    free(log->path);
    *log = (RunLog){ 0 };
}

static void result_line(LogResult *out, const json_t *line) {
    const json_t *seconds = json_object_get(line, "step_seconds"),
                 *tokens = json_object_get(line, "tokens");
    const json_t *loss = json_object_get(line, "final_valid_loss");
    out->steps = json_integer_value(json_object_get(line, "step"));
    if (json_is_number(seconds)) out->step_seconds = json_number_value(seconds);
    if (json_is_integer(tokens)) out->tokens = json_integer_value(tokens);
    out->final = json_is_number(loss);
    if (out->final) out->valid_loss = json_number_value(loss);
    if (out->final) out->valid_tokens = json_integer_value(json_object_get(line, "valid_tokens"));
    out->diverged = json_is_true(json_object_get(line, "diverged"));
}

json_t *log_model(const Config *config) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    json_t *model = json_object();
    for (int i = 0; i < count; i++) {
        if (json_object_set_new(model, settings[i].name, json_string(settings[i].value)) == 0)
            continue;
        json_decref(model);
        return NULL;
    }
    return model;
}

// As the log holds them: with its precision of numbers.
static bool same_text(const json_t *stored, json_t *wanted) {
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(PRECISION);
    char *a = stored != NULL ? json_dumps(stored, flags) : NULL,
         *b = wanted != NULL ? json_dumps(wanted, flags) : NULL;
    bool same = a != NULL && b != NULL && strcmp(a, b) == 0;
    free(a);
    free(b);
    json_decref(wanted);
    return same;
}

static bool same_run(const json_t *header, const Config *config, const TrainSettings *settings) {
    return same_text(json_object_get(header, "model"), log_model(config)) &&
           same_text(json_object_get(header, "settings"), settings_to_json(settings));
}

bool log_result(LogResult *out, const char *run, const Config *config,
                const TrainSettings *settings, Error *error) {
    *out = (LogResult){ 0 };
    char *path = path_join(run, "log.jsonl");
    MappedFile file;
    LogLines lines;
    bool ok = path != NULL || fail(error, "%s: out of memory", run);
    ok = ok && lines_read(&lines, &file, INT64_MAX, path, error);
    if (ok) {
        if (!same_run(lines.header, config, settings)) {
            ok =
                fail(error,
                     "%s: is a run with another model or other settings; name another folder", run);
        }
        for (int i = 0; ok && i < lines.count; i++) result_line(out, lines.lines[i]);
        lines_free(&lines);
        file_unmap(&file);
    }
    free(path);
    return ok;
}

// The points of a curve: x and y [count] of the lines that hold `name`, or `last_name` where that
// is not NULL.
static Series curve(const LogLines *lines, const char *name, const char *last_name,
                    const char *title, Color color, double *x, double *y) {
    int count = 0;
    for (int i = 0; i < lines->count; i++) {
        const json_t *value = json_object_get(lines->lines[i], name);
        if (value == NULL && last_name != NULL) value = json_object_get(lines->lines[i], last_name);
        if (!json_is_number(value)) continue;
        x[count] = json_number_value(json_object_get(lines->lines[i], "step"));
        y[count++] = json_number_value(value);
    }
    return (Series){ title, color, x, y, count };
}

static bool draw(const LogLines *lines, const char *path, Error *error) {
    size_t room = (size_t)lines->count + 1;
    double *points = malloc(4 * room * sizeof *points);
    if (points == NULL) return fail(error, "%s: out of memory", path);
    Series series[2] = { curve(lines, "loss", NULL, "training", color_class(1), points,
                               points + room),
                         curve(lines, "valid_loss", "final_valid_loss", "validation", COLOR_ACCENT,
                               points + 2 * room, points + 3 * room) };
    Baseline baselines[2];
    int count = 0;
    static const char *const names[] = { "unigram", "trigram" };
    for (int i = 0; i < 2; i++) {
        const json_t *value =
            json_object_get(json_object_get(lines->header, "baselines"), names[i]);
        if (json_is_number(value))
            baselines[count++] = (Baseline){ names[i], json_number_value(value) };
    }
    Chart chart = { .title = "loss",
                    .x_label = "step",
                    .y_label = "nats a token",
                    .series = series,
                    .series_count = 2,
                    .baselines = baselines,
                    .baseline_count = count };
    bool ok = chart_write_png(&chart, path, error);
    free(points);
    return ok;
}

bool log_draw(const char *run, Error *error) {
    char *log = path_join(run, "log.jsonl"), *png = path_join(run, "loss.png");
    MappedFile file;
    LogLines lines;
    bool ok = (log != NULL && png != NULL) || fail(error, "%s: out of memory", run);
    if (ok && lines_read(&lines, &file, INT64_MAX, log, error)) {
        ok = draw(&lines, png, error);
        lines_free(&lines);
        file_unmap(&file);
    } else {
        ok = false;
    }
    free(log);
    free(png);
    return ok;
}

static double number_of(const json_t *object, const char *name, double otherwise) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static bool losses_of(LogLosses *out, const LogLines *lines, const char *path, Error *error) {
    double flops_per_step = number_of(lines->header, "flops_per_step", NAN), seconds = 0.0;
    out->at = malloc(((size_t)lines->count + 1) * sizeof *out->at);
    if (out->at == NULL) return fail(error, "%s: out of memory", path);
    for (int i = 0; i < lines->count; i++) {
        double last = number_of(lines->lines[i], "final_valid_loss", NAN);
        double loss = number_of(lines->lines[i], "valid_loss", last),
               step = number_of(lines->lines[i], "step", NAN);
        seconds = number_of(lines->lines[i], "step_seconds", seconds);
        if (!isnan(loss))
            out->at[out->count++] = (LogLoss){ step, step * flops_per_step, seconds, loss };
    }
    return true;
}

bool log_losses(LogLosses *out, const char *run, Error *error) {
    *out = (LogLosses){ 0 };
    char *path = path_join(run, "log.jsonl");
    MappedFile file;
    LogLines lines;
    bool ok = path != NULL || fail(error, "%s: out of memory", run);
    if (ok && (ok = lines_read(&lines, &file, INT64_MAX, path, error))) {
        ok = losses_of(out, &lines, path, error);
        lines_free(&lines);
        file_unmap(&file);
    }
    free(path);
    return ok;
}
