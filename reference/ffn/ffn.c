#include "reference/ffn/ffn.h"
#include <string.h>

extern const Ffn mlp_ffn, glu_ffn, moe_ffn, peer_ffn, sgatlin_ffn;

const Ffn *const ffn_kinds[] = { &mlp_ffn, &glu_ffn, &moe_ffn, &peer_ffn, &sgatlin_ffn, NULL };

const Ffn *ffn_find(const char *name) {
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        if (strcmp(ffn_kinds[i]->name, name) == 0) return ffn_kinds[i];
    }
    return NULL;
}

Causality ffn_causality(const Config *config) {
    return config->ffn->causality != NULL ? config->ffn->causality(config) : DEPENDS_ON_TOKEN;
}
