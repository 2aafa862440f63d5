// Races: two threads use the same bytes, at least one of them writes, and nothing orders the two.
// What orders accesses:
//   - the same thread, or different launches;
//   - __syncthreads between them, for threads of one block;
//   - __syncwarp between them, for lanes of its mask (transitively);
//   - __threadfence by the first thread after its access, and an atomic (or volatile access) by the
//     second's thread (in one block) or block (in two) after that and before its own.
// Two atomics never race. Each block has a clock, `now`, that these events advance; an access is
// recorded with the time, so "was there such an event after it?" is one comparison.
#pragma once
#include "block.h"

namespace emulator {

enum class Access : uint8_t { READ, WRITE, ATOMIC, VOLATILE_READ, VOLATILE_WRITE };
inline bool writes(Access a) {
    return a == Access::WRITE || a == Access::ATOMIC || a == Access::VOLATILE_WRITE;
}

inline bool is_volatile(Access a) {
    return a == Access::VOLATILE_READ || a == Access::VOLATILE_WRITE;
}

struct Record {
    uint32_t block, stamp; // the block's serial number and its clock; block 0: no record
    uint32_t instruction;  // from the beginning of the image
    uint16_t thread;
    uint8_t bytes; // of the word, one bit each
    Access access;
};
// The last accesses of one 4-byte word. Of the readers two are recorded, if possible of different
// warps: then one of them is not the next writer.
struct Word {
    Record write, reads[2];
};

// Reports races of this access of the running thread with earlier ones. `name` describes the memory
// in reports. `shared`: shared memory, where records of other blocks are stale.
void check_races(Word *words, const char *address, int bytes, Access access,
                 const void *instruction, bool shared);

void reset_block_clock(Block *block);
void barrier_clock(Block *block);                       // __syncthreads
void warp_clock(Block *block, int warp, unsigned mask); // __syncwarp
void fence();                                           // __threadfence
void acquire();                                         // an atomic or volatile access
Fences *new_fences(const Launch *launch);
void free_fences(Fences *fences);

} // namespace emulator
