#include "reference/model/config.h"
#include "reference/ffn/ffn.h"
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every letter with its place; the first five belong to every model, the others to the kinds that name them.
static const struct {
    const char *name;
    size_t at;
} letters[] = {
    { "V", offsetof(Config, V) }, { "T", offsetof(Config, T) },   { "D", offsetof(Config, D) },
    { "L", offsetof(Config, L) }, { "Dh", offsetof(Config, Dh) }, { "F", offsetof(Config, F) },
    { "C", offsetof(Config, C) }, { "K", offsetof(Config, K) },   { "Dk", offsetof(Config, Dk) },
};
enum { LETTERS = sizeof letters / sizeof letters[0], MODEL_LETTERS = 5, LETTER_MOST = 1 << 24 };

static const char *const router_names[ROUTERS] = { "product_dense", "product_key_value", "dense", "key_value" };
static const char *const activation_names[ACTIVATIONS] = { "identity", "relu", "gelu", "swish" };

static int *letter(const Config *config, int i) { return (int *)((char *)config + letters[i].at); }

int config_keys(const Config *config) {
    int n = 0;
    while ((int64_t)(n + 1) * (n + 1) <= config->F) n++;
    return n;
}

// Is `name` one of the words of `list`?
static bool listed(const char *list, const char *name) {
    size_t size = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += size) {
        bool starts = at == list || at[-1] == ' ', ends = at[size] == '\0' || at[size] == ' ';
        if (starts && ends) return true;
    }
    return false;
}

static bool letter_used(const Config *config, int i) {
    return i < MODEL_LETTERS || listed(config->ffn->letters, letters[i].name);
}

static bool choose(int *out, const char *what, const char *value, const char *const *names, int count, Error *error) {
    for (int i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) return *out = i, true;
    }
    char known[160] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", names[i]);
    }
    return fail(error, "%s=%s: no such %s; there are %s", what, value, what, known);
}

static bool set_ffn(Config *config, const char *value, Error *error) {
    const char *names[16];
    int count = 0, chosen = 0;
    while (ffn_kinds[count] != NULL) names[count] = ffn_kinds[count]->name, count++;
    if (!choose(&chosen, "ffn", value, names, count, error)) return false;
    config->ffn = ffn_kinds[chosen];
    return true;
}

bool config_set(Config *config, const char *name, const char *value, bool *found, Error *error) {
    int chosen = 0;
    *found = true;
    for (int i = 0; i < LETTERS; i++) {
        if (strcmp(name, letters[i].name) != 0) continue;
        char *end;
        long number = strtol(value, &end, 10);
        if (end == value || *end != '\0' || number < 1 || number > LETTER_MOST) {
            return fail(error, "%s=%s: wanted a whole number from 1 to %d", name, value, LETTER_MOST);
        }
        return *letter(config, i) = (int)number, true;
    }
    if (strcmp(name, "ffn") == 0) return set_ffn(config, value, error);
    if (strcmp(name, "router") == 0) {
        if (!choose(&chosen, name, value, router_names, ROUTERS, error)) return false;
        return config->router = (Router)chosen, true;
    }
    if (strcmp(name, "activation") == 0) {
        if (!choose(&chosen, name, value, activation_names, ACTIVATIONS, error)) return false;
        return config->activation = (Activation)chosen, true;
    }
    *found = false;
    return true;
}

bool config_valid(const Config *config, Error *error) {
    if (config->ffn == NULL) return fail(error, "no feed-forward kind chosen: give --ffn mlp, glu, peer or sgatlin");
    for (int i = 0; i < LETTERS; i++) {
        int value = *letter(config, i);
        if (!letter_used(config, i)) continue;
        if (value < 1 || value > LETTER_MOST) {
            return fail(error, "%s=%d: wanted 1 to %d; give it with --set %s=…", letters[i].name, value, LETTER_MOST,
                        letters[i].name);
        }
    }
    if (config->D % config->Dh != 0) {
        return fail(error, "D=%d is not a multiple of the head size Dh=%d: take --set Dh=%d or another D", config->D,
                    config->Dh, config->D % 64 == 0 ? 64 : config->D);
    }
    if (config->Dh % 2 != 0) {
        return fail(error, "Dh=%d is odd: rotary embeddings turn pairs, so Dh must be even", config->Dh);
    }
    return config->ffn->valid(config, error);
}

int config_settings(const Config *config, Setting out[CONFIG_SETTINGS]) {
    int count = 0;
    out[count].name = "ffn";
    snprintf(out[count++].value, CONFIG_TEXT, "%s", config->ffn->name);
    for (int i = 0; i < LETTERS; i++) {
        if (!letter_used(config, i)) continue;
        out[count].name = letters[i].name;
        snprintf(out[count++].value, CONFIG_TEXT, "%d", *letter(config, i));
    }
    if (listed(config->ffn->letters, "router")) {
        out[count].name = "router";
        snprintf(out[count++].value, CONFIG_TEXT, "%s", router_names[config->router]);
    }
    if (listed(config->ffn->letters, "activation")) {
        out[count].name = "activation";
        snprintf(out[count++].value, CONFIG_TEXT, "%s", activation_names[config->activation]);
    }
    return count;
}

bool config_equal(const Config *a, const Config *b) {
    Setting of_a[CONFIG_SETTINGS], of_b[CONFIG_SETTINGS];
    int count = config_settings(a, of_a);
    if (count != config_settings(b, of_b)) return false;
    for (int i = 0; i < count; i++) {
        if (strcmp(of_a[i].name, of_b[i].name) != 0 || strcmp(of_a[i].value, of_b[i].value) != 0) return false;
    }
    return true;
}

bool config_from_metadata(Config *out, const Safetensors *file, Error *error) {
    Config config = { 0 };
    Error why;
    const char *ffn = safetensors_metadata(file, "ffn");
    if (ffn == NULL) return fail(error, "%s: the metadata has no `ffn`; this is no model of ours", file->path);
    for (int i = 0; i < file->metadata_count; i++) {
        bool found;
        if (!config_set(&config, file->metadata[i].key, file->metadata[i].value, &found, &why)) {
            return fail(error, "%s: metadata: %s", file->path, why.text);
        }
    }
    for (int i = 0; i < LETTERS; i++) {
        if (letter_used(&config, i) && *letter(&config, i) == 0) {
            return fail(error, "%s: the metadata lacks %s, which ffn=%s needs", file->path, letters[i].name, ffn);
        }
    }
    if (!config_valid(&config, &why)) return fail(error, "%s: metadata: %s", file->path, why.text);
    *out = config;
    return true;
}
