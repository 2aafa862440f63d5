#include "reference/ffn/ffn.h"
#include <stdio.h>
#include <string.h>

extern const Ffn mlp_ffn, glu_ffn, moe_ffn, peer_ffn, sgatlin_ffn;

const FfnKind *const ffn_kinds[] = { &mlp_ffn.kind,  &glu_ffn.kind,     &moe_ffn.kind,
                                     &peer_ffn.kind, &sgatlin_ffn.kind, NULL };

const FfnKind *ffn_find(const char *name) {
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        if (strcmp(ffn_kinds[i]->name, name) == 0) return ffn_kinds[i];
    }
    return NULL;
}

void ffn_names(char out[FFN_NAMES_SIZE]) {
    size_t used = 0;
    *out = '\0';
    for (int i = 0; ffn_kinds[i] != NULL && used < FFN_NAMES_SIZE; i++) {
        used += (size_t)snprintf(out + used, FFN_NAMES_SIZE - used, "%s%s", i > 0 ? ", " : "",
                                 ffn_kinds[i]->name);
    }
}

const FfnKind *ffn_named(const char *name, Error *error) {
    const FfnKind *kind = ffn_find(name);
    char names[FFN_NAMES_SIZE];
    ffn_names(names);
    if (kind == NULL) fail(error, "ffn=%s: no such ffn; there are %s", name, names);
    return kind;
}

bool ffn_config_from_metadata(Config *out, const Safetensors *file, Error *error) {
    const char *name = safetensors_metadata(file, "ffn");
    Error why;
    if (name == NULL)
        return fail(error, "%s: no `ffn` in the metadata: not an sgatlin model", file->path);
    const FfnKind *kind = ffn_named(name, &why);
    if (kind == NULL) return fail(error, "%s: metadata: %s", file->path, why.text);
    return config_from_metadata(out, kind, file, error);
}

bool ffn_has_gating(const Config *config, Error *error) {
    char sparse[FFN_NAMES_SIZE] = "";
    if (config->ffn->sparse) return true;
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        size_t used = strlen(sparse);
        if (ffn_kinds[i]->sparse)
            snprintf(sparse + used, sizeof sparse - used, " %s", ffn_kinds[i]->name);
    }
    return fail(error, "a model with ffn=%s has no gates; train one with --ffn and one of:%s",
                config->ffn->name, sparse);
}

Gating ffn_gating(const Config *config, float *saved, int N) {
    return config->ffn->sparse ? ffn_of(config)->gating(config, saved, N) : (Gating){ 0 };
}

Causality ffn_causality(const Config *config) {
    const Ffn *ffn = ffn_of(config);
    return ffn->causality != NULL ? ffn->causality(config) : DEPENDS_ON_TOKEN;
}
