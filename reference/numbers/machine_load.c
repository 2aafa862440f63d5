#define _DEFAULT_SOURCE // getloadavg
#include "reference/numbers/machine_load.h"
#include "reference/numbers/parallel.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool machine_busy(double load, int running, int processors) {
    double half = 0.5 * processors;
    return load > half || running >= half;
}

// The smallest of four samples 2 ms apart, as many threads run only for a moment.
static int running_beside(void) {
    int smallest = INT_MAX;
    for (int sample = 0; sample < 4 && smallest > 0; sample++) {
        if (sample > 0) nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
        int running = 1;
        FILE *file = fopen("/proc/loadavg", "r");
        if (file == NULL) return 0;
        if (fscanf(file, "%*s %*s %*s %d", &running) != 1) running = 1;
        fclose(file);
        if (running - 1 < smallest) smallest = running - 1;
    }
    return smallest;
}

bool machine_busy_now(void) {
    double load;
    if (getloadavg(&load, 1) != 1) load = -1.0;
    int processors = parallel_processors();
    return machine_busy(load, 0, processors) || machine_busy(load, running_beside(), processors);
}

bool may_restart_passive(const char *policy, const char *command) {
    bool measures = command != NULL && strcmp(command, "bench") == 0;
    return policy == NULL && !measures;
}
