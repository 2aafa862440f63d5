#ifndef REFERENCE_CLI_RESTART_H
#define REFERENCE_CLI_RESTART_H

// OpenMP and OpenBLAS read their environment before main. So where it should be different, this
// sets it and executes the program again, in the same process. Call it first in main. It returns
// - when there is nothing to change: the machine is not busy (machine_load.h) and OpenBLAS runs the
//   right kernels (blas_core.h), the user has set the variables, or the program has restarted;
// - when /proc/self/exe is not this program (a loader, valgrind or an emulator runs it): then it
//   warns of threads that do not sleep, and program_start of the wrong kernels.
// Sleeping threads change no bit of a result. Another BLAS core rounds differently.
void restart_for_environment(char **argv);
#endif
