#define _DEFAULT_SOURCE // si_addr
#include "reference/io/mapped_ranges.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { RANGES = 64, PATH_BYTES = 1024 };

// Global, because a signal handler reads it. A range in use has begin != 0; one that is being
// written has end 0 and contains no address.
static struct {
    atomic_uintptr_t begin, end;
    char path[PATH_BYTES]; // the first bytes of it
} ranges[RANGES];
static atomic_flag reported = ATOMIC_FLAG_INIT;

void mapped_ranges_add(const void *bytes, size_t size, const char *path) {
    uintptr_t begin = (uintptr_t)bytes;
    for (int i = 0; i < RANGES; i++) {
        uintptr_t unused = 0;
        if (!atomic_compare_exchange_strong(&ranges[i].begin, &unused, begin)) continue;
        strncpy(ranges[i].path, path, PATH_BYTES - 1); // the last byte stays 0
        atomic_store(&ranges[i].end, begin + size);
        return;
    }
}

void mapped_ranges_remove(const void *bytes) {
    for (int i = 0; i < RANGES; i++) {
        if (atomic_load(&ranges[i].begin) != (uintptr_t)bytes) continue;
        atomic_store(&ranges[i].end, 0);
        atomic_store(&ranges[i].begin, 0);
        return;
    }
}

static const char *path_at(uintptr_t address) {
    for (int i = 0; i < RANGES; i++) {
        if (atomic_load(&ranges[i].begin) <= address && address < atomic_load(&ranges[i].end))
            return ranges[i].path;
    }
    return NULL;
}

static void print(const char *text) {
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; // there is nowhere else to say it
}

// Only functions that a signal handler may call.
static void on_bus_error(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *path = path_at((uintptr_t)info->si_addr);
    if (path == NULL) {
        signal(number, SIG_DFL);
        raise(number); // delivered when this handler returns
        return;
    }
    while (atomic_flag_test_and_set(&reported)) pause(); // another thread ends the program
    struct termios terminal;
    if (tcgetattr(STDERR_FILENO, &terminal) == 0) print("\n"); // after a line of progress
    print(path);
    print(": can no longer be read: it was cut while it was in use, or its disk failed. Restore "
          "it, then run the command again (continue a training run with --resume)\n");
    _exit(1);
}

void mapped_ranges_watch(void) {
    struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
