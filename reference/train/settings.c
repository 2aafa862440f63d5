#include "reference/train/settings.h"
#include "reference/io/parse.h"
#include <stdlib.h>
#include <string.h>

typedef enum { INTEGER, REAL, MODE } Kind;

typedef struct {
    const char *name;
    Kind kind;
    size_t offset; // in TrainSettings
    double min, max;
    const char *meaning;
} Row;

#define FIELD(name) offsetof(TrainSettings, name)
static const Row rows[] = {
    { "B", INTEGER, FIELD(B), 1, 65536, "batch size: sequences per step" },
    { "micro_batch", INTEGER, FIELD(micro_batch), 0, 65536,
      "sequences a GPU computes at a time (default: as many as fit)" },
    { "steps", INTEGER, FIELD(steps), 1, 1e9, "training steps" },
    { "peak", REAL, FIELD(peak), 0, 1e30, "peak learning rate" },
    { "warmup", INTEGER, FIELD(warmup), 0, 1e9,
      "warm-up steps (default: a tenth, but at most the preset's)" },
    { "const", INTEGER, FIELD(constant), 0, 1e9,
      "steps at the peak learning rate (default: the rest)" },
    { "decay", INTEGER, FIELD(decay), 0, 1e9,
      "decay steps of the learning rate (default: a fifth)" },
    { "clip", REAL, FIELD(clip), 0, 1e30, "clip gradients to this norm; 0: no clipping" },
    { "weight_decay", REAL, FIELD(weight_decay), 0, 1,
      "fraction of a weight removed per step at the peak rate" },
    { "seed", INTEGER, FIELD(seed), 0, 9007199254740992.0,
      "seed of the initial weights and the order of the stories" },
    { "batching", MODE, FIELD(batching), 0, 1,
      "packed (stories end to end) or padded (one story per row)" },
    { "log_every", INTEGER, FIELD(log_every), 1, 1e9, "write a line of log.jsonl every N steps" },
    { "eval_every", INTEGER, FIELD(eval_every), 0, 1e9,
      "evaluate on valid.bin every N steps; 0: only at the end" },
    { "eval_batches", INTEGER, FIELD(eval_batches), 1, 1e9, "validation batches per evaluation" },
    { "checkpoint_every", INTEGER, FIELD(checkpoint_every), 0, 1e9,
      "save a checkpoint every N steps; 0: only at the end" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };
static const char *const modes[] = { [BATCH_PACKED] = "packed", [BATCH_PADDED] = "padded" };

// Files from before it was a setting lack it, so only a value that was set is written.
static bool is_optional(const Row *row) { return row->offset == FIELD(micro_batch); }

static int64_t *integer_field(TrainSettings *s, const Row *row) {
    return (int64_t *)((char *)s + row->offset);
}
static double *real_field(TrainSettings *s, const Row *row) {
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

static bool in_range(const Row *row, double value) {
    return value >= row->min && value <= row->max;
}

// As integers: a double rounds 2^53 + 1 to the limit 2^53.
static bool integer_in_range(const Row *row, int64_t value) {
    return value >= (int64_t)row->min && value <= (int64_t)row->max;
}

static bool set_integer(TrainSettings *settings, const Row *row, const char *value, Error *error) {
    int64_t n;
    if (!parse_int(value, &n) || !integer_in_range(row, n)) {
        return fail(error, "%s=%s: expected an integer from %.0f to %.0f (%s)", row->name, value,
                    row->min, row->max, row->meaning);
    }
    *integer_field(settings, row) = n;
    return true;
}

static bool set_real(TrainSettings *settings, const Row *row, const char *value, Error *error) {
    double x;
    if (!parse_real(value, &x) || !in_range(row, x)) {
        return fail(error, "%s=%s: expected a number from %g to %g (%s)", row->name, value,
                    row->min, row->max, row->meaning);
    }
    *real_field(settings, row) = x;
    return true;
}

bool settings_set(TrainSettings *settings, const char *name, const char *value, bool *found,
                  Error *error) {
    const Row *row = row_find(name);
    *found = row != NULL;
    if (row == NULL) return true;
    if (row->kind == INTEGER) return set_integer(settings, row, value, error);
    if (row->kind == REAL) return set_real(settings, row, value, error);
    return mode_find(value, integer_field(settings, row)) ||
           fail(error, "%s=%s: expected packed or padded", name, value);
}

bool settings_finish(TrainSettings *s, int64_t max_warmup, Error *error) {
    if (s->warmup == SETTING_AUTO)
        s->warmup = s->steps / 10 < max_warmup ? s->steps / 10 : max_warmup;
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

// Settings of a model that are neither one of its dimensions nor an option of the command line.
static const struct {
    const char *name, *meaning;
} options[] = {
    { "alpha", "unified routing: share of the experts' score (default 0.5)" },
    { "switch", "token routing: Switch loss weight, try 0.01 (default 0)" },
    { "z", "token routing: z-loss weight, try 0.001 (default 0)" },
    { "bias", "token routing: balancing bias step, try 0.001 (default 0)" },
};
enum { OPTIONS = sizeof options / sizeof options[0] };

char *settings_help(void) {
    enum { LINE = 120 };
    char *text = malloc((ROWS + OPTIONS + 1) * LINE);
    if (text == NULL) return NULL;
    size_t used = (size_t)snprintf(
        text, LINE, "Settings for --set besides the model's dimensions (T D L Dh F C E K Dk):\n");
    for (int i = 0; i < ROWS; i++) {
        used += (size_t)snprintf(text + used, LINE, "  %-18s%s\n", rows[i].name, rows[i].meaning);
    }
    for (int i = 0; i < OPTIONS; i++) {
        used +=
            (size_t)snprintf(text + used, LINE, "  %-18s%s\n", options[i].name, options[i].meaning);
    }
    return text;
}

static json_t *row_to_json(TrainSettings *settings, const Row *row) {
    if (row->kind == REAL) return json_real(*real_field(settings, row));
    int64_t value = *integer_field(settings, row);
    return row->kind == INTEGER ? json_integer(value) : json_string(modes[value]);
}

json_t *settings_to_json(const TrainSettings *settings) {
    json_t *object = json_object();
    TrainSettings copy = *settings;
    for (int i = 0; i < ROWS; i++) {
        if (is_optional(&rows[i]) && *integer_field(&copy, &rows[i]) == 0) continue;
        json_add(&object, rows[i].name, row_to_json(&copy, &rows[i]));
    }
    return object;
}

static bool row_from_json(TrainSettings *out, const Row *row, const json_t *value,
                          const char *where, Error *error) {
    if (value == NULL && is_optional(row)) return true;
    if (value == NULL) return fail(error, "%s: settings.%s is missing", where, row->name);
    if (row->kind == MODE) {
        if (json_is_string(value) && mode_find(json_string_value(value), integer_field(out, row)))
            return true;
        return fail(error, "%s: settings.%s is neither \"packed\" nor \"padded\"", where,
                    row->name);
    }
    bool accepted = row->kind == INTEGER
                        ? json_is_integer(value) && integer_in_range(row, json_integer_value(value))
                        : json_is_number(value) && in_range(row, json_number_value(value));
    if (!accepted) {
        return fail(error, "%s: settings.%s is not %s from %g to %.16g", where, row->name,
                    row->kind == INTEGER ? "an integer" : "a number", row->min, row->max);
    }
    if (row->kind == INTEGER) *integer_field(out, row) = json_integer_value(value);
    if (row->kind == REAL) *real_field(out, row) = json_number_value(value);
    return true;
}

bool settings_from_json(TrainSettings *out, const json_t *object, const char *where, Error *error) {
    if (!json_is_object(object))
        return fail(error, "%s: settings is missing or not an object", where);
    TrainSettings settings = settings_default();
    for (int i = 0; i < ROWS; i++) {
        const json_t *value = json_object_get(object, rows[i].name);
        if (!row_from_json(&settings, &rows[i], value, where, error)) return false;
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
