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
    bool json, ladder;
} Arguments;

enum { KEY_JSON = 1000, KEY_LADDER, KINDS_MOST = 16 };

static const struct argp_option options[] = {
    { "preset", 'p', "NAME", 0, "tiny, demo (default), laptop or tinystories", 0 },
    { "ffn", 'f', "KIND", 0, "only this kind of feed-forward layer", 0 },
    { "set", 's', "NAME=VALUE", 0,
      "settings over the preset's, as in --set D=128 K=8; a kind takes those it has", 0 },
    { "ladder", KEY_LADDER, NULL, 0, "the models of the sgatlin paper's studies, one a row", 0 },
    { "json", KEY_JSON, NULL, 0, "one JSON object on stdout, its `rows` one a model", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case 'p': arguments->preset = value; break;
    case 'f': arguments->ffn = value; break;
    case KEY_JSON: arguments->json = true; break;
    case KEY_LADDER: arguments->ladder = true; break;
    case 's':
    case ARGP_KEY_ARG: option_set(state, &arguments->words, value); break;
    case ARGP_KEY_END:
        if (arguments->ladder &&
            (arguments->preset != NULL || arguments->ffn != NULL || arguments->words.count > 0)) {
            argp_error(state,
                       "--ladder takes no --preset, --ffn or --set: its models are the paper's");
        }
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What one kind of model costs; the rows of the table and the fields of the JSON are made from it.
typedef struct {
    const char *study; // of the ladder, else NULL
    int scale;         // 0: none
    Config config;
    TrainSettings settings;
    ModelCost cost;
    double weights, optimizer, activations; // bytes; optimizer: gradients and both moments
} Bill;

static void add_up(Bill *bill) {
    const Config *config = &bill->config;
    bill->cost = model_cost(config);
    bill->weights = 4 * bill->cost.parameters;
    bill->optimizer = 3 * bill->weights;
    bill->activations =
        4.0 * (double)model_activation_floats(config, (int)bill->settings.B, config->T, true);
}

static bool make_bill(Bill *bill, const Preset *preset, const Ffn *ffn, const SetWords *words,
                      Error *error) {
    *bill = (Bill){ .settings = settings_default() };
    AllSettings all = { &bill->config, &bill->settings };
    if (!preset_config(&bill->config, preset, ffn, error) ||
        !words_each(preset->training, set_any, &all, error) ||
        !set_words_each(words, set_any, &all, error) ||
        !settings_finish(&bill->settings, preset->warmup, error) ||
        !config_valid(&bill->config, error)) {
        return false;
    }
    add_up(bill);
    return true;
}

typedef struct {
    const char *label, *field;
    enum { NUMBER, BYTES } unit;
} Line;

static const Line lines[] = {
    { "parameters", "parameters", NUMBER },
    { "  at work on a token", "active_parameters", NUMBER },
    { "FLOPs, a sequence forward", "forward_flops_per_sequence", NUMBER },
    { "  with the logits", "forward_flops_full", NUMBER },
    { "FLOPs, a training step", "step_flops", NUMBER },
    { "  with the logits", "step_flops_full", NUMBER },
    { "weights", "weight_bytes", BYTES },
    { "gradients and moments", "optimizer_bytes", BYTES },
    { "activations", "activation_bytes", BYTES },
};
enum { LINES = sizeof lines / sizeof lines[0] };

static double line_value(const Bill *bill, int line) {
    double step = 3 * (double)bill->settings.B; // backward costs twice what forward does
    const double values[LINES] = {
        bill->cost.parameters,
        bill->cost.active_parameters,
        bill->cost.layers.flops,
        bill->cost.flops_full,
        step * bill->cost.layers.flops,
        step * bill->cost.flops_full,
        bill->weights,
        bill->optimizer,
        bill->activations,
    };
    return values[line];
}

static void print_settings(const Bill *bill) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(&bill->config, settings);
    for (int i = 0; i < count; i++)
        printf("%s%s=%s", i ? " " : "", settings[i].name, settings[i].value);
    printf(" B=%lld\n", (long long)bill->settings.B);
}

static void print_table(const Bill *bills, int count) {
    for (int i = 0; i < count; i++) print_settings(&bills[i]);
    printf("\n%-27s", "");
    for (int i = 0; i < count; i++) printf("%22s", bills[i].config.ffn->name);
    printf("\n");
    for (int line = 0; line < LINES; line++) {
        printf("%-27s", lines[line].label);
        for (int i = 0; i < count; i++) {
            if (lines[line].unit == NUMBER) printf("%22.0f", line_value(&bills[i], line));
            if (lines[line].unit == BYTES) {
                printf("%22s", short_bytes((uint64_t)line_value(&bills[i], line)).text);
            }
        }
        printf("\n");
    }
    printf("\nFLOPs are those of the layers' matrix products, as the sgatlin authors count them; a "
           "training step counts "
           "three\ntimes as much as forward. At small sizes the logits are a seventh to a half of "
           "the work.\n");
}

static void print_ladder(const Bill *bills, int count) {
    printf("%-20s%6s%14s%16s  %s\n", "study", "scale", "parameters", "FLOPs forward", "model");
    for (int i = 0; i < count; i++) {
        Setting settings[CONFIG_SETTINGS];
        char scale[16] = "-";
        if (bills[i].scale > 0) snprintf(scale, sizeof scale, "%d", bills[i].scale);
        printf("%-20s%6s%14.0f%16.0f ", bills[i].study, scale, bills[i].cost.parameters,
               bills[i].cost.layers.flops);
        int words = config_settings(&bills[i].config, settings);
        for (int j = 0; j < words; j++) printf(" %s=%s", settings[j].name, settings[j].value);
        printf("\n");
    }
    printf("\nFLOPs of the layers' matrix products for one sequence, as the sgatlin authors count "
           "them.\n");
}

static json_t *bill_json(const Bill *bill) {
    json_t *object = json_object();
    if (bill->study != NULL) {
        json_add(&object, "study", json_string(bill->study));
        json_add(&object, "scale", bill->scale > 0 ? json_integer(bill->scale) : json_null());
    }
    json_add_all(&object, config_to_json(&bill->config));
    json_add(&object, "B", json_integer(bill->settings.B));
    for (int line = 0; line < LINES; line++)
        json_add(&object, lines[line].field, json_integer((json_int_t)line_value(bill, line)));
    return object;
}

static bool print_json(const Bill *bills, int count, Error *error) {
    json_t *array = json_array(), *object = json_object();
    for (int i = 0; i < count; i++) json_add_item(&array, bill_json(&bills[i]));
    json_add(&object, "rows", array);
    bool ok = object != NULL && json_dumpf(object, stdout, JSON_INDENT(1)) == 0;
    json_decref(object);
    putchar('\n');
    return ok || ferror(stdout) || fail(error, "out of memory");
}

// Fills bills for the kinds asked for; returns how many, 0 on failure.
static int make_bills(Bill bills[MAX_SCALE_ROWS], const Arguments *arguments, Error *error) {
    const Preset *preset =
        preset_find(arguments->preset != NULL ? arguments->preset : "demo", error);
    if (preset == NULL) return 0;
    Config chosen = { 0 };
    bool found;
    if (arguments->ffn != NULL && !config_set(&chosen, "ffn", arguments->ffn, &found, error))
        return 0;
    int count = 0;
    for (int i = 0; ffn_kinds[i] != NULL && count < KINDS_MOST; i++) {
        if (chosen.ffn != NULL && chosen.ffn != ffn_kinds[i]) continue;
        if (!make_bill(&bills[count], preset, ffn_kinds[i], &arguments->words, error)) return 0;
        count++;
    }
    if (chosen.ffn != NULL && !set_words_used(&arguments->words, &bills[0].config, error)) return 0;
    return count;
}

// Memory is that of steps of as many sequences as `train` takes when told nothing.
static int ladder_bills(Bill bills[MAX_SCALE_ROWS], Error *error) {
    ScaleRow rows[MAX_SCALE_ROWS];
    int count = scale_rows(rows, error);
    for (int i = 0; i < count; i++) {
        bills[i] =
            (Bill){ rows[i].study, rows[i].scale, rows[i].config, .settings = settings_default() };
        add_up(&bills[i]);
    }
    return count;
}

int command_flops(int argc, char **argv) {
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Parameters, FLOPs and memory of a model, for every kind of feed-forward layer side "
               "by side.",
    };
    Arguments arguments = { 0 };
    Bill bills[MAX_SCALE_ROWS];
    Error error;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments) != 0) return 2;
    int count =
            arguments.ladder ? ladder_bills(bills, &error) : make_bills(bills, &arguments, &error),
        status = 0;
    if (count == 0) {
        status = command_misused(argv[0], &error);
    } else if (!arguments.json) {
        arguments.ladder ? print_ladder(bills, count) : print_table(bills, count);
    } else if (!print_json(bills, count, &error)) {
        status = command_failed(argv[0], &error);
    }
    set_words_free(&arguments.words);
    return status;
}
