#ifndef REFERENCE_CLI_SIGNALS_H
#define REFERENCE_CLI_SIGNALS_H
#include <stdbool.h>

// Ctrl-C and SIGTERM as a request to stop that a long loop asks for. The second Ctrl-C ends the
// program as usual.

typedef enum {
    SIGNALS_RESTART_READS,  // a read that waits goes on waiting
    SIGNALS_INTERRUPT_READS // it fails with EINTR, so that waiting for input can end
} SignalReads;

void signals_watch(SignalReads reads);
bool signals_caught(void);
// The exit status of a program that stopped for the signal: 128 + its number, 130 for Ctrl-C.
int signals_status(void);
#endif
