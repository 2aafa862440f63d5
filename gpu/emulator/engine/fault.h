// Faults: what is wrong with the program that runs. Each place is reported once, as one block of
// text on stderr, and a program with faults ends with exit status 3.
#pragma once
#include "grid.h"
#include <string>

namespace emulator {

constexpr int FAULT_EXIT_STATUS = 3;

std::string format(const char *text, ...) __attribute__((format(printf, 1, 2)));

// `what` is the first line, "details" any number of further ones that end with \n. The place is
// an instruction (a return address), or a line that is known. In a kernel, the report names it, the
// block and the thread.
void fault(const std::string &what, const void *instruction, const std::string &details = "");
void fault(const std::string &what, Site site, const std::string &details = "");
// Calls the function when the program ends.
void print_at_end(void (*print)());

// "(x,y,z)"
std::string describe(Index index);

} // namespace emulator
