#include "fiber.h"
#include <cstdint>
#include <cstring>

#if EMULATOR_ASSEMBLY
// emulator_switch(void **save, void *resume): pushes the registers that the calling convention
// preserves, stores the stack pointer in *save, and pops those of the other stack.
extern "C" void emulator_switch(void **save, void *resume);

#if defined(__APPLE__)
#define SYMBOL "_emulator_switch"
#else
#define SYMBOL "emulator_switch"
#endif

#if defined(__x86_64__)
constexpr int SAVED = 6;         // rbp, rbx, r12 to r15
constexpr int RETURN_TO = SAVED; // popped by ret
constexpr int FRAME = SAVED + 2; // with the return address, and one more word for the alignment
__asm__(".text\n.globl " SYMBOL "\n" SYMBOL ":\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n");
#else // arm64
constexpr int SAVED = 20;     // x19 to x30, d8 to d15
constexpr int RETURN_TO = 11; // x30, the link register
constexpr int FRAME = SAVED;
__asm__(".text\n.globl " SYMBOL "\n.p2align 2\n" SYMBOL ":\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp]\n    stp x21, x22, [sp, #16]\n    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n    stp x27, x28, [sp, #64]\n    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n    str x9, [x0]\n    mov sp, x1\n"
        "    ldp x19, x20, [sp]\n    ldp x21, x22, [sp, #16]\n    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n    ldp x27, x28, [sp, #64]\n    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n    ret\n");
#endif

namespace emulator {

void fiber_prepare(Fiber *fiber, char *stack, size_t bytes, void (*body)()) {
    // As if emulator_switch had been called at the very beginning of body.
    uintptr_t top = reinterpret_cast<uintptr_t>(stack + bytes) & ~uintptr_t(15);
    void **frame = reinterpret_cast<void **>(top) - FRAME;
    memset(frame, 0, FRAME * sizeof *frame);
    frame[RETURN_TO] = reinterpret_cast<void *>(body);
    fiber->stack_pointer = frame;
}

void fiber_switch(Fiber *from, Fiber *to) {
    emulator_switch(&from->stack_pointer, to->stack_pointer);
}

} // namespace emulator
#else
namespace emulator {

void fiber_prepare(Fiber *fiber, char *stack, size_t bytes, void (*body)()) {
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = stack;
    fiber->context.uc_stack.ss_size = bytes;
    fiber->context.uc_link = nullptr;
    makecontext(&fiber->context, body, 0);
}

void fiber_switch(Fiber *from, Fiber *to) { swapcontext(&from->context, &to->context); }

} // namespace emulator
#endif
