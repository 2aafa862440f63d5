#include "reference/isoflop/cell.h"
#include "reference/config/presets.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/array.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WARMUP = 100, SEQUENCES = 8, CHECKPOINTS = 5 };

NumberText number_text(double number) {
    NumberText out;
    snprintf(out.text, sizeof out.text, "%.6g", number);
    char *power = strchr(out.text, 'e');
    if (power == NULL && number >= 1e5) { // 600000: as 6e5
        snprintf(out.text, sizeof out.text, "%.5e", number);
        power = strchr(out.text, 'e');
        char *end = power;
        while (end[-1] == '0') end--;
        if (end[-1] == '.') end--;
        memmove(end, power, strlen(power) + 1);
        power = end;
    }
    if (power == NULL) return out;
    // 4e+06: as 4e6
    char *digits = power + 1 + (power[1] == '+' || power[1] == '-');
    char *target = power + 1 + (power[1] == '-');
    while (*digits == '0' && digits[1] != '\0') digits++;
    memmove(target, digits, strlen(digits) + 1);
    return out;
}

bool cell_new(Cell *out, const char *kind, const char *scale, double budget, double peak,
              int64_t seed, Error *error) {
    *out = (Cell){ .budget = budget, .peak = peak, .seed = seed };
    if (strlen(kind) >= sizeof out->kind) {
        return fail(error, "%.80s…: a kind with its options is at most %d characters", kind,
                    CELL_KIND - 1);
    }
    if (strlen(scale) >= sizeof out->scale) return fail(error, "%.40s: unknown scale", scale);
    strcpy(out->kind, kind);
    strcpy(out->scale, scale);
    return true;
}

static bool uses(const Config *config, const char *name) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    for (int i = 0; i < count; i++) {
        if (strcmp(settings[i].name, name) == 0) return true;
    }
    return false;
}

// Applies one option of a kind: gelu, key_value, K=4.
static bool set_option(Config *config, char *option, Error *error) {
    static const char *const named[] = { "activation", "router", "routing", "pool" };
    char *equals = strchr(option, '=');
    bool found;
    if (equals != NULL) {
        *equals = '\0';
        if (strcmp(option, "ffn") == 0 || strcmp(option, "V") == 0)
            return fail(error, "%s cannot be an option of a kind", option);
        if (!config_set(config, option, equals + 1, &found, error)) return false;
        return (found && uses(config, option)) ||
               fail(error, "%s has no setting %s", config->ffn->name, option);
    }
    for (int i = 0; i < COUNT_OF(named); i++) {
        if (!uses(config, named[i])) continue;
        if (config_set(config, named[i], option, &found, NULL) && found) return true;
    }
    return fail(error, "%s has no option %s", config->ffn->name, option);
}

// The FfnKind that a cell's kind starts with.
static const FfnKind *base_kind(const char *kind, Error *error) {
    char name[CELL_KIND];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(kind, "+"), kind);
    return ffn_named(name, error);
}

static bool set_options(Config *config, const char *kind, Error *error) {
    char text[CELL_KIND];
    snprintf(text, sizeof text, "%s", kind);
    for (char *plus = strchr(text, '+'); plus != NULL;) {
        char *option = plus + 1;
        plus = strchr(option, '+');
        if (plus != NULL) *plus = '\0';
        Error why;
        if (!set_option(config, option, &why)) return fail(error, "%s: %.900s", kind, why.text);
    }
    return true;
}

// A SettingFunction for the settings that all cells share.
static bool set_shared(void *context, const char *name, const char *value, Error *error) {
    static const char *const refused[][2] = { { "V", "the vocabulary is that of the data" },
                                              { "ffn", "use --kinds" },
                                              { "steps", "the budget determines the steps" },
                                              { "seed", "use --seeds" },
                                              { "peak", "use --peak or --peaks" } };
    for (int i = 0; i < COUNT_OF(refused); i++) {
        if (strcmp(name, refused[i][0]) == 0)
            return fail(error, "%s=%s: %s", name, value, refused[i][1]);
    }
    Cell *cell = context;
    bool found;
    if (!config_set(&cell->config, name, value, &found, error)) return false;
    if (found) return true;
    if (!settings_set(&cell->settings, name, value, &found, error)) return false;
    return found || fail(error, "%s=%s: unknown setting %s", name, value, name);
}

double cell_step_flops(const Cell *cell) {
    return 3 * (double)cell->settings.B * cell->cost.layers.flops;
}
double cell_step_flops_full(const Cell *cell) {
    return 3 * (double)cell->settings.B * cell->cost.flops_full;
}

double cell_memory(const Backend *backend, const Cell *cell) {
    return backend->bytes(&cell->config, (int)cell->settings.B);
}

bool cell_fits(const Backend *backend, const Cell *cell) {
    return cell_memory(backend, cell) < 0.9 * machine_memory();
}

static bool set_steps(Cell *cell, Error *error) {
    double step = cell_step_flops(cell), steps = floor(cell->budget / step);
    if (!(steps >= 1)) {
        return fail(error,
                    "a budget of %s FLOPs is less than one step of %s at scale %s (%s for %lld x "
                    "%d tokens); increase it, or reduce B",
                    number_text(cell->budget).text, cell->kind, cell->scale, number_text(step).text,
                    (long long)cell->settings.B, cell->config.T);
    }
    if (steps > 1e9) {
        return fail(error,
                    "a budget of %s FLOPs is more than 1e9 steps of %s at scale %s; reduce it",
                    number_text(cell->budget).text, cell->kind, cell->scale);
    }
    cell->settings.steps = (int64_t)steps;
    return true;
}

bool cell_prepare(Cell *cell, int V, const char *set, Error *error) {
    Error why;
    const FfnKind *base = base_kind(cell->kind, error);
    if (base == NULL || !scale_config(&cell->config, cell->scale, base, error)) return false;
    cell->config.V = V;
    cell->settings = settings_default();
    cell->settings.B = SEQUENCES;
    cell->settings.eval_every = 0;
    cell->settings.checkpoint_every = SETTING_AUTO;
    if (!words_each(set, set_shared, cell, error) || !set_options(&cell->config, cell->kind, error))
        return false;
    if (!config_valid(&cell->config, &why)) {
        return fail(error, "%s at scale %s: %.900s", cell->kind, cell->scale, why.text);
    }
    cell->settings.peak = cell->peak;
    cell->settings.seed = cell->seed;
    cell->cost = model_cost(&cell->config);
    if (!set_steps(cell, error)) return false;
    if (cell->settings.checkpoint_every == SETTING_AUTO) {
        cell->settings.checkpoint_every = (cell->settings.steps + CHECKPOINTS - 1) / CHECKPOINTS;
    }
    return settings_finish(&cell->settings, MAX_WARMUP, error);
}

bool cell_same(const Cell *a, const Cell *b) {
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->scale, b->scale) == 0 &&
           a->budget == b->budget && a->peak == b->peak && a->seed == b->seed;
}

void cell_name(char out[CELL_NAME], const Cell *cell) {
    snprintf(out, CELL_NAME, "%s_%s_%s_p%s_s%lld", cell->kind, cell->scale,
             number_text(cell->budget).text, number_text(cell->peak).text, (long long)cell->seed);
}

bool cell_done(const Cell *cell) { return cell->result.final || cell->result.diverged; }

double cell_loss(const Cell *cell) {
    if (cell->result.final) return cell->result.valid_loss;
    return cell->result.diverged ? INFINITY : NAN;
}

Cell *cells_find(const Cells *cells, const Cell *like) {
    for (int i = 0; i < cells->count; i++) {
        if (cell_same(&cells->items[i], like)) return &cells->items[i];
    }
    return NULL;
}

Cell *cells_add(Cells *cells, const Cell *cell) {
    Cell *items =
        array_grow(cells->items, &cells->capacity, (size_t)cells->count + 1, sizeof *items);
    if (items == NULL) return NULL;
    cells->items = items;
    items[cells->count] = *cell;
    return &items[cells->count++];
}

void cells_free(Cells *cells) {
    free(cells->items);
    *cells = (Cells){ 0 };
}
