#include "reference/cli/commands.h"
#include "reference/cli/isoflop_run.h"
#include "reference/cli/options.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/io/parse.h"
#include "reference/isoflop/time.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_KINDS = 1000,
    KEY_SCALES,
    KEY_SEEDS,
    KEY_BEST_SEEDS,
    KEY_VARIANTS,
    KEY_PEAKS,
    KEY_DRY_RUN,
    KEY_TIME
};

static const struct argp_option options[] = {
    { "data", 'd', "DIR", 0, "folder made by `sgatlin data`", 0 },
    { "out", 'o', "DIR", 0, "folder of the study; an existing study is continued", 0 },
    { "budget", 'b', "FLOPS,...", 0,
      "FLOPs of training, by the sgatlin paper's count, such as 4e12", 0 },
    { "kinds", KEY_KINDS, "KIND,...", 0, "some of %kinds, or variants of them (default: all)", 0 },
    { "scales", KEY_SCALES, "SCALE,...", 0,
      "some of %scales (default q2,q3,q4); those without q are the paper's", 0 },
    { "seeds", KEY_SEEDS, "N,...", 0, "seeds for each kind and scale (default 1)", 0 },
    { "best-seeds", KEY_BEST_SEEDS, "N,...", 0, "more seeds for each kind at its best scale", 0 },
    { "variants", KEY_VARIANTS, "KIND+OPTION,...", 0,
      "variants of kinds, trained only at the best scale and learning rate of the kind", 0 },
    { "peaks", KEY_PEAKS, "RATE,...", 0,
      "peak learning rates (default 0.002). Of several, each kind uses for all scales the one that "
      "is best at the smallest scale",
      0 },
    { "peak", KEY_PEAKS, "RATE", OPTION_ALIAS, NULL, 0 },
    { "set", 's', "NAME=VALUE", 0,
      "settings of all cells, as in --set B=8 T=256; a kind ignores those it does not use", 0 },
    { "dry-run", KEY_DRY_RUN, NULL, 0,
      "print a table of the cells with their expected times, and train nothing", 0 },
    { "time", KEY_TIME, NULL, 0,
      "re-time one step per kind and scale at the end, interleaved, and report those times: for "
      "runs on a busy machine",
      0 },
    { 0 },
};

typedef struct {
    StudyOptions study;
    SetWords words;
    char *texts[MAX_LIST]; // the lists of `study` point into them
    int text_count;
    char *set;
    int threads;
    bool dry_run;
} Arguments;

// Splits a list at its commas. Empty and repeated items are errors.
static void parse_list(struct argp_state *state, TextList *out, const char *option,
                       const char *value) {
    Arguments *arguments = state->input;
    char *text = strdup(value);
    if (text == NULL) {
        argp_failure(state, 1, 0, "out of memory");
        return;
    }
    if (arguments->text_count == MAX_LIST) argp_error(state, "--%s: too many lists", option);
    arguments->texts[arguments->text_count++] = text;
    out->count = 0;
    for (char *next = text; next != NULL;) {
        char *item = next;
        next = strchr(item, ',');
        if (next != NULL) *next++ = '\0';
        if (*item == '\0') argp_error(state, "--%s %s: empty item", option, value);
        for (int i = 0; i < out->count; i++) {
            if (strcmp(out->items[i], item) == 0)
                argp_error(state, "--%s %s: %s is repeated", option, value, item);
        }
        if (out->count == MAX_LIST) argp_error(state, "--%s: more than %d items", option, MAX_LIST);
        out->items[out->count++] = item;
    }
}

static void parse_numbers(struct argp_state *state, NumberList *out, const char *option,
                          const char *value, double min, double max, bool whole) {
    TextList texts;
    parse_list(state, &texts, option, value);
    out->count = texts.count;
    for (int i = 0; i < texts.count; i++) {
        double number = 0;
        bool ok = parse_real(texts.items[i], &number) && number >= min && number <= max;
        if (!ok || (whole && number != floor(number))) {
            argp_error(state, "--%s %s: expected %s from %g to %g", option, texts.items[i],
                       whole ? "whole numbers" : "numbers", min, max);
        }
        for (int j = 0; j < i; j++) {
            if (out->items[j] == number)
                argp_error(state, "--%s %s: %s is repeated", option, value, texts.items[i]);
        }
        out->items[i] = number;
    }
}

static void parse_scales(struct argp_state *state, TextList *out, const char *value) {
    parse_list(state, out, "scales", value);
    for (int i = 0; i < out->count; i++) {
        Error error;
        if (!scale_valid(out->items[i], &error)) argp_error(state, "--scales %s", error.text);
        // insertion sort, in ascending order
        for (int j = i; j > 0 && scale_find(out->items[j]) < scale_find(out->items[j - 1]); j--) {
            const char *swapped = out->items[j];
            out->items[j] = out->items[j - 1];
            out->items[j - 1] = swapped;
        }
    }
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    StudyOptions *study = &arguments->study;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->threads;
        state->child_inputs[1] = &study->backend;
        break;
    case 'd': study->data = value; break;
    case 'o': study->out = value; break;
    case 'b': parse_numbers(state, &study->budgets, "budget", value, 1, 1e30, false); break;
    case KEY_KINDS: parse_list(state, &study->kinds, "kinds", value); break;
    case KEY_SCALES: parse_scales(state, &study->scales, value); break;
    case KEY_SEEDS: parse_numbers(state, &study->seeds, "seeds", value, 0, 9e15, true); break;
    case KEY_BEST_SEEDS:
        parse_numbers(state, &study->best_seeds, "best-seeds", value, 0, 9e15, true);
        break;
    case KEY_VARIANTS: parse_list(state, &study->variants, "variants", value); break;
    case KEY_PEAKS: parse_numbers(state, &study->peaks, "peaks", value, 1e-30, 1e30, false); break;
    case KEY_DRY_RUN: arguments->dry_run = true; break;
    case KEY_TIME: study->time = true; break;
    case 's':
    case ARGP_KEY_ARG: option_set(state, &arguments->words, value); break;
    case ARGP_KEY_END:
        if (study->data == NULL || study->budgets.count == 0 ||
            (study->out == NULL && !arguments->dry_run)) {
            argp_error(state, "expected --data DIR, --budget FLOPS and --out DIR (or --dry-run)");
        }
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void arguments_free(Arguments *arguments) {
    for (int i = 0; i < arguments->text_count; i++) free(arguments->texts[i]);
    set_words_free(&arguments->words);
    free(arguments->set);
}

// Fills in the defaults, and joins the words of --set to one text.
static bool fill_in(Arguments *arguments, Error *error) {
    StudyOptions *study = &arguments->study;
    if (study->kinds.count == 0) {
        for (int i = 0; ffn_kinds[i] != NULL && i < MAX_LIST; i++) {
            study->kinds.items[study->kinds.count++] = ffn_kinds[i]->name;
        }
    }
    if (study->scales.count == 0) study->scales = (TextList){ { "q2", "q3", "q4" }, 3 };
    if (study->seeds.count == 0) study->seeds = (NumberList){ { 1 }, 1 };
    if (study->peaks.count == 0) study->peaks = (NumberList){ { 0.002 }, 1 };
    size_t size = 1, used = 0;
    for (int i = 0; i < arguments->words.count; i++) size += strlen(arguments->words.words[i]) + 1;
    arguments->set = calloc(size, 1);
    if (arguments->set == NULL) return fail(error, "out of memory");
    for (int i = 0; i < arguments->words.count; i++) {
        used += (size_t)snprintf(arguments->set + used, size - used, "%s%s", i ? " " : "",
                                 arguments->words.words[i]);
    }
    study->set = arguments->set;
    return true;
}

static int isoflop(const char *command, const Arguments *arguments) {
    Error error;
    Study study;
    bool misused;
    int status = 0;
    if (!study_open(&study, command, &arguments->study, &misused, &error)) {
        status = misused ? command_misused(command, &error) : command_failed(command, &error);
    } else if (!arguments->dry_run) {
        status = study_run(&study);
    } else if (study_measure(&study, &error)) {
        study_dry_run(&study);
    } else {
        status = command_failed(command, &error);
    }
    study_close(&study);
    return status;
}

int command_isoflop(int argc, char **argv) {
    static const struct argp_child children[] = { { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .help_filter = option_help,
        .args_doc = "--data DIR --out DIR --budget FLOPS",
        .doc = "Trains kinds of feed-forward layers at several sizes, each for the same budget of "
               "FLOPs, and compares their losses: tables on stdout, isoflop.json and pictures in "
               "the folder. It may be stopped at any time; the same command continues.\v"
               "A kind may have options, each after a +: an activation, a router or NAME=VALUE, "
               "as in sgatlin+gelu, sgatlin+key_value, sgatlin+K=4. A study can be extended later "
               "with more seeds, scales, kinds, learning rates or budgets; finished cells are "
               "kept.\n\n"
               "  sgatlin isoflop --data data/ts --out runs/equal --budget 4e12 \\\n"
               "      --peaks 0.002,0.004,0.008",
    };
    Arguments arguments = { 0 };
    Error error;
    if (!options_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments)) return 1;
    int status = 1;
    if (fill_in(&arguments, &error)) {
        program_start(arguments.threads, arguments.study.backend);
        status = isoflop(argv[0], &arguments);
    } else {
        command_failed(argv[0], &error);
    }
    arguments_free(&arguments);
    return status;
}
