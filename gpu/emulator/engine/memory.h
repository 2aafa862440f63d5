// Device memory and shared memory with what is known of every byte. All of a program's device
// memory lies in one reserved range, so the shadow of a byte is found without a search, and memory
// is never used twice: an address that was freed stays known as freed.
#pragma once
#include "race.h"

namespace emulator {

// The state of one byte. 0 is what fresh memory from the system contains.
enum Shadow : uint8_t { OUTSIDE = 0, UNWRITTEN = 1, WRITTEN = 2, FREED = 3 };

// Where memory can be used: cudaMalloc's in kernels only; cudaMallocManaged's and cudaMallocHost's
// in host code too, which may write it in ways that are not seen, so it counts as written.
enum class Kind { DEVICE, HOST };

constexpr size_t DEVICE_BYTES = 8ul << 30; // what the emulated device has

// Null: there is not that much. `instruction`: the call, for reports.
char *device_allocate(size_t bytes, Kind kind, const void *instruction);
// False: it is not the beginning of an allocation, or was freed.
bool device_free(void *memory, const void *instruction);
size_t device_bytes_in_use();

// For copies and fills by the host: whether the bytes can be copied (host memory always can), and
// what the copy leaves at the destination: the state of the source, or WRITTEN for host memory.
bool may_be_device_memory(const void *memory); // also the variables of the program
bool may_be_host_memory(const void *memory);
bool can_copy(const void *memory, size_t bytes);
void copy_shadow(void *to, const void *from, size_t bytes);
void set_written(void *memory, size_t bytes);
bool is_written(const void *memory, size_t bytes);

// Checks an access of the running thread or, where none runs, of host code.
void check_access(const void *address, int bytes, Access access, const void *instruction);

} // namespace emulator
