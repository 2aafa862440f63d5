// What a kernel's accesses cost a GPU, counted for every source line. The lanes of a warp that
// execute one instruction for the same time of each lane form a request, as on a GPU, and a request
// moves whole sectors of 32 bytes; in shared memory it takes a wavefront for each different word of
// the bank that has most. PROFILE=1 in the environment turns it on, and prints it at the end.
#pragma once
#include "race.h"
#include <string>
#include <vector>

namespace emulator {

// The accesses of one kind by one source line of a kernel.
struct LineProfile {
    std::string line; // file:line
    bool shared;
    const char *access; // read, write or atomic
    uint64_t requests, lanes, bytes_used;
    uint64_t moved;    // sectors of 32 bytes; in shared memory, wavefronts
    uint64_t distinct; // different sectors
};

struct KernelProfile {
    std::string kernel;
    uint64_t launches, blocks, threads; // of all launches together
    std::vector<LineProfile> lines;
    // Different sectors of all lines: what a cache that forgets nothing would fetch and write back.
    uint64_t sectors_read, sectors_written;
};

// Forgets what was counted, and counts from now on.
void start_profile();
// Of each kernel, in the order of their first launches; every launch is added up.
std::vector<KernelProfile> profile_results();

bool profiling();
// An access of the running thread.
void profile_access(const void *address, int bytes, Access access, const void *instruction,
                    bool shared);
// Adds the requests of the block that has ended to the program's.
void profile_block(const Block *block);

} // namespace emulator
