#include "reference/config/config.h"
#include "reference/io/parse.h"
#include "reference/numbers/minmax.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every letter with its place; the first five belong to every model, the others to the kinds that
// name them.
static const struct {
    const char *name;
    size_t at;
} letters[] = {
    { "V", offsetof(Config, V) },   { "T", offsetof(Config, T) },   { "D", offsetof(Config, D) },
    { "L", offsetof(Config, L) },   { "Dh", offsetof(Config, Dh) }, { "F", offsetof(Config, F) },
    { "C", offsetof(Config, C) },   { "E", offsetof(Config, E) },   { "K", offsetof(Config, K) },
    { "Dk", offsetof(Config, Dk) },
};
enum { LETTERS = COUNT_OF(letters), MODEL_LETTERS = 5, LETTER_MOST = 1 << 24 };

static const char *const router_names[ROUTERS] = { "product_dense", "product_key_value", "dense",
                                                   "key_value" };
static const char *const activation_names[ACTIVATIONS] = { "identity", "relu", "gelu", "swish" };
static const char *const routing_names[ROUTINGS] = { "token", "expert", "unified" };
static const char *const pool_names[POOLS] = { "step", "sequence" };

// What is chosen by name. Each is an enum, of the size of an int.
static const struct {
    const char *name;
    size_t at;
    const char *const *names;
    int count;
} words[] = {
    { "router", offsetof(Config, router), router_names, ROUTERS },
    { "activation", offsetof(Config, activation), activation_names, ACTIVATIONS },
    { "routing", offsetof(Config, routing), routing_names, ROUTINGS },
    { "pool", offsetof(Config, pool), pool_names, POOLS },
};
_Static_assert(sizeof(Router) == sizeof(int) && sizeof(Activation) == sizeof(int) &&
                   sizeof(Routing) == sizeof(int) && sizeof(Pool) == sizeof(int),
               "an enum is set through a pointer to int");

static const struct {
    const char *name;
    size_t at;
    double most;
    bool optional; // 0 means that there is none of it
} reals[] = {
    { "alpha", offsetof(Config, alpha), 1.0, false },
    { "capacity", offsetof(Config, capacity), 1 << 24, false },
    { "switch", offsetof(Config, switch_loss), 1e3, true },
    { "z", offsetof(Config, z_loss), 1e3, true },
    { "bias", offsetof(Config, bias_step), 1.0, true },
};
enum { WORDS = COUNT_OF(words), REALS = COUNT_OF(reals) };

// Settings that only some routings of a moe have: bits of 1 << Routing.
static const struct {
    const char *name;
    unsigned routings;
} routed[] = {
    { "K", 1u << ROUTING_TOKEN | 1u << ROUTING_UNIFIED },
    { "pool", 1u << ROUTING_UNIFIED },
    { "alpha", 1u << ROUTING_UNIFIED },
    { "capacity", 1u << ROUTING_EXPERT },
    { "switch", 1u << ROUTING_TOKEN },
    { "z", 1u << ROUTING_TOKEN },
    { "bias", 1u << ROUTING_TOKEN },
};

static int letter(const Config *config, int i) {
    return *(const int *)((const char *)config + letters[i].at);
}
static int word(const Config *config, int i) {
    return *(const int *)((const char *)config + words[i].at);
}
static double real(const Config *config, int i) {
    return *(const double *)((const char *)config + reals[i].at);
}
static void *place(Config *config, size_t at) { return (char *)config + at; } // to set one of them

Config config_default(const FfnKind *ffn) {
    return (Config){ .ffn = ffn, .alpha = 0.5, .capacity = 2.0 };
}

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

bool kind_uses(const FfnKind *kind, const char *setting) { return listed(kind->settings, setting); }

static bool routing_has(const Config *config, const char *name) {
    if (!kind_uses(config->ffn, "routing")) return true;
    for (int i = 0; i < COUNT_OF(routed); i++) {
        if (strcmp(routed[i].name, name) == 0)
            return (routed[i].routings >> config->routing & 1u) != 0;
    }
    return true;
}

static bool used(const Config *config, const char *name) {
    return kind_uses(config->ffn, name) && routing_has(config, name);
}

static bool letter_used(const Config *config, int i) {
    return i < MODEL_LETTERS || used(config, letters[i].name);
}

static bool optional_setting(const char *name) {
    for (int i = MODEL_LETTERS; i < LETTERS; i++) {
        if (strcmp(letters[i].name, name) == 0) return true;
    }
    for (int i = 0; i < WORDS; i++) {
        if (strcmp(words[i].name, name) == 0) return true;
    }
    for (int i = 0; i < REALS; i++) {
        if (strcmp(reals[i].name, name) == 0) return true;
    }
    return false;
}

bool config_unused(const Config *config, const char *name, Error *error) {
    if (!optional_setting(name) || used(config, name)) return false;
    if (!kind_uses(config->ffn, name)) {
        fail(error, "--ffn %s has no such setting", config->ffn->name);
        return true;
    }
    char owners[64] = "";
    for (int i = 0; i < COUNT_OF(routed); i++) {
        for (int j = 0; strcmp(routed[i].name, name) == 0 && j < ROUTINGS; j++) {
            size_t length = strlen(owners);
            if ((routed[i].routings >> j & 1u) == 0) continue;
            snprintf(owners + length, sizeof owners - length, "%s%s", length ? " or " : "",
                     routing_names[j]);
        }
    }
    fail(error, "belongs to --routing %s, this is %s", owners, routing_names[config->routing]);
    return true;
}

static bool set_word(int *out, const char *what, const char *value, const char *const *names,
                     int count, Error *error) {
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

// A whole number; K, which a pool over many tokens may spend in parts, also one that is not.
static bool set_letter(Config *config, int i, const char *value, Error *error) {
    int64_t number;
    double budget;
    bool is_K = letters[i].at == offsetof(Config, K);
    if (is_K) config->budget = 0.0;
    if (parse_int(value, &number) && number >= 1 && number <= LETTER_MOST) {
        return *(int *)place(config, letters[i].at) = (int)number, true;
    }
    if (is_K && parse_real(value, &budget) && budget >= 1.0 && budget <= LETTER_MOST) {
        config->K = (int)budget;
        if (budget > config->K) config->budget = budget;
        return true;
    }
    return fail(error, "%s=%s: wanted a whole number from 1 to %d", letters[i].name, value,
                LETTER_MOST);
}

static bool set_real(Config *config, int i, const char *value, Error *error) {
    double number;
    if (parse_real(value, &number) && number >= 0.0 && number <= reals[i].most) {
        return *(double *)place(config, reals[i].at) = number, true;
    }
    return fail(error, "%s=%s: wanted a number from 0 to %g", reals[i].name, value, reals[i].most);
}

bool config_set(Config *config, const char *name, const char *value, bool *found, Error *error) {
    *found = true;
    for (int i = 0; i < LETTERS; i++) {
        if (strcmp(name, letters[i].name) == 0) return set_letter(config, i, value, error);
    }
    for (int i = 0; i < WORDS; i++) {
        if (strcmp(name, words[i].name) == 0) {
            return set_word(place(config, words[i].at), name, value, words[i].names, words[i].count,
                            error);
        }
    }
    for (int i = 0; i < REALS; i++) {
        if (strcmp(name, reals[i].name) == 0) return set_real(config, i, value, error);
    }
    *found = false;
    return true;
}

bool config_valid(const Config *config, Error *error) {
    if (config->ffn == NULL) return fail(error, "no feed-forward kind chosen: give one with --ffn");
    for (int i = 0; i < LETTERS; i++) {
        int value = letter(config, i);
        if (!letter_used(config, i)) continue;
        if (value < 1 || value > LETTER_MOST) {
            return fail(error, "%s=%d: wanted 1 to %d; give it with --set %s=…", letters[i].name,
                        value, LETTER_MOST, letters[i].name);
        }
    }
    if (config->D % config->Dh != 0) {
        return fail(error,
                    "D=%d is not a multiple of the head size Dh=%d: take --set Dh=%d or another D",
                    config->D, config->Dh, config->D % 64 == 0 ? 64 : config->D);
    }
    if (config->Dh % 2 != 0) {
        return fail(error, "Dh=%d is odd: rotary embeddings turn pairs, so Dh must be even",
                    config->Dh);
    }
    bool parts = kind_uses(config->ffn, "routing") && config->routing == ROUTING_UNIFIED;
    if (config->budget > 0.0 && used(config, "K") && !parts) {
        return fail(error,
                    "K=%g: a whole number of experts is wanted here: K=%d or K=%d; --ffn moe "
                    "--routing unified takes parts",
                    config->budget, config->K, config->K + 1);
    }
    return config->ffn->valid == NULL || config->ffn->valid(config, error);
}

// The shortest text that reads as the same number.
static void real_text(char out[CONFIG_TEXT], double value) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, CONFIG_TEXT, "%.*g", digits, value);
        if (strtod(out, NULL) == value) return;
    }
}

static Setting letter_setting(const Config *config, int i) {
    Setting setting = { .name = letters[i].name };
    if (letters[i].at == offsetof(Config, K)) {
        real_text(setting.value, config_budget(config));
    } else {
        snprintf(setting.value, CONFIG_TEXT, "%d", letter(config, i));
    }
    return setting;
}

int config_settings(const Config *config, Setting out[CONFIG_SETTINGS]) {
    int count = 0;
    out[count].name = "ffn";
    snprintf(out[count++].value, CONFIG_TEXT, "%s", config->ffn->name);
    for (int i = 0; i < LETTERS; i++) {
        if (letter_used(config, i)) out[count++] = letter_setting(config, i);
    }
    for (int i = 0; i < WORDS; i++) {
        if (!used(config, words[i].name)) continue;
        out[count].name = words[i].name;
        snprintf(out[count++].value, CONFIG_TEXT, "%s", words[i].names[word(config, i)]);
    }
    for (int i = 0; i < REALS; i++) {
        if (!used(config, reals[i].name) || (reals[i].optional && real(config, i) == 0.0)) continue;
        out[count].name = reals[i].name;
        real_text(out[count++].value, real(config, i));
    }
    return count;
}

bool config_equal(const Config *a, const Config *b) {
    Setting of_a[CONFIG_SETTINGS], of_b[CONFIG_SETTINGS];
    int count = config_settings(a, of_a);
    if (count != config_settings(b, of_b)) return false;
    for (int i = 0; i < count; i++) {
        if (strcmp(of_a[i].name, of_b[i].name) != 0 || strcmp(of_a[i].value, of_b[i].value) != 0)
            return false;
    }
    return true;
}

bool config_from_metadata(Config *out, const FfnKind *ffn, const Safetensors *file, Error *error) {
    Config config = config_default(ffn);
    Error why;
    for (int i = 0; i < file->metadata_count; i++) {
        bool found;
        if (!config_set(&config, file->metadata[i].key, file->metadata[i].value, &found, &why)) {
            return fail(error, "%s: metadata: %s", file->path, why.text);
        }
    }
    for (int i = 0; i < LETTERS; i++) {
        if (letter_used(&config, i) && letter(&config, i) == 0) {
            return fail(error, "%s: the metadata lacks %s, which ffn=%s needs", file->path,
                        letters[i].name, ffn->name);
        }
    }
    if (!config_valid(&config, &why)) return fail(error, "%s: metadata: %s", file->path, why.text);
    *out = config;
    return true;
}
