#include "reference/cli/signals.h"
#include "reference/numbers/minmax.h"
#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t caught; // the number of the first signal, 0: none
static struct timespec caught_at;    // written once, before `caught` is set

// Only functions that a signal handler may call.
static void on_signal(int number) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (caught == 0) {
        caught_at = now;
        caught = number;
        return;
    }
    double seconds =
        (double)(now.tv_sec - caught_at.tv_sec) + 1e-9 * (double)(now.tv_nsec - caught_at.tv_nsec);
    if (seconds < 1.0) return;
    signal(number, SIG_DFL);
    raise(number); // delivered when this handler returns
}

static bool is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void signals_watch(SignalReads reads) {
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };
    if (reads == SIGNALS_RESTART_READS) action.sa_flags |= SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < COUNT_OF(numbers); i++) sigaddset(&action.sa_mask, numbers[i]);
    for (int i = 0; i < COUNT_OF(numbers); i++) {
        // nohup ignores SIGHUP; shells ignore SIGINT for what they run in the background
        if (numbers[i] == SIGHUP && is_ignored(SIGHUP)) continue;
        sigaction(numbers[i], &action, NULL);
    }
}

bool signals_caught(void) { return caught != 0; }

int signals_status(void) { return 128 + caught; }
