#ifndef REFERENCE_CLI_RESTART_H
#define REFERENCE_CLI_RESTART_H

// OpenMP and OpenBLAS read their environment before main, so to change it the program starts anew
// in the same process. Call it first in main, where it can return; it does so
// - when there is nothing to change: the machine is not busy (machine_load.h) and OpenBLAS runs the
//   right kernels (blas_core.h), or the user has set the variables, or it has started anew already;
// - when /proc/self/exe is not this program (a loader, valgrind or an emulator runs it).
// The results are the same bits.
void restart_for_environment(char **argv);
#endif
