#include "reference/numbers/processors.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int quota_processors(const char *cpu_max) {
    long long quota, period;
    if (sscanf(cpu_max, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0) return 0;
    long long count = quota / period + (quota % period != 0);
    return count > INT_MAX ? INT_MAX : (int)count;
}

int threads_allowed(int requested, int processors) {
    int most = processors > INT_MAX / 4 ? INT_MAX : max_int(16, 4 * processors);
    return max_int(1, min_int(requested, most));
}

// The first line of a file, or "" if there is none.
static void read_line(char *line, int size, const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(line, size, file) == NULL) line[0] = '\0';
    if (file != NULL) fclose(file);
}

// The smaller of two quotas; 0 is none.
static int smaller(int a, int b) { return a == 0 || (b != 0 && b < a) ? b : a; }

// cgroups version 2: the quota of the group and of those above it
static int quota_of_group(char *group) {
    int quota = 0;
    for (;;) {
        char path[4200], line[64];
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        read_line(line, sizeof line, path);
        quota = smaller(quota, quota_processors(line));
        char *slash = strrchr(group, '/');
        if (slash == NULL) return quota;
        *slash = '\0';
    }
}

// Version 1, as seen inside a container.
static int quota_of_container(void) {
    char quota[32], period[32], both[80];
    read_line(quota, sizeof quota, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    read_line(period, sizeof period, "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    snprintf(both, sizeof both, "%s %s", quota, period);
    return quota_processors(both);
}

static int quota_here(void) {
    char line[4096] = "";
    int quota = quota_of_container();
    FILE *groups = fopen("/proc/self/cgroup", "r");
    while (groups != NULL && fgets(line, sizeof line, groups) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) == 0) quota = smaller(quota, quota_of_group(line + 3));
    }
    if (groups != NULL) fclose(groups);
    return quota;
}

int processors_available(void) {
    int quota = quota_here(), processors = parallel_processors();
    return quota == 0 ? processors : min_int(quota, processors);
}

int threads_setup(void) {
    const char *set = getenv("OMP_NUM_THREADS");
    int processors = processors_available(), requested = parallel_threads();
    bool chosen = set != NULL && *set != '\0';
    int threads = chosen ? threads_allowed(requested, processors) : min_int(requested, processors);
    parallel_set_threads(threads);
    return chosen && threads < requested ? requested : 0;
}
