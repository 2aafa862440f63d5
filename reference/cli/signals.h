#ifndef REFERENCE_CLI_SIGNALS_H
#define REFERENCE_CLI_SIGNALS_H
#include <stdbool.h>

// Turns Ctrl-C, SIGTERM and SIGHUP (the terminal was closed) into a request to stop, for which long
// loops ask. A signal within a second of the first belongs to the same request, since some programs
// send it to a process and to its group; a later one ends the program at once. SIGHUP stays ignored
// where it was when the program started (nohup).

typedef enum {
    SIGNALS_RESTART_READS,  // the signal does not interrupt system calls
    SIGNALS_INTERRUPT_READS // a blocked read fails with EINTR, so that a wait for input can end
} SignalReads;

void signals_watch(SignalReads reads);
bool signals_caught(void);
// The exit status of a program that stopped for the signal: 128 + its number, 130 for Ctrl-C.
int signals_status(void);
#endif
