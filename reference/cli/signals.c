#include "reference/cli/signals.h"
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught; // the signal's number, 0: none

static void on_signal(int number) { caught = number; }

void signals_watch(SignalReads reads) {
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    if (reads == SIGNALS_RESTART_READS) action.sa_flags |= SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool signals_caught(void) { return caught != 0; }

int signals_status(void) { return 128 + caught; }
