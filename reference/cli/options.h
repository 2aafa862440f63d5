#ifndef REFERENCE_CLI_OPTIONS_H
#define REFERENCE_CLI_OPTIONS_H
#include "reference/cli/backends.h"
#include "reference/config/config.h"
#include "reference/config/presets.h"
#include "reference/io/error.h"
#include "reference/train/settings.h"
#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

// What the commands share. Wrong usage goes through argp_error: a message, where to find help, exit
// status 2.

#define SGATLIN_VERSION "0.1"

// argp_parse, which reports wrong usage and exits, but returns without a word when memory runs out:
// this prints a message then, and returns false.
bool options_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input);

// The values of numeric options, from min to max.
int64_t option_whole(const struct argp_state *state, const char *option, const char *text,
                     int64_t min, int64_t max);
double option_real(const struct argp_state *state, const char *option, const char *text, double min,
                   double max);

// Options of several commands, as children of a command's argp: list them in its `children`, and at
// ARGP_KEY_INIT set state->child_inputs[i] to where the value of child i goes.
extern const struct argp checkpoint_option; // --checkpoint RUN, required: const char **
extern const struct argp threads_option;    // --threads N: int *, unchanged when not given
extern const struct argp json_option;       // --json: bool *
// --device NAME, --precision NAME: const Backend **, set in any case
extern const struct argp device_option;

// A help_filter for argp: replaces %kinds, %presets, %scales, %routers, %activations or %devices in
// a help text by their names.
char *option_help(int key, const char *text, void *input);

// The settings given with --set, each as NAME=VALUE. For --set D=128 K=8 argp reports the second as
// a bare argument: pass those to option_set too. The last value of a setting counts, so parse with
// ARGP_IN_ORDER, or argp reports the bare arguments last.
typedef struct {
    char **words;
    int count;
    size_t capacity;
} SetWords;
void option_set(const struct argp_state *state, SetWords *words, const char *word);
// The same for an option that is short for a setting: --steps 9 for --set steps=9.
void option_setting(const struct argp_state *state, SetWords *words, const char *name,
                    const char *value);
bool set_words_each(const SetWords *words, SettingFunction *set, void *context, Error *error);
void set_words_free(SetWords *words);

// A SettingFunction for settings of the model and of the training run; context is an AllSettings.
typedef struct {
    Config *config;
    TrainSettings *settings;
} AllSettings;
bool set_any(void *all_settings, const char *name, const char *value, Error *error);
// Fails for a setting that this kind of feed-forward layer or its routing does not use, such as K
// for an mlp.
bool set_words_used(const SetWords *words, const Config *config, Error *error);

// The options that select a moe's routing, for messages: "--routing unified --pool sequence".
const char *routing_words(const Config *config);

// Prints "sgatlin NAME: message" to stderr and returns 1; command is argv[0].
int command_failed(const char *command, const Error *error);
// The same for wrong usage that is found after parsing, with where to find help; returns 2.
int command_misused(const char *command, const Error *error);

// Says that fewer threads are used than were asked for.
void warn_of_threads(int requested, int allowed);

// Sets the number of threads (0: one per processor), prepares BLAS, and prints to stderr what the
// program runs with. Call before any computation.
void program_start(int threads, const Backend *backend);
#endif
