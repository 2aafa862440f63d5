#include "reference/train/log.h"
#include "reference/io/files.h"
#include "reference/io/kill_point.h"
#include "reference/train/log_read.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool log_lock(RunLog *log, const char *run, Error *error) {
    if (log->lock >= 0) return true;
    *log = (RunLog){ .path = path_join(run, LOG_NAME), .lock = -1 };
    if (log->path == NULL) return fail(error, "%s: out of memory", run);
    log->lock = folder_lock(run, error);
    if (log->lock < 0) log_close(log);
    return log->lock >= 0;
}

static bool open_to_append(RunLog *log, Error *error) {
    log->file = fopen(log->path, "ab");
    return log->file != NULL ||
           fail(error, "%s: cannot be written: %s", log->path, strerror(errno));
}

static char *line_text(const json_t *line, const RunLog *log, Error *error) {
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(LOG_PRECISION);
    char *text = line != NULL ? json_text(line, flags) : NULL;
    if (text == NULL) fail(error, "%s: out of memory, or a number that is not finite", log->path);
    return text;
}

// The file appears with its header in it, or not at all.
static bool write_header(RunLog *log, Error *error) {
    OutputFile out;
    char *text = line_text(log->header, log, error);
    bool ok = text != NULL && output_open(&out, log->path, error);
    if (ok) {
        fprintf(out.stream, "%s\n", text);
        ok = output_commit(&out, error);
    }
    free(text);
    return ok;
}

bool log_create(RunLog *log, const char *run, json_t *header, Error *error) {
    if (!log_lock(log, run, error)) {
        json_decref(header);
        return false;
    }
    log->header = header;
    bool ok = !path_exists(log->path) ||
              fail(error, "%s: was created by another process in the meantime", log->path);
    ok = ok && write_header(log, error) && open_to_append(log, error);
    kill_point("written", log->path);
    if (!ok) log_close(log);
    return ok;
}

// The counters as the last lines have them.
static void restore(RunLog *log, const LogLines *lines) {
    log->header = json_incref(lines->header);
    log->begun = lines->count > 0;
    for (int i = 0; i < lines->count; i++) {
        const json_t *line = lines->items[i];
        log->seconds = log_number(line, "seconds", log->seconds);
        log->step_seconds = log_number(line, "step_seconds", log->step_seconds);
        log->tokens = log_integer(line, "tokens", log->tokens);
        log->final = json_object_get(line, "final_valid_loss") != NULL;
    }
}

bool log_resume(RunLog *log, const char *run, int64_t step, Error *error) {
    LogLines lines;
    if (!log_lock(log, run, error)) return false;
    bool ok = open_to_append(log, error) && log_lines_read(&lines, log->path, step, error);
    if (ok) {
        restore(log, &lines);
        if (ftruncate(fileno(log->file), (off_t)lines.bytes) != 0) {
            ok = fail(error, "%s: cannot be cut back to step %lld: %s", log->path, (long long)step,
                      strerror(errno));
        }
        log_lines_free(&lines);
    }
    if (!ok) log_close(log);
    return ok;
}

bool log_write(RunLog *log, json_t *line, Error *error) {
    char *text = line_text(line, log, error);
    bool ok = text != NULL;
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
    *log = (RunLog){ .lock = -1 };
}
