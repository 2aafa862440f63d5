#ifndef REFERENCE_CLI_BLAS_WATCH_H
#define REFERENCE_CLI_BLAS_WATCH_H

// OpenBLAS repeats an allocation that fails until it succeeds: under a limit of the address space
// (ulimit -v) the program would hang, and for the first time before main, since the library takes
// memory when it is loaded. So while it does, a timer runs: if it uses two seconds of CPU time
// instead of a few milliseconds, the program ends with one line and exit status 1.

// Begins before main by itself; end it first in main.
void blas_watch_begin(void);
void blas_watch_end(void);
#endif
