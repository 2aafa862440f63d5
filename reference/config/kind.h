#ifndef REFERENCE_CONFIG_KIND_H
#define REFERENCE_CONFIG_KIND_H
#include "reference/io/error.h"
#include <stdbool.h>

struct Config;

// What a Config knows of a kind of feed-forward layer: data, no code. It is the first member of the
// layer's Ffn (ffn/ffn.h), so all that a kind is stands in its own file.
enum { MAX_PRESETS = 8, SCALE_TEXT = 160 };

typedef struct FfnKind {
    const char *name, *summary;
    bool sparse;         // it has a router and a Gating
    bool ragged;         // the Gating is ragged: a token may have any number of experts
    bool shared_experts; // all channels choose from the same experts, or there is one channel

    // The settings it uses besides V T D L Dh, as in "F C K Dk router activation". config.c says
    // which of a moe's belong to which routing.
    const char *settings;
    // Checks what only this kind requires of them; NULL: nothing.
    bool (*valid)(const struct Config *config, Error *error);

    // Its settings in each preset (presets.h), as in "F=168 E=8 K=2".
    struct {
        const char *preset, *settings;
    } presets[MAX_PRESETS];
    // Writes its settings at scale s of the paper, with every width divided by `divisor`
    // (scales.h). NULL: it is in no scale.
    void (*scale)(char out[SCALE_TEXT], int s, int divisor);
} FfnKind;
#endif
