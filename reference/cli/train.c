#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/signals.h"
#include "reference/cli/train_plan.h"
#include "reference/cli/train_progress.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/io/shell_word.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *data, *out, *resume, *preset, *ffn;
    const Backend *backend;
    SetWords words;       // of --set and of the options that are short for one
    const char *settings; // the first option that --resume does not allow, NULL: none
    int threads;
} Arguments;

enum {
    KEY_RESUME = 1000,
    KEY_ROUTER,
    KEY_ACTIVATION,
    KEY_ROUTING,
    KEY_POOL,
    KEY_CAPACITY,
    KEY_STEPS,
    KEY_SEED,
    KEY_CHECKPOINT_EVERY
};

static const struct argp_option options[] = {
    { "data", 'd', "DIR", 0, "folder made by `sgatlin data`", 0 },
    { "out", 'o', "RUN", 0, "folder of the new run; must not exist", 0 },
    { "resume", KEY_RESUME, "RUN", 0, "continue a run from its newest checkpoint", 0 },
    { "preset", 'p', "NAME", 0, "one of %presets (default demo)", 0 },
    { "ffn", 'f', "KIND", 0, "feed-forward layer: one of %kinds (default sgatlin)", 0 },
    { "router", KEY_ROUTER, "NAME", 0, "router of sgatlin: one of %routers", 0 },
    { "activation", KEY_ACTIVATION, "NAME", 0, "activation of sgatlin: one of %activations", 0 },
    { "routing", KEY_ROUTING, "NAME", 0,
      "what selects in a moe: token (default), expert or unified", 0 },
    { "pool", KEY_POOL, "NAME", 0,
      "unified routing: selects within a time step (step, default) or a sequence (sequence)", 0 },
    { "capacity", KEY_CAPACITY, "X", 0,
      "expert routing: average number of experts per token (default 2)", 0 },
    { "set", 's', "NAME=VALUE", 0, "change the preset's settings, as in --set D=128 K=8", 0 },
    { "steps", KEY_STEPS, "N", 0, "the same as --set steps=N", 0 },
    { "seed", KEY_SEED, "N", 0, "the same as --set seed=N", 0 },
    { "checkpoint-every", KEY_CHECKPOINT_EVERY, "N", 0, "the same as --set checkpoint_every=N", 0 },
    { 0 },
};

static void add_setting(struct argp_state *state, Arguments *arguments, const char *option,
                        const char *name, const char *value) {
    option_setting(state, &arguments->words, name, value);
    if (arguments->settings == NULL) arguments->settings = option;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->threads;
        state->child_inputs[1] = &arguments->backend;
        break;
    case 'd': arguments->data = value; break;
    case 'o': arguments->out = value; break;
    case 'p': arguments->preset = value; break;
    case 'f': arguments->ffn = value; break;
    case KEY_RESUME: arguments->resume = value; break;
    case KEY_ROUTER: add_setting(state, arguments, "--router", "router", value); break;
    case KEY_ACTIVATION: add_setting(state, arguments, "--activation", "activation", value); break;
    case KEY_ROUTING: add_setting(state, arguments, "--routing", "routing", value); break;
    case KEY_POOL: add_setting(state, arguments, "--pool", "pool", value); break;
    case KEY_CAPACITY: add_setting(state, arguments, "--capacity", "capacity", value); break;
    case KEY_STEPS: add_setting(state, arguments, "--steps", "steps", value); break;
    case KEY_SEED: add_setting(state, arguments, "--seed", "seed", value); break;
    case KEY_CHECKPOINT_EVERY:
        add_setting(state, arguments, "--checkpoint-every", "checkpoint_every", value);
        break;
    case 's':
    case ARGP_KEY_ARG:
        option_set(state, &arguments->words, value);
        if (arguments->settings == NULL) arguments->settings = "--set";
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// The first option given that --resume does not allow; NULL: none.
static const char *refused_by_resume(const Arguments *arguments) {
    if (arguments->out != NULL) return "--out";
    if (arguments->preset != NULL) return "--preset";
    return arguments->ffn != NULL ? "--ffn" : arguments->settings;
}

static int check_usage(const char *command, const Arguments *arguments) {
    Error error;
    const char *refused = refused_by_resume(arguments);
    if (arguments->resume != NULL && refused != NULL) {
        fail(&error,
             "%s cannot be given with --resume: a run continues with the settings it was started "
             "with, so that it ends in the same bytes; start another run with --out",
             refused);
        return command_misused(command, &error);
    }
    if (arguments->resume != NULL) return 0;
    if (arguments->data != NULL && arguments->out != NULL) return 0;
    fail(&error,
         "expected --data DIR and --out RUN to start a run, or --resume RUN to continue one");
    return command_misused(command, &error);
}

static bool choose_settings(Config *config, TrainSettings *settings, const Arguments *arguments,
                            Error *error) {
    const char *kind = arguments->ffn != NULL ? arguments->ffn : "sgatlin";
    const Preset *preset =
        preset_find(arguments->preset != NULL ? arguments->preset : "demo", error);
    if (preset == NULL) return false;
    const FfnKind *ffn = ffn_named(kind, error);
    if (ffn == NULL || !preset_config(config, preset, ffn, error)) return false;
    *settings = settings_default();
    AllSettings all = { config, settings };
    for (int i = 0; i < arguments->words.count; i++) {
        if (strncmp(arguments->words.words[i], "V=", 2) == 0) {
            return fail(error,
                        "%s: the vocabulary is that of the data's tokenizer; `sgatlin data "
                        "--vocab` sets it",
                        arguments->words.words[i]);
        }
    }
    return words_each(preset->training, set_any, &all, error) &&
           set_words_each(&arguments->words, set_any, &all, error) &&
           set_words_used(&arguments->words, config, error) &&
           settings_finish(settings, preset->warmup, error) && config_valid(config, error);
}

static void print_baselines(const RunLog *log) {
    const json_t *baselines = json_object_get(log->header, "baselines");
    fprintf(stderr, "to beat  unigram %.4f, trigram %.4f nats per token\n",
            json_number_value(json_object_get(baselines, "unigram")),
            json_number_value(json_object_get(baselines, "trigram")));
}

static bool start_run(Trainer *out, RunLog *log, const Backend *backend, const Arguments *arguments,
                      const Config *config, const TrainSettings *settings, Error *error) {
    if (path_exists(arguments->out) && !run_begin_again(log, arguments->out, error)) return false;
    return trainer_new(out, backend, arguments->data, config, settings, error);
}

static int run_to_end(const char *command, Trainer *trainer, const char *folder, RunLog *log) {
    switch (train_with_progress(command, trainer, folder, log)) {
    case RUN_FINISHED:
        fprintf(stderr,
                "done     %s: try build/sgatlin sample --checkpoint %s --prompt \"Once upon a "
                "time\"\n",
                folder, shell_word(folder).text);
        return 0;
    case RUN_STOPPED:
        fprintf(stderr,
                "stopped  after step %lld of %lld; continue with: build/sgatlin train --resume "
                "%s\n",
                (long long)trainer->step, (long long)trainer->settings.steps,
                shell_word(folder).text);
        return signals_status();
    default: return 1;
    }
}

// The trainer is open; the log is open afterwards. The run to its end.
static int train(const char *command, Trainer *trainer, RunLog *log, const char *folder) {
    Error error;
    if (!print_plan(trainer, folder, &error) || !run_open_log(log, folder, trainer, NULL, &error))
        return command_failed(command, &error);
    int status = 0;
    if (trainer->step == trainer->settings.steps && log->final) {
        fprintf(stderr, "%s: is finished, all %lld steps are done; nothing to do\n", folder,
                (long long)trainer->step);
    } else {
        print_baselines(log);
        status = run_to_end(command, trainer, folder, log);
    }
    return status;
}

static int open_and_train(const char *command, const Arguments *arguments) {
    Trainer trainer = { 0 };
    Config config;
    TrainSettings settings;
    Error error;
    bool resumes = arguments->resume != NULL;
    if (!resumes && !choose_settings(&config, &settings, arguments, &error))
        return command_misused(command, &error);
    const Backend *backend = arguments->backend;
    const char *folder = resumes ? arguments->resume : arguments->out;
    RunLog log = LOG_CLOSED;
    bool ok = resumes ? run_resume(&trainer, &log, backend, folder, arguments->data, &error)
                      : start_run(&trainer, &log, backend, arguments, &config, &settings, &error);
    int status = ok ? train(command, &trainer, &log, folder) : command_failed(command, &error);
    log_close(&log);
    trainer_free(&trainer);
    return status;
}

// A help_filter: the settings follow the options.
static char *help(int key, const char *text, void *input) {
    return key == ARGP_KEY_HELP_POST_DOC ? settings_help() : option_help(key, text, input);
}

int command_train(int argc, char **argv) {
    static const struct argp_child children[] = { { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .args_doc = "--data DIR --out RUN\n--resume RUN",
        .doc = "Trains a language model, or continues a run. Ctrl-C finishes the current step, "
               "saves a checkpoint and prints how to continue (exit status 130).\vsettings",
        .help_filter = help,
    };
    Arguments arguments = { 0 };
    if (!options_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments)) return 1;
    int status = check_usage(argv[0], &arguments);
    if (status == 0) {
        program_start(arguments.threads, arguments.backend);
        status = open_and_train(argv[0], &arguments);
    }
    set_words_free(&arguments.words);
    return status;
}
