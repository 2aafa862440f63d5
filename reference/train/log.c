#include "reference/train/log.h"
#include "reference/io/files.h"
#include "reference/io/kill_point.h"
#include "reference/train/log_read.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The lock keeps two processes from writing to one run.
static bool open_to_append(RunLog *log, const char *run, Error *error) {
    log->lock = folder_lock(run, error);
    if (log->lock < 0) return false;
    log->file = fopen(log->path, "ab");
    return log->file != NULL ||
           fail(error, "%s: cannot be written: %s", log->path, strerror(errno));
}

bool log_create(RunLog *out, const char *run, json_t *header, Error *error) {
    *out = (RunLog){ .path = path_join(run, LOG_NAME), .lock = -1 };
    out->header = json_incref(header);
    bool ok = (out->path != NULL && header != NULL) || fail(error, "%s: out of memory", run);
    ok = ok && open_to_append(out, run, error);
    if (ok) {
        ok = log_write(out, header, error);
    } else {
        json_decref(header);
    }
    if (!ok) log_close(out);
    return ok;
}

// The counters as the last lines have them.
static void restore(RunLog *log, const LogLines *lines) {
    log->header = json_incref(lines->header);
    for (int i = 0; i < lines->count; i++) {
        const json_t *line = lines->items[i];
        log->seconds = log_number(line, "seconds", log->seconds);
        log->step_seconds = log_number(line, "step_seconds", log->step_seconds);
        log->tokens = log_integer(line, "tokens", log->tokens);
        log->final = json_object_get(line, "final_valid_loss") != NULL;
    }
}

bool log_resume(RunLog *out, const char *run, int64_t step, Error *error) {
    *out = (RunLog){ .path = path_join(run, LOG_NAME), .lock = -1 };
    if (out->path == NULL) return fail(error, "%s: out of memory", run);
    LogLines lines;
    bool ok = open_to_append(out, run, error) && log_lines_read(&lines, out->path, step, error);
    if (ok) {
        restore(out, &lines);
        if (ftruncate(fileno(out->file), (off_t)lines.bytes) != 0) {
            ok = fail(error, "%s: cannot be cut back to step %lld: %s", out->path, (long long)step,
                      strerror(errno));
        }
        log_lines_free(&lines);
    }
    if (!ok) log_close(out);
    return ok;
}

bool log_write(RunLog *log, json_t *line, Error *error) {
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(LOG_PRECISION);
    char *text = line != NULL ? json_dumps(line, flags) : NULL;
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
