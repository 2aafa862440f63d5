#include "reference/train/settings.h"
#include "reference/io/parse.h"
#include <stdlib.h>
#include <string.h>

typedef enum { WHOLE, REAL, MODE } Kind;

typedef struct {
    const char *name;
    Kind kind;
    size_t offset;
    double least, most;
    const char *meaning;
} Row;

#define WHERE(field) offsetof(TrainSettings, field)
static const Row rows[] = {
    { "B", WHOLE, WHERE(B), 1, 65536, "sequences a step" },
    { "steps", WHOLE, WHERE(steps), 1, 1e9, "steps of the whole run" },
    { "peak", REAL, WHERE(peak), 0, 1e30, "highest learning rate" },
    { "warmup", WHOLE, WHERE(warmup), 0, 1e9,
      "steps of rising rate (default: up to a tenth of them)" },
    { "const", WHOLE, WHERE(constant), 0, 1e9, "steps at the peak (default: all that are left)" },
    { "decay", WHOLE, WHERE(decay), 0, 1e9, "steps of falling rate (default: a fifth)" },
    { "clip", REAL, WHERE(clip), 0, 1e30, "largest norm of a gradient, 0: any" },
    { "weight_decay", REAL, WHERE(weight_decay), 0, 1,
      "share of a weight that a step at the peak takes off" },
    { "seed", WHOLE, WHERE(seed), 0, 9007199254740992.0,
      "of the first weights and of the order of the stories" },
    { "batching", MODE, WHERE(batching), 0, 1,
      "packed (stories end to end) or padded (one story a row)" },
    { "log_every", WHOLE, WHERE(log_every), 1, 1e9, "steps between two lines of log.jsonl" },
    { "eval_every", WHOLE, WHERE(eval_every), 0, 1e9,
      "steps between two looks at valid.bin, 0: only at the end" },
    { "eval_batches", WHOLE, WHERE(eval_batches), 1, 1e9, "batches of valid.bin at each look" },
    { "checkpoint_every", WHOLE, WHERE(checkpoint_every), 0, 1e9,
      "steps between checkpoints, 0: only at the end" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };
static const char *const modes[] = { [BATCH_PACKED] = "packed", [BATCH_PADDED] = "padded" };

static int64_t *whole(TrainSettings *s, const Row *row) {
    return (int64_t *)((char *)s + row->offset);
}
static double *real(TrainSettings *s, const Row *row) {
    return (double *)((char *)s + row->offset);
}

TrainSettings settings_default(void) {
    return (TrainSettings){ .B = 16,
                            .steps = 1000,
                            .seed = 1,
                            .peak = 1e-3,
                            .clip = 2.0,
                            .weight_decay = 1e-4,
                            .warmup = SETTING_AUTO,
                            .constant = SETTING_AUTO,
                            .decay = SETTING_AUTO,
                            .batching = BATCH_PACKED,
                            .log_every = 10,
                            .eval_every = 100,
                            .eval_batches = 8,
                            .checkpoint_every = 200 };
}

static const Row *row_find(const char *name) {
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    }
    return NULL;
}

static bool mode_find(const char *value, int64_t *out) {
    for (int mode = 0; mode < 2; mode++) {
        if (strcmp(modes[mode], value) == 0) {
            *out = mode;
            return true;
        }
    }
    return false;
}

static bool within(const Row *row, double value) {
    return value >= row->least && value <= row->most;
}

bool settings_set(TrainSettings *settings, const char *name, const char *value, bool *found,
                  Error *error) {
    const Row *row = row_find(name);
    *found = row != NULL;
    if (row == NULL) return true;
    int64_t n = 0;
    double x = 0;
    switch (row->kind) {
    case MODE:
        if (!mode_find(value, &n))
            return fail(error, "%s=%s: wanted packed or padded", name, value);
        break;
    case WHOLE:
        if (!parse_int(value, &n) || !within(row, (double)n)) {
            return fail(error, "%s=%s: wanted a whole number from %.0f to %.0f (%s)", name, value,
                        row->least, row->most, row->meaning);
        }
        break;
    case REAL:
        if (!parse_real(value, &x) || !within(row, x)) {
            return fail(error, "%s=%s: wanted a number from %g to %g (%s)", name, value, row->least,
                        row->most, row->meaning);
        }
        *real(settings, row) = x;
        return true;
    }
    *whole(settings, row) = n;
    return true;
}

bool settings_finish(TrainSettings *s, int64_t warmup_most, Error *error) {
    if (s->warmup == SETTING_AUTO)
        s->warmup = s->steps / 10 < warmup_most ? s->steps / 10 : warmup_most;
    if (s->decay == SETTING_AUTO) {
        s->decay = s->constant == SETTING_AUTO ? s->steps / 5 : s->steps - s->warmup - s->constant;
    }
    if (s->constant == SETTING_AUTO) s->constant = s->steps - s->warmup - s->decay;
    if (s->constant >= 0 && s->decay >= 0 && s->warmup + s->constant + s->decay == s->steps)
        return true;
    return fail(
        error,
        "warmup=%lld const=%lld decay=%lld: do not add up to %lld steps; leave one of them out",
        (long long)s->warmup, (long long)s->constant, (long long)s->decay, (long long)s->steps);
}

Schedule settings_schedule(const TrainSettings *s) {
    return (Schedule){ s->peak, (int)s->warmup, (int)s->constant, (int)s->decay };
}

// What a model has beside its letters, and no option of the command line.
static const struct {
    const char *name, *meaning;
} options[] = {
    { "alpha", "unified routing: share of the experts' view in the score (default 0.5)" },
    { "switch", "token routing: weight of Switch's balancing loss, as 0.01 (default 0: none)" },
    { "z", "token routing: weight of the router z-loss, as 0.001 (default 0: none)" },
    { "bias",
      "token routing: step of the balancing bias after each batch, as 0.001 (default 0: none)" },
};
enum { OPTIONS = sizeof options / sizeof options[0] };

char *settings_help(void) {
    enum { LINE = 120 };
    char *text = malloc((ROWS + OPTIONS + 1) * LINE);
    if (text == NULL) return NULL;
    size_t used = (size_t)snprintf(
        text, LINE, "What --set knows beside the letters of the model (T D L Dh F C E K Dk):\n");
    for (int i = 0; i < ROWS; i++) {
        used += (size_t)snprintf(text + used, LINE, "  %-18s%s\n", rows[i].name, rows[i].meaning);
    }
    for (int i = 0; i < OPTIONS; i++) {
        used +=
            (size_t)snprintf(text + used, LINE, "  %-18s%s\n", options[i].name, options[i].meaning);
    }
    return text;
}

json_t *settings_to_json(const TrainSettings *settings) {
    json_t *object = json_object();
    TrainSettings copy = *settings;
    bool ok = object != NULL;
    for (int i = 0; ok && i < ROWS; i++) {
        const Row *row = &rows[i];
        json_t *value = row->kind == REAL    ? json_real(*real(&copy, row))
                        : row->kind == WHOLE ? json_integer(*whole(&copy, row))
                                             : json_string(modes[*whole(&copy, row)]);
        ok = json_object_set_new(object, row->name, value) == 0;
    }
    if (ok) return object;
    json_decref(object);
    return NULL;
}

static bool row_from_json(TrainSettings *out, const Row *row, const json_t *value,
                          const char *where, Error *error) {
    if (value == NULL) return fail(error, "%s: settings.%s is missing", where, row->name);
    if (row->kind == MODE) {
        if (json_is_string(value) && mode_find(json_string_value(value), whole(out, row)))
            return true;
        return fail(error, "%s: settings.%s is neither \"packed\" nor \"padded\"", where,
                    row->name);
    }
    bool typed = row->kind == WHOLE ? json_is_integer(value) : json_is_number(value);
    if (!typed || !within(row, json_number_value(value))) {
        return fail(error, "%s: settings.%s is no %s from %g to %g", where, row->name,
                    row->kind == WHOLE ? "whole number" : "number", row->least, row->most);
    }
    if (row->kind == WHOLE) *whole(out, row) = json_integer_value(value);
    if (row->kind == REAL) *real(out, row) = json_number_value(value);
    return true;
}

bool settings_from_json(TrainSettings *out, const json_t *object, const char *where, Error *error) {
    if (!json_is_object(object)) return fail(error, "%s: settings is missing or no object", where);
    TrainSettings settings = settings_default();
    for (int i = 0; i < ROWS; i++) {
        if (!row_from_json(&settings, &rows[i], json_object_get(object, rows[i].name), where,
                           error))
            return false;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) {
        if (row_find(name) == NULL)
            return fail(error, "%s: settings.%s is unknown to this build", where, name);
    }
    Error parts;
    if (!settings_finish(&settings, 0, &parts)) return fail(error, "%s: %.900s", where, parts.text);
    *out = settings;
    return true;
}
