// What a kernel's accesses cost a GPU, counted for every source line. The lanes of a warp that
// execute one instruction for the same time of each lane form a request, as on a GPU, and a request
// moves whole sectors of 32 bytes; in shared memory it takes a wavefront for each different word of
// the bank that has most. PROFILE=1 in the environment turns it on.
#pragma once
#include "race.h"

namespace emulator {

bool profiling();
// An access of the running thread.
void profile_access(const void *address, int bytes, Access access, const void *instruction,
                    bool shared);
// Adds the requests of the block that has ended to the program's.
void profile_block(const Block *block);

} // namespace emulator
