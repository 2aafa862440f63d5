#include "reference/cli/backends.h"
#include <stdio.h>
#include <string.h>

const Backend *backend_find(const char *name, Error *error) {
    if (name == NULL) return backends[0];
    for (int i = 0; backends[i] != NULL; i++) {
        if (strcmp(backends[i]->name, name) == 0) return backends[i];
    }
    char names[BACKEND_NAMES];
    backend_names(names);
    fail(error, "%s: no such device; this program has %s", name, names);
    return NULL;
}

void backend_names(char out[BACKEND_NAMES]) {
    *out = '\0';
    for (int i = 0; backends[i] != NULL; i++) {
        size_t used = strlen(out);
        snprintf(out + used, BACKEND_NAMES - used, "%s%s", i > 0 ? ", " : "", backends[i]->name);
    }
}
