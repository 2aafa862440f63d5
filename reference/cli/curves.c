#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/draw/chart.h"
#include "reference/io/files.h"
#include "reference/train/log_read.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 12, KEY_AGAINST = 1000, KEY_BELOW };

typedef struct {
    const char *runs[MAX_RUNS], *out;
    int count, against;
    double below; // higher losses are left out
} Arguments;

static const struct {
    const char *name, *label;
} columns[] = {
    { "steps", "step" },
    { "flops", "1e12 training FLOPs, the layers' matrix products" },
    { "seconds", "seconds of training steps" },
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const struct argp_option options[] = {
    { "out", 'o', "FILE", 0, "the PNG to write; must not exist", 0 },
    { "against", KEY_AGAINST, "COLUMN", 0, "x axis: steps (default), flops or seconds", 0 },
    { "below", KEY_BELOW, "LOSS", 0, "leave out higher losses, to see the ends of the curves", 0 },
    { 0 },
};

static int column_of(const struct argp_state *state, const char *name) {
    for (int i = 0; i < COLUMNS; i++) {
        if (strcmp(columns[i].name, name) == 0) return i;
    }
    argp_error(state, "--against %s: expected steps, flops or seconds", name);
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case 'o': arguments->out = value; break;
    case KEY_AGAINST: arguments->against = column_of(state, value); break;
    case KEY_BELOW: arguments->below = option_real(state, "below", value, 1e-9, 1e9); break;
    case ARGP_KEY_ARG:
        if (arguments->count == MAX_RUNS)
            argp_error(state, "%s: a picture has at most %d runs", value, MAX_RUNS);
        arguments->runs[arguments->count++] = value;
        break;
    case ARGP_KEY_END:
        if (arguments->count == 0 || arguments->out == NULL)
            argp_error(state, "expected RUN... and --out FILE");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// The name of a run's curve: the last part of its path.
static const char *run_name(const char *run) {
    const char *slash = strrchr(run, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : run;
}

// The curve of one run. The caller frees *points, which holds its x and y.
static bool curve(Series *out, double **points, const Arguments *arguments, int i, Error *error) {
    LogLosses losses;
    const char *run = arguments->runs[i];
    if (!log_losses(&losses, run, error)) return false;
    double *x = malloc((2 * (size_t)losses.count + 1) * sizeof *x);
    double *y = x != NULL ? x + losses.count : NULL;
    *points = x;
    *out = (Series){ run_name(run), color_class(i), x, y, 0 };
    for (int j = 0; x != NULL && j < losses.count; j++) {
        const LogLoss *at = &losses.items[j];
        if (at->loss > arguments->below) continue;
        const double choices[COLUMNS] = { at->step, at->flops / 1e12, at->seconds };
        x[out->count] = choices[arguments->against];
        y[out->count++] = at->loss;
    }
    free(losses.items);
    if (x == NULL) return fail(error, "%s: out of memory", run);
    return out->count > 0 ||
           fail(error, "%s: its log has no validation loss below %g", run, arguments->below);
}

static bool draw(const Arguments *arguments, Error *error) {
    Series series[MAX_RUNS] = { { 0 } };
    double *points[MAX_RUNS] = { 0 };
    bool ok = path_is_new(arguments->out, error);
    for (int i = 0; ok && i < arguments->count; i++)
        ok = curve(&series[i], &points[i], arguments, i, error);
    Chart chart = { .title = "validation loss",
                    .x_label = columns[arguments->against].label,
                    .y_label = "nats per token",
                    .series = series,
                    .series_count = arguments->count };
    ok = ok && chart_write_png(&chart, arguments->out, error);
    for (int i = 0; i < arguments->count; i++) free(points[i]);
    return ok;
}

int command_curves(int argc, char **argv) {
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "RUN...",
        .doc = "Draws the validation losses of several runs in one picture.",
    };
    Arguments arguments = { .below = INFINITY };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    Error error;
    return draw(&arguments, &error) ? 0 : command_failed(argv[0], &error);
}
