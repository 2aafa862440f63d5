#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/config/config_json.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/io/progress.h"
#include "reference/train/trainer.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *preset, *ffn;
    SetWords words;
    bool json, scales;
} Arguments;

enum { KEY_SCALES = 1000, MAX_KINDS = 16 };

static const struct argp_option options[] = {
    { "preset", 'p', "NAME", 0, "one of %presets (default demo)", 0 },
    { "ffn", 'f', "KIND", 0, "only this kind of feed-forward layer: one of %kinds (default: all)",
      0 },
    { "set", 's', "NAME=VALUE", 0,
      "override settings of the preset, as in --set D=128 K=8; a kind ignores those it does not "
      "use",
      0 },
    { "scales", KEY_SCALES, NULL, 0, "the models of the sgatlin paper's studies, one per row", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &arguments->json; break;
    case 'p': arguments->preset = value; break;
    case 'f': arguments->ffn = value; break;
    case KEY_SCALES: arguments->scales = true; break;
    case 's':
    case ARGP_KEY_ARG: option_set(state, &arguments->words, value); break;
    case ARGP_KEY_END:
        if (arguments->scales &&
            (arguments->preset != NULL || arguments->ffn != NULL || arguments->words.count > 0)) {
            argp_error(state, "--scales takes no --preset, --ffn or --set: its models are fixed");
        }
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// The cost of one model: a column of the table, a row of --scales, an element of the JSON's `rows`.
typedef struct {
    const char *study; // of a row of --scales, else NULL
    int scale;         // 0: none
    Config config;
    TrainSettings settings;
    ModelCost cost;
    double weights, optimizer, activations; // bytes; optimizer: gradients and both moments
} CostReport;

static void add_costs(CostReport *report) {
    const Config *config = &report->config;
    report->cost = model_cost(config);
    report->weights = 4 * report->cost.parameters;
    report->optimizer = 3 * report->weights;
    report->activations =
        4.0 * (double)model_activation_floats(config, (int)report->settings.B, config->T, true);
}

static bool report_kind(CostReport *out, const Preset *preset, const FfnKind *ffn,
                        const SetWords *words, Error *error) {
    *out = (CostReport){ .settings = settings_default() };
    AllSettings all = { &out->config, &out->settings };
    if (!preset_config(&out->config, preset, ffn, error) ||
        !words_each(preset->training, set_any, &all, error) ||
        !set_words_each(words, set_any, &all, error) ||
        !settings_finish(&out->settings, preset->warmup, error) ||
        !config_valid(&out->config, error)) {
        return false;
    }
    add_costs(out);
    return true;
}

// One report per kind that was asked for; returns their number, 0 on failure.
static int report_kinds(CostReport out[MAX_SCALE_ROWS], const Arguments *arguments, Error *error) {
    const Preset *preset =
        preset_find(arguments->preset != NULL ? arguments->preset : "demo", error);
    if (preset == NULL) return 0;
    const FfnKind *chosen = arguments->ffn != NULL ? ffn_named(arguments->ffn, error) : NULL;
    if (arguments->ffn != NULL && chosen == NULL) return 0;
    int count = 0;
    for (int i = 0; ffn_kinds[i] != NULL && count < MAX_KINDS; i++) {
        if (chosen != NULL && chosen != ffn_kinds[i]) continue;
        if (!report_kind(&out[count], preset, ffn_kinds[i], &arguments->words, error)) return 0;
        count++;
    }
    if (chosen != NULL && !set_words_used(&arguments->words, &out[0].config, error)) return 0;
    return count;
}

// One report per model of the paper's studies. Memory is that of `train`'s default batch size.
static int report_scales(CostReport out[MAX_SCALE_ROWS], Error *error) {
    ScaleRow rows[MAX_SCALE_ROWS];
    int count = scale_rows(rows, ffn_kinds, error);
    for (int i = 0; i < count; i++) {
        out[i] = (CostReport){ rows[i].study, rows[i].scale, rows[i].config,
                               .settings = settings_default() };
        add_costs(&out[i]);
    }
    return count;
}

typedef struct {
    const char *label, *field; // in the table, in the JSON
    enum { NUMBER, BYTES } unit;
} Line;

static const Line lines[] = {
    { "parameters", "parameters", NUMBER },
    { "  active per token", "active_parameters", NUMBER },
    { "FLOPs forward, one sequence", "forward_flops_per_sequence", NUMBER },
    { "  with the logits", "forward_flops_full", NUMBER },
    { "FLOPs of a training step", "step_flops", NUMBER },
    { "  with the logits", "step_flops_full", NUMBER },
    { "weights", "weight_bytes", BYTES },
    { "gradients and moments", "optimizer_bytes", BYTES },
    { "activations", "activation_bytes", BYTES },
};
enum { LINES = sizeof lines / sizeof lines[0] };

static double line_value(const CostReport *report, int line) {
    double step = 3 * (double)report->settings.B; // backward costs twice as much as forward
    const double values[LINES] = {
        report->cost.parameters,
        report->cost.active_parameters,
        report->cost.layers.flops,
        report->cost.flops_full,
        step * report->cost.layers.flops,
        step * report->cost.flops_full,
        report->weights,
        report->optimizer,
        report->activations,
    };
    return values[line];
}

static void print_settings(const CostReport *report) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(&report->config, settings);
    for (int i = 0; i < count; i++)
        printf("%s%s=%s", i ? " " : "", settings[i].name, settings[i].value);
}

static void print_table(const CostReport *reports, int count) {
    for (int i = 0; i < count; i++) {
        print_settings(&reports[i]);
        printf(" B=%lld\n", (long long)reports[i].settings.B);
    }
    printf("\n%-27s", "");
    for (int i = 0; i < count; i++) printf("%22s", reports[i].config.ffn->name);
    printf("\n");
    for (int line = 0; line < LINES; line++) {
        printf("%-27s", lines[line].label);
        for (int i = 0; i < count; i++) {
            double value = line_value(&reports[i], line);
            if (lines[line].unit == NUMBER) printf("%22.0f", value);
            if (lines[line].unit == BYTES) printf("%22s", short_bytes((uint64_t)value).text);
        }
        printf("\n");
    }
    printf("\nFLOPs are those of the layers' matrix products, as the sgatlin paper counts them. A "
           "training step\ncounts three times as much as a forward pass. In small models the "
           "logits take a seventh to a half\nof all FLOPs.\n");
}

static void print_scales(const CostReport *reports, int count) {
    printf("%-20s%6s%14s%16s  %s\n", "study", "scale", "parameters", "FLOPs forward", "model");
    for (int i = 0; i < count; i++) {
        char scale[16] = "-";
        if (reports[i].scale > 0) snprintf(scale, sizeof scale, "%d", reports[i].scale);
        printf("%-20s%6s%14.0f%16.0f  ", reports[i].study, scale, reports[i].cost.parameters,
               reports[i].cost.layers.flops);
        print_settings(&reports[i]);
        printf("\n");
    }
    printf("\nFLOPs are those of the layers' matrix products for one sequence, as the sgatlin "
           "paper counts them.\n");
}

static json_t *report_json(const CostReport *report) {
    json_t *object = json_object();
    if (report->study != NULL) {
        json_t *scale = report->scale > 0 ? json_integer(report->scale) : json_null();
        json_add(&object, "study", json_string(report->study));
        json_add(&object, "scale", scale);
    }
    json_add_all(&object, config_to_json(&report->config));
    json_add(&object, "B", json_integer(report->settings.B));
    for (int line = 0; line < LINES; line++) {
        json_int_t value = (json_int_t)line_value(report, line);
        json_add(&object, lines[line].field, json_integer(value));
    }
    return object;
}

static bool print_json(const CostReport *reports, int count, Error *error) {
    json_t *rows = json_array(), *object = json_object();
    for (int i = 0; i < count; i++) json_add_item(&rows, report_json(&reports[i]));
    json_add(&object, "rows", rows);
    bool ok = object != NULL && json_dumpf(object, stdout, JSON_INDENT(1)) == 0;
    json_decref(object);
    putchar('\n');
    return ok || ferror(stdout) || fail(error, "out of memory");
}

static int flops(const char *command, const Arguments *arguments) {
    CostReport reports[MAX_SCALE_ROWS];
    Error error;
    int count = arguments->scales ? report_scales(reports, &error)
                                  : report_kinds(reports, arguments, &error);
    if (count == 0) return command_misused(command, &error);
    if (arguments->json)
        return print_json(reports, count, &error) ? 0 : command_failed(command, &error);
    if (arguments->scales) {
        print_scales(reports, count);
    } else {
        print_table(reports, count);
    }
    return 0;
}

int command_flops(int argc, char **argv) {
    static const struct argp_child children[] = { { &json_option, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .help_filter = option_help,
        .doc = "Prints the parameters, FLOPs and memory of a model with each kind of feed-forward "
               "layer.\vWith --json, the array `rows` has one object per model.",
    };
    Arguments arguments = { 0 };
    if (!options_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments)) return 1;
    int status = flops(argv[0], &arguments);
    set_words_free(&arguments.words);
    return status;
}
