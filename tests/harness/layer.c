#include "tests/harness/layer.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/minmax.h"
#include <stdio.h>

static const struct {
    const char *name;
    Routing routing;
    Pool pool;
} routings[] = {
    { "token", ROUTING_TOKEN, POOL_STEP },
    { "expert", ROUTING_EXPERT, POOL_STEP },
    { "unified step", ROUTING_UNIFIED, POOL_STEP },
    { "unified sequence", ROUTING_UNIFIED, POOL_SEQUENCE },
};

static int variants_of(const FfnKind *ffn) {
    if (kind_uses(ffn, "routing")) return COUNT_OF(routings);
    return (kind_uses(ffn, "router") ? ROUTERS : 1) *
           (kind_uses(ffn, "activation") ? ACTIVATIONS : 1);
}

// Variant i of one kind.
static Config variant_of(const FfnKind *ffn, int i, char name[VARIANT_NAME]) {
    Config config = config_default(ffn);
    const char *router = "", *activation = "";
    if (kind_uses(ffn, "activation")) {
        config.activation = (Activation)(i % ACTIVATIONS);
        activation = activation_names[config.activation];
        i /= ACTIVATIONS;
    }
    if (kind_uses(ffn, "router")) {
        config.router = (Router)i;
        router = router_names[i];
    }
    if (kind_uses(ffn, "routing")) {
        config.routing = routings[i].routing;
        config.pool = routings[i].pool;
        router = routings[i].name;
    }
    if (name) snprintf(name, VARIANT_NAME, "%s %s %s", ffn->name, router, activation);
    return config;
}

bool layer_variant(int i, Config *out, char name[VARIANT_NAME]) {
    for (int kind = 0; ffn_kinds[kind] != NULL; kind++) {
        int count = variants_of(ffn_kinds[kind]);
        if (i < count) {
            *out = variant_of(ffn_kinds[kind], i, name);
            return true;
        }
        i -= count;
    }
    return false;
}

int layer_variants(void) {
    int count = 0;
    for (int kind = 0; ffn_kinds[kind] != NULL; kind++) count += variants_of(ffn_kinds[kind]);
    return count;
}
