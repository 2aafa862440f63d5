#ifndef REFERENCE_NUMBERS_PROCESSORS_H
#define REFERENCE_NUMBERS_PROCESSORS_H
#include <stdbool.h>

// How many processors this program may use: those of the machine, of its affinity mask and, in a
// container, of its CPU quota, rounded up.
int processors_available(void);

// The quota in processors, rounded up, from "QUOTA PERIOD" as in a cgroup's cpu.max; 0: none.
int quota_processors(const char *cpu_max);

// The threads to use where `requested` are asked for: as many, but at most the larger of 16 and
// four times the processors. More only wait for each other, and tens of thousands can stop a
// machine.
int threads_allowed(int requested, int processors);

// Call once at the start of a program. Sets the number of threads to that of the processors, or as
// OMP_NUM_THREADS says within what is allowed. Returns the number asked for if that was too large,
// else 0.
int threads_setup(void);
#endif
