#include "reference/config/presets.h"
#include <string.h>

const Preset presets[] = {
    { "tiny", "for tests, seconds", "V=512 T=32 D=16 L=2 Dh=8",
      "B=4 steps=20 peak=0.003 log_every=5 eval_every=10 eval_batches=4 checkpoint_every=10", 100 },
    // Heads of width 16: keeping apart who "she" is and what her name was takes many heads (four
    // heads of 32 mixed them up).
    { "demo", "storyworld, some minutes on two cores", "V=1024 T=256 D=128 L=3 Dh=16",
      "B=4 steps=2000 peak=0.004 log_every=20 eval_every=200 eval_batches=16 checkpoint_every=600",
      100 },
    { "laptop", "real stories, about ten minutes on two cores", "V=4096 T=256 D=192 L=4 Dh=24",
      "B=8 steps=2600 peak=0.006 log_every=20 eval_every=200 eval_batches=32 checkpoint_every=500",
      100 },
    { "tinystories", "the paper's TinyStories run", "V=8192 T=1024 D=256 L=4 Dh=64",
      "B=256 steps=8280 peak=0.001 clip=2 batching=padded log_every=1 eval_every=100 "
      "eval_batches=2 checkpoint_every=100",
      100 },
    { 0 },
};

const Preset *preset_find(const char *name, Error *error) {
    char list[256] = "";
    for (const Preset *preset = presets; preset->name != NULL; preset++) {
        if (strcmp(preset->name, name) == 0) return preset;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", preset->name);
    }
    fail(error, "there is no preset %.200s; there are %s", name, list);
    return NULL;
}

bool words_each(const char *words, SettingFunction *set, void *context, Error *error) {
    for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
        char word[256];
        size_t length = strcspn(words, " ");
        if (length >= sizeof word)
            return fail(error, "%.60s…: a setting is at most %zu bytes", words, sizeof word - 1);
        memcpy(word, words, length);
        word[length] = '\0';
        words += length;
        char *equals = strchr(word, '=');
        if (equals == NULL || equals == word)
            return fail(error, "%s: expected NAME=VALUE, as in D=128", word);
        *equals = '\0';
        if (!set(context, word, equals + 1, error)) return false;
    }
    return true;
}

bool config_word(void *context, const char *name, const char *value, Error *error) {
    bool found;
    if (!config_set(context, name, value, &found, error)) return false;
    return found ? true : fail(error, "%s=%s: a model has no such setting", name, value);
}

const char *preset_settings(const Preset *preset, const FfnKind *ffn) {
    for (int i = 0; i < MAX_PRESETS && ffn->presets[i].preset != NULL; i++) {
        if (strcmp(ffn->presets[i].preset, preset->name) == 0) return ffn->presets[i].settings;
    }
    return NULL;
}

bool preset_config(Config *out, const Preset *preset, const FfnKind *ffn, Error *error) {
    const char *settings = preset_settings(preset, ffn);
    Config config = config_default(ffn);
    if (settings == NULL)
        return fail(error, "preset %s has no model with --ffn %s", preset->name, ffn->name);
    if (!words_each(preset->model, config_word, &config, error) ||
        !words_each(settings, config_word, &config, error))
        return false;
    *out = config;
    return true;
}
