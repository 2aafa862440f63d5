// The shared memory of the running block: the thread-local variables of the worker that runs it.
#pragma once
#include "race.h"
#include <string>

namespace emulator {

constexpr size_t MAX_DYNAMIC_SHARED = 227 << 10;

// At the start of a block: nothing is written yet, and reads give NaN.
void reset_shared_memory(size_t dynamic_bytes);

// What is known of a byte of it; null: the address is not in this worker's storage.
uint8_t *shared_shadow(const void *address);
Word *shared_words(const void *address);
// The variable it is in, or near to, as a line of a report.
std::string describe_shared(const void *address, int bytes);

} // namespace emulator
