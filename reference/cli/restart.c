#include "reference/cli/restart.h"
#include "reference/numbers/blas_core.h"
#include "reference/numbers/machine_load.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char self[] = "/proc/self/exe";

// Whether the line of /proc/self/maps is about the file that has this function in it.
static bool is_code_of(const char *line, ino_t *file) {
    uintptr_t first, end, here = (uintptr_t)&restart_for_environment;
    uintmax_t inode;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %ju", &first, &end, &inode) != 3)
        return false;
    *file = (ino_t)inode;
    return first <= here && here < end;
}

static bool is_this_program(void) {
    struct stat status;
    char line[8192];
    ino_t file = 0;
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL) return false;
    while (!found && fgets(line, sizeof line, maps) != NULL) found = is_code_of(line, &file);
    fclose(maps);
    return found && stat(self, &status) == 0 && status.st_ino == file;
}

// On a busy machine, waiting threads should sleep instead of spinning: with both of two cores busy,
// a training run took 16 s instead of 60 s. On an idle machine spinning is a quarter faster.
static bool should_wait_asleep(const char *command) {
#ifdef _OPENMP
    return may_restart_passive(getenv("OMP_WAIT_POLICY"), command) && machine_busy_now();
#else
    (void)command;
    return false;
#endif
}

// Returns where it fails.
static void restart(char **argv, const BlasCore *found, const char *core, bool asleep) {
    if (!is_this_program()) return;
    if (asleep) setenv("OMP_WAIT_POLICY", "passive", 1);
    if (core != NULL) {
        setenv(BLAS_CORE_REPLACED, found->core, 1);
        setenv("OPENBLAS_CORETYPE", core, 1);
    }
    execv(self, argv);
    // the program continues, and must not take its own settings for the user's
    if (core != NULL) {
        unsetenv(BLAS_CORE_REPLACED);
        unsetenv("OPENBLAS_CORETYPE");
    }
}

void restart_for_environment(char **argv) {
    BlasCore found = blas_core_found();
    const char *core = blas_core_to_set(&found);
    bool asleep = should_wait_asleep(argv[0] == NULL ? NULL : argv[1]);
    if (core == NULL && !asleep) return;
    restart(argv, &found, core, asleep);
    // what a wrong core costs is reported with the core, by program_start
    if (asleep)
        fprintf(stderr, "warning: other programs keep this machine busy, and waiting threads take "
                        "time from the ones that work: set OMP_WAIT_POLICY=passive (here the "
                        "program cannot restart itself to set it)\n");
}
