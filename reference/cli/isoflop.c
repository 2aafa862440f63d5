#include "reference/cli/backends.h"
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
    KEY_THREADS,
    KEY_DRY_RUN,
    KEY_TIME
};

static const struct argp_option options[] = {
    { "data", 'd', "DIR", 0, "folder made by `sgatlin data`", 0 },
    { "out", 'o', "DIR", 0, "folder of the study; one that was stopped goes on", 0 },
    { "budget", 'b', "FLOPS,...", 0, "FLOPs of training, as the sgatlin authors count them (4e12)",
      0 },
    { "kinds", KEY_KINDS, "KIND,...", 0, "feed-forward layers (default: all)", 0 },
    { "scales", KEY_SCALES, "SCALE,...", 0, "q1 to q8 (default q2,q3,q4), or the paper's 2 to 8",
      0 },
    { "seeds", KEY_SEEDS, "N,...", 0, "for each kind at each scale (default 1)", 0 },
    { "best-seeds", KEY_BEST_SEEDS, "N,...", 0, "further seeds, for each kind at its best scale",
      0 },
    { "variants", KEY_VARIANTS, "KIND+OPTION,...", 0,
      "for the kind's best scale and learning rate alone", 0 },
    { "peaks", KEY_PEAKS, "RATE,...", 0,
      "learning rates (default 0.002); of several the best for each kind at the smallest scale "
      "serves all its scales",
      0 },
    { "peak", KEY_PEAKS, "RATE", OPTION_ALIAS, NULL, 0 },
    { "set", 's', "NAME=VALUE", 0,
      "settings for every cell, as in --set B=8 T=256; a kind takes those it has", 0 },
    { "dry-run", KEY_DRY_RUN, NULL, 0,
      "say what each cell is and how long it will take, and train nothing", 0 },
    { "time", KEY_TIME, NULL, 0,
      "at the end time a step of each kind and scale, in turns, and count all seconds by that: for "
      "a study that did "
      "not "
      "have the machine for itself",
      0 },
    { "threads", KEY_THREADS, "N", 0, "threads (default: all); changes no bit of the result", 0 },
    { 0 },
};

typedef struct {
    Wanted wanted;
    SetWords words;
    char *texts[LIST_MOST]; // what the lists point into
    int text_count;
    char *set;
    int threads;
    bool dry_run;
} Arguments;

// Cuts a list at its commas. Empty and repeated ones are refused.
static void take_list(struct argp_state *state, TextList *out, const char *option,
                      const char *value) {
    Arguments *arguments = state->input;
    char *text = strdup(value);
    if (text == NULL || arguments->text_count == LIST_MOST) {
        free(text);
        argp_failure(state, 1, 0, "out of memory");
        return;
    }
    arguments->texts[arguments->text_count++] = text;
    out->count = 0;
    for (char *next = text; next != NULL;) {
        char *item = next;
        next = strchr(item, ',');
        if (next != NULL) *next++ = '\0';
        if (*item == '\0') argp_error(state, "--%s %s: an item is empty", option, value);
        for (int i = 0; i < out->count; i++) {
            if (strcmp(out->at[i], item) == 0)
                argp_error(state, "--%s %s: %s stands twice", option, value, item);
        }
        if (out->count == LIST_MOST)
            argp_error(state, "--%s: more than %d items", option, LIST_MOST);
        out->at[out->count++] = item;
    }
}

static void take_numbers(struct argp_state *state, NumberList *out, const char *option,
                         const char *value, double least, double most, bool whole) {
    TextList texts;
    take_list(state, &texts, option, value);
    out->count = texts.count;
    for (int i = 0; i < texts.count; i++) {
        double number = 0;
        bool ok = parse_real(texts.at[i], &number) && number >= least && number <= most;
        if (!ok || (whole && number != floor(number))) {
            argp_error(state, "--%s %s: wanted %s from %g to %g", option, texts.at[i],
                       whole ? "whole numbers" : "numbers", least, most);
        }
        for (int j = 0; j < i; j++) {
            if (out->at[j] == number)
                argp_error(state, "--%s %s: %s stands twice", option, value, texts.at[i]);
        }
        out->at[i] = number;
    }
}

static void take_scales(struct argp_state *state, TextList *out, const char *value) {
    take_list(state, out, "scales", value);
    for (int i = 0; i < out->count; i++) {
        Error error;
        if (!scale_valid(out->at[i], &error)) argp_error(state, "--scales %s", error.text);
        // from small to large
        for (int j = i; j > 0 && scale_find(out->at[j]) < scale_find(out->at[j - 1]); j--) {
            const char *swapped = out->at[j];
            out->at[j] = out->at[j - 1];
            out->at[j - 1] = swapped;
        }
    }
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    Wanted *wanted = &arguments->wanted;
    switch (key) {
    case 'd': wanted->data = value; break;
    case 'o': wanted->out = value; break;
    case 'b': take_numbers(state, &wanted->budgets, "budget", value, 1, 1e30, false); break;
    case KEY_KINDS: take_list(state, &wanted->kinds, "kinds", value); break;
    case KEY_SCALES: take_scales(state, &wanted->scales, value); break;
    case KEY_SEEDS: take_numbers(state, &wanted->seeds, "seeds", value, 0, 9e15, true); break;
    case KEY_BEST_SEEDS:
        take_numbers(state, &wanted->best_seeds, "best-seeds", value, 0, 9e15, true);
        break;
    case KEY_VARIANTS: take_list(state, &wanted->variants, "variants", value); break;
    case KEY_PEAKS: take_numbers(state, &wanted->peaks, "peaks", value, 1e-30, 1e30, false); break;
    case KEY_DRY_RUN: arguments->dry_run = true; break;
    case KEY_TIME: wanted->time = true; break;
    case KEY_THREADS:
        arguments->threads = (int)option_whole(state, "threads", value, 1, 1024);
        break;
    case 's':
    case ARGP_KEY_ARG: option_set(state, &arguments->words, value); break;
    case ARGP_KEY_END:
        if (wanted->data == NULL || wanted->budgets.count == 0 ||
            (wanted->out == NULL && !arguments->dry_run)) {
            argp_error(state, "wanted --data DIR, --budget FLOPS and --out DIR (or --dry-run)");
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

// What was not said, and all words in one text.
static bool complete(Arguments *arguments, Error *error) {
    Wanted *wanted = &arguments->wanted;
    if (wanted->kinds.count == 0) {
        for (int i = 0; ffn_kinds[i] != NULL && i < LIST_MOST; i++) {
            wanted->kinds.at[wanted->kinds.count++] = ffn_kinds[i]->name;
        }
    }
    if (wanted->scales.count == 0) wanted->scales = (TextList){ { "q2", "q3", "q4" }, 3 };
    if (wanted->seeds.count == 0) wanted->seeds = (NumberList){ { 1 }, 1 };
    if (wanted->peaks.count == 0) wanted->peaks = (NumberList){ { 0.002 }, 1 };
    size_t size = 1, used = 0;
    for (int i = 0; i < arguments->words.count; i++) size += strlen(arguments->words.words[i]) + 1;
    arguments->set = calloc(size, 1);
    if (arguments->set == NULL) return fail(error, "out of memory");
    for (int i = 0; i < arguments->words.count; i++) {
        used += (size_t)snprintf(arguments->set + used, size - used, "%s%s", i ? " " : "",
                                 arguments->words.words[i]);
    }
    wanted->set = arguments->set;
    wanted->backend = backend_find(NULL, error);
    return true;
}

static int isoflop(const char *command, const Arguments *arguments) {
    Error error;
    Study study;
    bool misused;
    int status = 0;
    if (!study_open(&study, command, &arguments->wanted, &misused, &error)) {
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
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "--data DIR --out DIR --budget FLOPS",
        .doc = "Trains kinds of feed-forward layers at several sizes, each until the same budget "
               "of FLOPs is spent, and "
               "says which came lowest: a table on stdout, isoflop.json and pictures in the "
               "folder. It may be stopped at "
               "any moment: the same command goes on.\v"
               "A kind may have options behind a +: an activation, a router or NAME=VALUE, as in "
               "sgatlin+gelu, "
               "sgatlin+key_value, sgatlin+K=4. More seeds, scales, kinds, rates or budgets may be "
               "asked of a folder "
               "later; what is done is kept.\n\n"
               "  sgatlin isoflop --data data/ts --budget 4e12 --scales q2,q3,q4 --peaks "
               "0.002,0.004,0.008 --out "
               "runs/equal",
    };
    Arguments arguments = { 0 };
    Error error;
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments) != 0) return 2;
    int status = 1;
    if (complete(&arguments, &error)) {
        program_start(arguments.threads);
        status = isoflop(argv[0], &arguments);
    } else {
        command_failed(argv[0], &error);
    }
    arguments_free(&arguments);
    return status;
}
