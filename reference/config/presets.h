#ifndef REFERENCE_CONFIG_PRESETS_H
#define REFERENCE_CONFIG_PRESETS_H
#include "reference/config/config.h"

// Named settings of a model and its training, written as one would pass them to --set. V is that of
// the paper or of the built-in corpus; training replaces it by the vocabulary of its data.
typedef struct {
    const char *name, *summary;
    const char *model;    // what all kinds of feed-forward layers have in common; the rest is in
                          // FfnKind.presets
    const char *training; // settings of the run (reference/train/settings.h)
    int warmup;           // maximum number of warm-up steps
} Preset;

extern const Preset presets[];                             // ends with a NULL name
const Preset *preset_find(const char *name, Error *error); // NULL: the error lists them

// The kind's own settings in the preset; NULL: it has none there.
const char *preset_settings(const Preset *preset, const FfnKind *ffn);
// The preset's model with this kind of feed-forward layer.
bool preset_config(Config *out, const Preset *preset, const FfnKind *ffn, Error *error);

// Calls set(context, name, value) for each NAME=VALUE of a text, separated by spaces; stops and
// returns false at the first that fails.
typedef bool SettingFunction(void *context, const char *name, const char *value, Error *error);
bool words_each(const char *words, SettingFunction *set, void *context, Error *error);
// A SettingFunction with a Config as its context; names that are not settings of a model fail.
bool config_word(void *config, const char *name, const char *value, Error *error);
#endif
