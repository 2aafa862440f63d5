#include "reference/config/scales.h"
#include "reference/config/presets.h"
#include "reference/numbers/minmax.h"
#include <stdio.h>
#include <string.h>

const char *const scale_names[SCALES] = { "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8",
                                          "2",  "3",  "4",  "5",  "6",  "7",  "8" };

int scale_find(const char *scale) {
    for (int i = 0; i < SCALES; i++) {
        if (strcmp(scale_names[i], scale) == 0) return i;
    }
    return -1;
}

bool scale_valid(const char *scale, Error *error) {
    if (scale_find(scale) >= 0) return true;
    return fail(error,
                "%.40s: there is no such scale; there are 2 to 8 as in the paper, and q1 to q8 "
                "with a quarter of its width",
                scale);
}

bool scale_config(Config *out, const char *scale, const FfnKind *ffn, Error *error) {
    if (!scale_valid(scale, error)) return false;
    int index = scale_find(scale);
    bool quarter = index < QUARTER_SCALES;
    int s = quarter ? index + 1 : index - QUARTER_SCALES + 2, divisor = quarter ? 4 : 1;
    char kind[SCALE_SETTINGS_SIZE], words[2 * SCALE_SETTINGS_SIZE];
    if (ffn->scale == NULL)
        return fail(error, "ffn=%s: no scale has this kind of layer", ffn->name);
    ffn->scale(kind, s, divisor);
    int L = quarter ? max_int(s, 2) : 2 * s;
    snprintf(words, sizeof words, "V=%d T=%d D=%d L=%d Dh=%d %s", quarter ? 2048 : 50257,
             quarter ? 256 : 2048, 128 * s / divisor, L, 64 / divisor, kind);
    Config config = config_default(ffn);
    if (!words_each(words, config_word, &config, error)) return false;
    *out = config;
    return true;
}

static bool add_preset(ScaleRow *rows, int *count, const char *study, const Preset *preset,
                       const FfnKind *ffn, Error *error) {
    rows[*count] = (ScaleRow){ .study = study };
    return preset_config(&rows[(*count)++].config, preset, ffn, error);
}

// The TinyStories models with the other routers in the paper's table.
static bool add_routers(ScaleRow *rows, int *count, const Preset *preset, const FfnKind *ffn,
                        Error *error) {
    static const Router others[] = { ROUTER_PRODUCT_KEY_VALUE, ROUTER_DENSE };
    for (int i = 0; i < COUNT_OF(others); i++) {
        if (!add_preset(rows, count, "tinystories router", preset, ffn, error)) return false;
        rows[*count - 1].config.router = others[i];
    }
    return true;
}

static bool add_scale(ScaleRow *rows, int *count, int scale, const FfnKind *ffn, Error *error) {
    rows[*count] = (ScaleRow){ .study = "isoflop", .scale = scale - QUARTER_SCALES + 2 };
    return scale_config(&rows[(*count)++].config, scale_names[scale], ffn, error);
}

int scale_rows(ScaleRow out[MAX_SCALE_ROWS], const FfnKind *const *kinds, Error *error) {
    const Preset *tinystories = preset_find("tinystories", error);
    bool ok = tinystories != NULL;
    int count = 0;
    for (int i = 0; ok && kinds[i] != NULL; i++) {
        if (preset_settings(tinystories, kinds[i]) != NULL)
            ok = add_preset(out, &count, "tinystories", tinystories, kinds[i], error);
    }
    for (int scale = QUARTER_SCALES; ok && scale < SCALES; scale++) {
        for (int i = 0; ok && kinds[i] != NULL; i++) {
            if (kinds[i]->scale != NULL) ok = add_scale(out, &count, scale, kinds[i], error);
        }
    }
    for (int i = 0; ok && kinds[i] != NULL; i++) {
        if (preset_settings(tinystories, kinds[i]) != NULL && kind_uses(kinds[i], "router"))
            ok = add_routers(out, &count, tinystories, kinds[i], error);
    }
    return ok ? count : 0;
}
