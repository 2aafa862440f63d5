// For test_restart.sh, which loads it into sgatlin: a machine with the load FAKE_LOAD, and an
// OpenBLAS that does not know the processor.
#define _GNU_SOURCE // RTLD_NEXT
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

char *openblas_get_corename(void);
char *openblas_get_corename(void) {
    static char core[] = "Prescott";
    const char *set = getenv("OPENBLAS_CORETYPE");
    if (set == NULL || *set == '\0') return core;
    char *(*found)(void) = NULL;
    void *symbol = dlsym(RTLD_NEXT, "openblas_get_corename");
    memcpy(&found, &symbol, sizeof found);
    return found == NULL ? core : found();
}

int getloadavg(double loads[], int count);
int getloadavg(double loads[], int count) {
    const char *load = getenv("FAKE_LOAD");
    for (int i = 0; i < count; i++) loads[i] = load != NULL ? atof(load) : 0.0;
    return count;
}
