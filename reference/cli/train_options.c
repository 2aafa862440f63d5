#include "reference/cli/train_options.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include <string.h>

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

static const struct argp_option known_options[] = {
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

static void add_setting(struct argp_state *state, TrainOptions *options, const char *option,
                        const char *name, const char *value) {
    option_setting(state, &options->words, name, value);
    if (options->settings == NULL) options->settings = option;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    TrainOptions *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->threads;
        state->child_inputs[1] = &options->backend;
        break;
    case 'd': options->data = value; break;
    case 'o': options->out = value; break;
    case 'p': options->preset = value; break;
    case 'f': options->ffn = value; break;
    case KEY_RESUME: options->resume = value; break;
    case KEY_ROUTER: add_setting(state, options, "--router", "router", value); break;
    case KEY_ACTIVATION: add_setting(state, options, "--activation", "activation", value); break;
    case KEY_ROUTING: add_setting(state, options, "--routing", "routing", value); break;
    case KEY_POOL: add_setting(state, options, "--pool", "pool", value); break;
    case KEY_CAPACITY: add_setting(state, options, "--capacity", "capacity", value); break;
    case KEY_STEPS: add_setting(state, options, "--steps", "steps", value); break;
    case KEY_SEED: add_setting(state, options, "--seed", "seed", value); break;
    case KEY_CHECKPOINT_EVERY:
        add_setting(state, options, "--checkpoint-every", "checkpoint_every", value);
        break;
    case 's':
    case ARGP_KEY_ARG:
        option_set(state, &options->words, value);
        if (options->settings == NULL) options->settings = "--set";
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// The first option given that --resume does not allow; NULL: none.
static const char *refused_by_resume(const TrainOptions *options) {
    if (options->out != NULL) return "--out";
    if (options->preset != NULL) return "--preset";
    return options->ffn != NULL ? "--ffn" : options->settings;
}

static int check_usage(const char *command, const TrainOptions *options) {
    Error error;
    const char *refused = refused_by_resume(options);
    if (options->resume != NULL && refused != NULL) {
        fail(&error,
             "%s cannot be given with --resume: a run continues with the settings it was started "
             "with, so that it ends in the same bytes; start another run with --out",
             refused);
        return command_misused(command, &error);
    }
    if (options->resume != NULL) return 0;
    if (options->data != NULL && options->out != NULL) return 0;
    fail(&error,
         "expected --data DIR and --out RUN to start a run, or --resume RUN to continue one");
    return command_misused(command, &error);
}

static bool choose_settings(Config *config, TrainSettings *settings, const TrainOptions *options,
                            Error *error) {
    const char *kind = options->ffn != NULL ? options->ffn : "sgatlin";
    const Preset *preset = preset_find(options->preset != NULL ? options->preset : "demo", error);
    if (preset == NULL) return false;
    const FfnKind *ffn = ffn_named(kind, error);
    if (ffn == NULL || !preset_config(config, preset, ffn, error)) return false;
    *settings = settings_default();
    AllSettings all = { config, settings };
    for (int i = 0; i < options->words.count; i++) {
        if (strncmp(options->words.words[i], "V=", 2) == 0) {
            return fail(error,
                        "%s: the vocabulary is that of the data's tokenizer; `sgatlin data "
                        "--vocab` sets it",
                        options->words.words[i]);
        }
    }
    return words_each(preset->training, set_any, &all, error) &&
           set_words_each(&options->words, set_any, &all, error) &&
           set_words_used(&options->words, config, error) &&
           settings_finish(settings, preset->warmup, error) && config_valid(config, error);
}

// A help_filter: the settings follow the options.
static char *help(int key, const char *text, void *input) {
    return key == ARGP_KEY_HELP_POST_DOC ? settings_help() : option_help(key, text, input);
}

int train_options_parse(TrainOptions *out, int argc, char **argv) {
    static const struct argp_child children[] = { { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = known_options,
        .parser = parse,
        .children = children,
        .args_doc = "--data DIR --out RUN\n--resume RUN",
        .doc = "Trains a language model, or continues a run. Ctrl-C finishes the current step, "
               "saves a checkpoint and prints how to continue (exit status 130).\vsettings",
        .help_filter = help,
    };
    *out = (TrainOptions){ .threads = 0 };
    if (!options_parse(&argp, argc, argv, ARGP_IN_ORDER, out)) return 1;
    return check_usage(argv[0], out);
}

void train_options_free(TrainOptions *options) { set_words_free(&options->words); }

const char *train_options_run(const TrainOptions *options) {
    return options->resume != NULL ? options->resume : options->out;
}

bool train_options_open(Trainer *out, RunLog *log, const TrainOptions *options, bool *misused,
                        Error *error) {
    Config config;
    TrainSettings settings;
    const Backend *backend = options->backend;
    *misused = false;
    if (options->resume != NULL)
        return run_resume(out, log, backend, options->resume, options->data, error);
    *misused = !choose_settings(&config, &settings, options, error);
    if (*misused) return false;
    if (path_exists(options->out) && !run_begin_again(log, options->out, error)) return false;
    return trainer_new(out, backend, options->data, &config, &settings, error);
}
