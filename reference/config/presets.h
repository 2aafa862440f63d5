#ifndef REFERENCE_CONFIG_PRESETS_H
#define REFERENCE_CONFIG_PRESETS_H
#include "reference/config/config.h"

// Named sets of letters, written as one would type them behind --set. V is only what the paper or
// the built-in corpus has: training takes it from the data's tokenizer.
typedef struct {
    const char *name, *summary;
    const char *model;    // what all kinds of feed-forward layers share
    const char *training; // settings of the run (reference/train/settings.h)
    int warmup;           // warm-up is never longer than this
} Preset;

extern const Preset presets[];                             // ends with a NULL name
const Preset *preset_find(const char *name, Error *error); // NULL: the message lists them

// The preset's model with this kind of feed-forward layer.
bool preset_config(Config *out, const Preset *preset, const FfnKind *ffn, Error *error);

// Calls set(context, name, value) on each NAME=VALUE of a text of words; false at the first that
// fails.
typedef bool SettingFunction(void *context, const char *name, const char *value, Error *error);
bool words_each(const char *words, SettingFunction *set, void *context, Error *error);
// A SettingFunction for a Config alone; other names are refused.
bool config_word(void *config, const char *name, const char *value, Error *error);
#endif
