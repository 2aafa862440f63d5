#ifndef REFERENCE_CONFIG_KIND_H
#define REFERENCE_CONFIG_KIND_H
#include "reference/io/error.h"
#include <stdbool.h>

struct Config;

// What a Config knows of a kind of feed-forward layer. It is the first member of the kind's Ffn
// (ffn/ffn.h), so everything about a kind is in one file.
enum { MAX_PRESETS = 8, SCALE_SETTINGS_SIZE = 160 };

typedef struct FfnKind {
    const char *name, *summary;
    bool sparse;         // it has a router and a Gating (ffn/gating.h)
    bool ragged;         // in its Gating a token may have any number of experts
    bool shared_experts; // all channels choose from the same experts, or there is one channel

    // The settings it uses besides V T D L Dh, separated by spaces: "F C K Dk router activation".
    // Which of a moe's settings belong to which routing is in config.c.
    const char *settings;
    // Checks what this kind requires of them; NULL: nothing.
    bool (*valid)(const struct Config *config, Error *error);

    // Its settings in each preset (presets.h), as in { "demo", "F=168 E=8 K=2" }.
    struct {
        const char *preset, *settings;
    } presets[MAX_PRESETS];
    // Writes its settings at scale s of the sgatlin paper, every width divided by `divisor`
    // (scales.h), as in "F=256 E=16 K=2". NULL: no scale has this kind.
    void (*scale)(char out[SCALE_SETTINGS_SIZE], int s, int divisor);
} FfnKind;
#endif
