#ifndef REFERENCE_NUMBERS_MACHINE_LOAD_H
#define REFERENCE_NUMBERS_MACHINE_LOAD_H
#include <stdbool.h>

// Whether other processes keep half of the processors busy. `load` is the average of the last
// minute, which does not include what has just started (negative: unknown); `running` the number of
// threads that run beside the calling one now, which may be in a pause.
bool machine_busy(double load, int running, int processors);

// The same, measured here: takes up to 8 ms. false where the system reports neither.
bool machine_busy_now(void);

// Whether the program may restart itself on a busy machine, with OMP_WAIT_POLICY=passive, so that
// waiting threads sleep instead of spinning: unless the user has chosen a `policy` (NULL: not set)
// or the command (NULL: none) is `bench`, since the load of the last minute would be that of the
// program it is compared with.
bool may_restart_passive(const char *policy, const char *command);
#endif
