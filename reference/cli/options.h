#ifndef REFERENCE_CLI_OPTIONS_H
#define REFERENCE_CLI_OPTIONS_H
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

// Values of options, within limits.
int64_t option_whole(const struct argp_state *state, const char *option, const char *text,
                     int64_t least, int64_t most);
double option_real(const struct argp_state *state, const char *option, const char *text,
                   double least, double most);

// What --set collects: --set D=128 K=8 gives argp one value and further bare arguments, which count
// too. Of two words for one setting the later is taken: parse with ARGP_IN_ORDER, or argp hands
// over the bare ones last.
typedef struct {
    char **words;
    int count;
} SetWords;
void option_set(const struct argp_state *state, SetWords *words, const char *word);
// The same for an option of its own that stands for a setting: --steps 9 for steps=9.
void option_setting(const struct argp_state *state, SetWords *words, const char *name,
                    const char *value);
bool set_words_each(const SetWords *words, SettingFunction *set, void *context, Error *error);
void set_words_free(SetWords *words);

// A SettingFunction for all there is: tries the model's letters, then the run's settings..
typedef struct {
    Config *config;
    TrainSettings *settings;
} AllSettings;
bool set_any(void *all_settings, const char *name, const char *value, Error *error);
// Refuses a word that this kind of feed-forward layer or its routing has no use for, as K with mlp.
bool set_words_used(const SetWords *words, const Config *config, Error *error);

// "--routing unified --pool sequence": what a moe was trained with, as one would ask for it.
const char *routing_words(const Config *config);

// Prints "sgatlin NAME: message" on stderr and returns 1; command is argv[0].
int command_failed(const char *command, const Error *error);
// The same for arguments that only turn out wrong together, with where to find help: returns 2.
int command_misused(const char *command, const Error *error);

// Sets the number of threads (0: as many as the machine has), readies BLAS and says on stderr what
// the program runs with. Call first.
void program_start(int threads);

#endif
