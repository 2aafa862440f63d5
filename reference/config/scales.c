#include "reference/config/scales.h"
#include "reference/config/presets.h"
#include "reference/ffn/ffn.h"
#include <stdio.h>
#include <string.h>

const char *const scale_names[SCALES] = { "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8",
                                          "2",  "3",  "4",  "5",  "6",  "7",  "8" };

enum { WORDS = 160 };

int scale_find(const char *scale) {
    for (int i = 0; i < SCALES; i++) {
        if (strcmp(scale_names[i], scale) == 0) return i;
    }
    return -1;
}

bool scale_valid(const char *scale, Error *error) {
    if (scale_find(scale) >= 0) return true;
    return fail(error,
                "%.40s: there is no such scale; there are 2 to 8 as in the paper, q1 to q8 at a "
                "quarter of its width",
                scale);
}

// What a kind adds at scale s; part is 1, or 4 for a quarter of the width. "": a kind with no place
// in the ladder.
static void kind_words(char out[WORDS], const char *ffn, int s, int part) {
    int peer_n = 32 + 24 * s, sgatlin_n = 16 + 12 * s;
    *out = '\0';
    if (strcmp(ffn, "mlp") == 0 || strcmp(ffn, "glu") == 0) {
        snprintf(out, WORDS, "F=%d", 4 * s / 3 * 256 / part); // 8/3 · 128 s / 256 = 4 s / 3
    } else if (strcmp(ffn, "moe") == 0) {
        snprintf(out, WORDS, "F=%d E=16 K=2", 128 * s / part);
    } else if (strcmp(ffn, "peer") == 0) {
        snprintf(out, WORDS, "F=%d C=%d K=8 Dk=%d", peer_n * peer_n, 16 / part, 128 / part);
    } else if (strcmp(ffn, "sgatlin") == 0) {
        snprintf(out, WORDS, "F=%d C=%d K=8 Dk=%d", sgatlin_n * sgatlin_n, 16 / part, 128 / part);
    }
}

bool scale_config(Config *out, const char *scale, const struct Ffn *ffn, Error *error) {
    if (!scale_valid(scale, error)) return false;
    int at = scale_find(scale);
    bool quarter = at < QUARTER_SCALES;
    int s = quarter ? at + 1 : at - QUARTER_SCALES + 2, part = quarter ? 4 : 1;
    char kind[WORDS], words[2 * WORDS];
    kind_words(kind, ffn->name, s, part);
    if (*kind == '\0')
        return fail(error, "ffn=%s: has no place in the ladder of scales", ffn->name);
    int L = !quarter ? 2 * s : s < 2 ? 2 : s;
    snprintf(words, sizeof words, "V=%d T=%d D=%d L=%d Dh=%d %s", quarter ? 2048 : 50257,
             quarter ? 256 : 2048, 128 * s / part, L, 64 / part, kind);
    Config config = config_default(ffn);
    if (!words_each(words, config_word, &config, error)) return false;
    *out = config;
    return true;
}

static bool add_tinystories(ScaleRow *rows, int *count, const Preset *preset, const struct Ffn *ffn,
                            Error *error) {
    rows[*count] = (ScaleRow){ .study = "tinystories" };
    return preset_config(&rows[(*count)++].config, preset, ffn, error);
}

int scale_rows(ScaleRow out[MAX_SCALE_ROWS], Error *error) {
    const Preset *preset = preset_find("tinystories", error);
    int count = 0;
    bool ok = preset != NULL;
    for (int i = 0; ok && ffn_kinds[i] != NULL; i++)
        ok = add_tinystories(out, &count, preset, ffn_kinds[i], error);
    for (int at = QUARTER_SCALES; ok && at < SCALES; at++) {
        for (int i = 0; ok && ffn_kinds[i] != NULL; i++) {
            out[count] = (ScaleRow){ .study = "isoflop", .scale = at - QUARTER_SCALES + 2 };
            ok = scale_config(&out[count++].config, scale_names[at], ffn_kinds[i], error);
        }
    }
    static const Router others[] = { ROUTER_PRODUCT_KEY_VALUE, ROUTER_DENSE };
    for (int i = 0; ok && i < 2; i++) {
        out[count].study = "tinystories router", out[count].scale = 0;
        ok = preset_config(&out[count].config, preset, ffn_find("sgatlin"), error);
        out[count++].config.router = others[i];
    }
    return ok ? count : 0;
}
