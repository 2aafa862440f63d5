// What the program's file says about its machine code: source lines, and the variables in shared
// memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace emulator {

// "file:line" of the call that returns to the instruction, found with addr2line (binutils).
std::string source_line(const void *instruction);

// The program as it was loaded: its code and its static variables lie in [begin, end).
struct Image {
    char *begin, *end;
};
const Image &image();

// A __shared__ variable is thread-local: each worker, which runs one block at a time, has its own.
struct SharedVariable {
    std::string name;
    size_t offset, bytes; // in the worker's thread-local storage
};
// All of them, by offset.
const std::vector<SharedVariable> &shared_variables();
// The calling thread's thread-local storage of the program, and its size.
char *thread_storage();
size_t thread_storage_bytes();

} // namespace emulator
