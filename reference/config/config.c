#include "reference/config/config.h"
#include "reference/io/parse.h"
#include "reference/numbers/minmax.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const router_names[ROUTERS] = { "product_dense", "product_key_value", "dense",
                                            "key_value" };
const char *const activation_names[ACTIVATIONS] = { "identity", "relu", "gelu", "swish" };
static const char *const routing_names[ROUTINGS] = { "token", "expert", "unified" };
static const char *const pool_names[POOLS] = { "step", "sequence" };

enum { MAX_DIMENSION = 1 << 24, MAX_LAYERS = 1 << 12 };
enum { TOKEN = 1 << ROUTING_TOKEN, EXPERT = 1 << ROUTING_EXPERT, UNIFIED = 1 << ROUTING_UNIFIED };

typedef enum { DIMENSION, NAME, NUMBER } Type;

// The settings, in the order of config_settings.
typedef struct {
    const char *name;
    size_t offset; // in Config: an int, or for NUMBER a double
    Type type;
    bool every_model;         // used by every kind, else by those whose settings list it
    int routings;             // of a moe: the routings that use it; 0: all
    const char *const *names; // NAME: its values [count]
    int count;
    double max;    // NUMBER; DIMENSION: 0 is MAX_DIMENSION
    bool optional; // NUMBER: 0 is the same as leaving it out
} Row;

#define FIELD(name) #name, offsetof(Config, name)
static const Row rows[] = {
    { FIELD(V), DIMENSION, .every_model = true },
    { FIELD(T), DIMENSION, .every_model = true },
    { FIELD(D), DIMENSION, .every_model = true },
    { FIELD(L), DIMENSION, .every_model = true, .max = MAX_LAYERS },
    { FIELD(Dh), DIMENSION, .every_model = true },
    { FIELD(F), .type = DIMENSION },
    { FIELD(C), .type = DIMENSION },
    { FIELD(E), .type = DIMENSION },
    { FIELD(K), DIMENSION, .routings = TOKEN | UNIFIED },
    { FIELD(Dk), .type = DIMENSION },
    { FIELD(router), NAME, .names = router_names, .count = ROUTERS },
    { FIELD(activation), NAME, .names = activation_names, .count = ACTIVATIONS },
    { FIELD(routing), NAME, .names = routing_names, .count = ROUTINGS },
    { FIELD(pool), NAME, .names = pool_names, .count = POOLS, .routings = UNIFIED },
    { FIELD(alpha), NUMBER, .max = 1.0, .routings = UNIFIED },
    { FIELD(capacity), NUMBER, .max = MAX_DIMENSION, .routings = EXPERT },
    { "switch", offsetof(Config, switch_loss), NUMBER, .max = 1e3, .optional = true,
      .routings = TOKEN },
    { "z", offsetof(Config, z_loss), NUMBER, .max = 1e3, .optional = true, .routings = TOKEN },
    { "bias", offsetof(Config, bias_step), NUMBER, .max = 1.0, .optional = true,
      .routings = TOKEN },
};
enum { ROWS = COUNT_OF(rows) };
_Static_assert((int)ROWS < (int)CONFIG_SETTINGS,
               "config_settings has one setting per row, and ffn");
_Static_assert(sizeof(Router) == sizeof(int) && sizeof(Activation) == sizeof(int) &&
                   sizeof(Routing) == sizeof(int) && sizeof(Pool) == sizeof(int),
               "an enum is set through a pointer to int");

static const Row *row_find(const char *name) {
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    }
    return NULL;
}

static int whole(const Config *config, const Row *row) {
    return *(const int *)((const char *)config + row->offset);
}
static double real(const Config *config, const Row *row) {
    return *(const double *)((const char *)config + row->offset);
}
static void set_whole(Config *config, const Row *row, int value) {
    *(int *)((char *)config + row->offset) = value;
}

Config config_default(const FfnKind *ffn) {
    return (Config){ .ffn = ffn, .alpha = 0.5, .capacity = 2.0 };
}

int config_keys(const Config *config) {
    int n = 0;
    while ((int64_t)(n + 1) * (n + 1) <= config->F) n++;
    return n;
}

// ---- which settings are used

bool kind_uses(const FfnKind *kind, const char *setting) {
    size_t size = strlen(setting);
    const char *word = kind->settings;
    while (*word != '\0') {
        size_t length = strcspn(word, " ");
        if (length == size && strncmp(word, setting, size) == 0) return true;
        word += length + strspn(word + length, " ");
    }
    return false;
}

static bool routing_uses(const Config *config, const Row *row) {
    if (row->routings == 0 || !kind_uses(config->ffn, "routing")) return true;
    return (row->routings >> config->routing & 1) != 0;
}

static bool uses(const Config *config, const Row *row) {
    return row->every_model || (kind_uses(config->ffn, row->name) && routing_uses(config, row));
}

bool config_unused(const Config *config, const char *name, Error *error) {
    const Row *row = row_find(name);
    if (row == NULL || uses(config, row)) return false;
    if (!kind_uses(config->ffn, name)) {
        fail(error, "--ffn %s has no such setting", config->ffn->name);
        return true;
    }
    char owners[64] = "";
    for (int i = 0; i < ROUTINGS; i++) {
        size_t length = strlen(owners);
        if ((row->routings >> i & 1) == 0) continue;
        snprintf(owners + length, sizeof owners - length, "%s%s", length > 0 ? " or " : "",
                 routing_names[i]);
    }
    fail(error, "belongs to --routing %s; this is --routing %s", owners,
         routing_names[config->routing]);
    return true;
}

// ---- from text

static bool set_name(Config *config, const Row *row, const char *value, Error *error) {
    char known[160] = "";
    for (int i = 0; i < row->count; i++) {
        if (strcmp(value, row->names[i]) == 0) {
            set_whole(config, row, i);
            return true;
        }
        size_t length = strlen(known);
        snprintf(known + length, sizeof known - length, "%s%s", i > 0 ? ", " : "", row->names[i]);
    }
    return fail(error, "%s=%s: no such %s; there are %s", row->name, value, row->name, known);
}

static int max_dimension(const Row *row) { return row->max > 0 ? (int)row->max : MAX_DIMENSION; }

// A whole number; K also a fraction, which unified routing spends over the tokens of a pool.
static bool set_dimension(Config *config, const Row *row, const char *value, Error *error) {
    int64_t number;
    double budget;
    bool is_K = row->offset == offsetof(Config, K);
    if (is_K) config->budget = 0.0;
    if (parse_int(value, &number) && number >= 1 && number <= max_dimension(row)) {
        set_whole(config, row, (int)number);
        return true;
    }
    if (is_K && parse_real(value, &budget) && budget >= 1.0 && budget <= MAX_DIMENSION) {
        config->K = (int)budget;
        if (budget > config->K) config->budget = budget;
        return true;
    }
    return fail(error, "%s=%s: expected a whole number from 1 to %d", row->name, value,
                max_dimension(row));
}

static bool set_number(Config *config, const Row *row, const char *value, Error *error) {
    double number;
    if (!parse_real(value, &number) || !(number >= 0.0 && number <= row->max)) {
        return fail(error, "%s=%s: expected a number from 0 to %g", row->name, value, row->max);
    }
    *(double *)((char *)config + row->offset) = number;
    return true;
}

bool config_set(Config *config, const char *name, const char *value, bool *found, Error *error) {
    const Row *row = row_find(name);
    *found = row != NULL;
    if (row == NULL) return true;
    switch (row->type) {
    case NAME: return set_name(config, row, value, error);
    case NUMBER: return set_number(config, row, value, error);
    default: return set_dimension(config, row, value, error);
    }
}

// ---- checks

static bool dimensions_valid(const Config *config, Error *error) {
    for (int i = 0; i < ROWS; i++) {
        const Row *row = &rows[i];
        if (row->type != DIMENSION || !uses(config, row)) continue;
        int value = whole(config, row);
        if (value < 1 || value > max_dimension(row)) {
            return fail(error, "%s=%d: expected 1 to %d; set it with --set %s=…", row->name, value,
                        max_dimension(row), row->name);
        }
    }
    return true;
}

bool config_valid(const Config *config, Error *error) {
    const FfnKind *ffn = config->ffn;
    if (ffn == NULL) return fail(error, "no kind of feed-forward layer: choose one with --ffn");
    if (!dimensions_valid(config, error)) return false;
    if (config->D % config->Dh != 0) {
        return fail(error,
                    "D=%d is not a multiple of the head size Dh=%d: use --set Dh=%d or another D",
                    config->D, config->Dh, config->D % 64 == 0 ? 64 : config->D);
    }
    if (config->Dh % 2 != 0) {
        return fail(error, "Dh=%d is odd: rotary embeddings rotate pairs, so Dh must be even",
                    config->Dh);
    }
    bool may_be_fraction = kind_uses(ffn, "routing") && config->routing == ROUTING_UNIFIED;
    if (config->budget > 0.0 && uses(config, row_find("K")) && !may_be_fraction) {
        return fail(error,
                    "K=%g: expected a whole number of experts: K=%d or K=%d; only --ffn moe "
                    "--routing unified takes a fraction",
                    config->budget, config->K, config->K + 1);
    }
    return ffn->valid == NULL || ffn->valid(config, error);
}

// ---- to text

// The shortest text that reads as the same number.
static void real_text(char out[SETTING_SIZE], double value) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, SETTING_SIZE, "%.*g", digits, value);
        if (strtod(out, NULL) == value) return;
    }
}

static Setting setting_of(const Config *config, const Row *row) {
    Setting setting = { .name = row->name };
    if (row->offset == offsetof(Config, K)) {
        real_text(setting.value, config_budget(config));
    } else if (row->type == NUMBER) {
        real_text(setting.value, real(config, row));
    } else if (row->type == NAME) {
        snprintf(setting.value, SETTING_SIZE, "%s", row->names[whole(config, row)]);
    } else {
        snprintf(setting.value, SETTING_SIZE, "%d", whole(config, row));
    }
    return setting;
}

int config_settings(const Config *config, Setting out[CONFIG_SETTINGS]) {
    int count = 1;
    out[0].name = "ffn";
    snprintf(out[0].value, SETTING_SIZE, "%s", config->ffn->name);
    for (int i = 0; i < ROWS; i++) {
        const Row *row = &rows[i];
        bool left_out = row->optional && real(config, row) == 0.0;
        if (uses(config, row) && !left_out) out[count++] = setting_of(config, row);
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
    for (int i = 0; i < ROWS; i++) {
        const Row *row = &rows[i];
        if (row->type == DIMENSION && uses(&config, row) && whole(&config, row) == 0) {
            return fail(error, "%s: the metadata has no %s, which ffn=%s needs", file->path,
                        row->name, ffn->name);
        }
    }
    if (!config_valid(&config, &why)) return fail(error, "%s: metadata: %s", file->path, why.text);
    *out = config;
    return true;
}
