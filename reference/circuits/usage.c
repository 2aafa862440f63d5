#include "reference/circuits/usage.h"
#include "reference/ffn/ffn.h"
#include <stdlib.h>
#include <string.h>

static size_t neurons(const Usage *usage) {
    return (size_t)usage->L * (size_t)usage->pools * (size_t)usage->F;
}

bool usage_new(Usage *out, const Config *config, Error *error) {
    *out = (Usage){ 0 };
    if (!config->ffn->sparse) return true;
    Gating shape = ffn_gating(config, NULL, 1);
    Usage usage = { config->L, ffn_pools(config), shape.F, NULL };
    usage.fired = calloc(neurons(&usage), sizeof *usage.fired);
    if (usage.fired == NULL)
        return fail(error, "out of memory for counting %zu neurons", neurons(&usage));
    *out = usage;
    return true;
}

void usage_free(Usage *usage) {
    free(usage->fired);
    *usage = (Usage){ 0 };
}

void usage_clear(Usage *usage) {
    if (usage->fired != NULL) memset(usage->fired, 0, neurons(usage) * sizeof *usage->fired);
}

void usage_count(Usage *usage, int layer, const Gating *gating) {
    if (usage->fired == NULL || layer >= usage->L) return;
    size_t entries = gating_entries(gating),
           K = gating->start != NULL ? entries : (size_t)gating->K;
    uint64_t *fired = usage->fired + (size_t)layer * (size_t)usage->pools * (size_t)usage->F;
    for (size_t i = 0; i < entries; i++) {
        size_t pool = i / K % (size_t)usage->pools; // entries are [N,C,K], and pools C or 1
        fired[pool * (size_t)usage->F + (size_t)gating->index[i]]++;
    }
}

double usage_share(const Usage *usage) {
    size_t count = neurons(usage), used = 0;
    for (size_t i = 0; i < count; i++) used += usage->fired[i] > 0;
    return count > 0 ? (double)used / (double)count : 0;
}
