// A fibre: a flow of control with a stack of its own, which runs until it switches to another. Each
// thread of a CUDA block is one, so that thousands of them wait for each other on one processor.
#pragma once
#include <cstddef>

// Defined to 0 on the command line to test the portable implementation.
#ifndef EMULATOR_ASSEMBLY
#if defined(__x86_64__) || defined(__aarch64__)
#define EMULATOR_ASSEMBLY 1
#else
#define EMULATOR_ASSEMBLY 0
#endif
#endif
#if !EMULATOR_ASSEMBLY
#include <ucontext.h>
#endif

namespace emulator {

struct Fiber {
#if EMULATOR_ASSEMBLY
    void *stack_pointer; // the registers that a call must preserve are on the stack
#else
    ucontext_t context;
#endif
};

// The first switch to the fibre calls body, which must never return.
void fiber_prepare(Fiber *fiber, char *stack, size_t bytes, void (*body)());
// Saves the calling flow of control in `from`, and resumes `to`.
void fiber_switch(Fiber *from, Fiber *to);

} // namespace emulator
