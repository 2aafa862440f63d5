#include "reference/io/kill_point.h"
#include "reference/io/parse.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How many calls are still to come is kept in the environment, so that there is no global variable.
static void count_down(const char *variable, int signal_number, const char *point) {
    const char *value = getenv(variable);
    size_t length = strlen(point);
    if (value == NULL || strncmp(value, point, length) != 0) return;
    int64_t count = 1;
    bool counted = value[length] == ':';
    if (counted && !parse_int(value + length + 1, &count)) return;
    if (!counted && value[length] != '\0') return;
    if (count == 1) {
        unsetenv(variable);
        raise(signal_number);
    } else {
        char next[600];
        snprintf(next, sizeof next, "%s:%lld", point, (long long)count - 1);
        setenv(variable, next, 1);
    }
}

void kill_point(const char *event, const char *path) {
    if (getenv("SGATLIN_KILL") == NULL && getenv("SGATLIN_STOP") == NULL) return;
    const char *slash = strrchr(path, '/');
    char point[512];
    snprintf(point, sizeof point, "%s:%s", event, slash != NULL ? slash + 1 : path);
    count_down("SGATLIN_KILL", SIGKILL, point);
    count_down("SGATLIN_STOP", SIGSTOP, point);
}
