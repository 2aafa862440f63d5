#include "ffn.cuh"
#include <string.h>

static const DeviceFfn *const kinds[] = { &mlp_device_ffn, &glu_device_ffn, &moe_device_ffn,
                                          &peer_device_ffn, &sgatlin_device_ffn };

const DeviceFfn *device_ffn(const Config *config, Error *error) {
    char names[FFN_NAMES_SIZE] = "";
    for (const DeviceFfn *ffn : kinds) {
        if (strcmp(ffn->kind, config->ffn->name) == 0)
            return ffn->valid == NULL || ffn->valid(config, error) ? ffn : NULL;
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", ffn->kind);
    }
    fail(error, "ffn=%s does not run on this device yet; it has %s. Use --device cpu",
         config->ffn->name, names);
    return NULL;
}
