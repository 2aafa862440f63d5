// What the compiler calls. -fsanitize=thread calls __tsan_readN and __tsan_writeN before every
// access to memory that others may see; linked without ThreadSanitizer's library, these are ours.
// -fsanitize=alignment,bounds calls __ubsan_handle_... when a pointer is misaligned, or the index
// of an array with a known size is too large. This file is compiled without these options.
#include "fault.h"
#include "memory.h"
#include <cstdio>
#include <cstdlib>

using emulator::Access;

#define HOOK(name, bytes, access)                                                            \
    extern "C" void __tsan_##name(void *address) {                                           \
        emulator::check_access(address, bytes, Access::access, __builtin_return_address(0)); \
    }
#define HOOKS_OF_SIZE(bytes)                                   \
    HOOK(read##bytes, bytes, READ)                             \
    HOOK(write##bytes, bytes, WRITE)                           \
    HOOK(unaligned_read##bytes, bytes, READ)                   \
    HOOK(unaligned_write##bytes, bytes, WRITE)                 \
    HOOK(volatile_read##bytes, bytes, VOLATILE_READ)           \
    HOOK(volatile_write##bytes, bytes, VOLATILE_WRITE)         \
    HOOK(unaligned_volatile_read##bytes, bytes, VOLATILE_READ) \
    HOOK(unaligned_volatile_write##bytes, bytes, VOLATILE_WRITE)
HOOKS_OF_SIZE(1)
HOOKS_OF_SIZE(2)
HOOKS_OF_SIZE(4)
HOOKS_OF_SIZE(8)
HOOKS_OF_SIZE(16)

extern "C" {

void __tsan_init() {}

void __tsan_read_range(void *address, size_t bytes) {
    emulator::check_access(address, (int)bytes, Access::READ, __builtin_return_address(0));
}
void __tsan_write_range(void *address, size_t bytes) {
    emulator::check_access(address, (int)bytes, Access::WRITE, __builtin_return_address(0));
}
void __tsan_vptr_read(void **) {}
void __tsan_vptr_update(void **, void *) {}

// What gcc and clang pass to these two, as far as it is used.
struct SourceLocation {
    const char *file;
    unsigned line, column;
};
struct TypeDescriptor {
    unsigned short kind, info;
    char name[1]; // with quotes, and ended by 0
};
struct TypeMismatch {
    SourceLocation location;
    const TypeDescriptor *type;
    unsigned char log_alignment, check;
};
struct OutOfBounds {
    SourceLocation location;
    const TypeDescriptor *array, *index;
};

static emulator::Site site_of(const SourceLocation &l) { return { l.file, (int)l.line }; }

void __ubsan_handle_type_mismatch_v1(TypeMismatch *data, size_t address) {
    emulator::fault("misaligned address", site_of(data->location),
                    emulator::format("  %s at %p, which is not a multiple of %d\n",
                                     data->type->name, reinterpret_cast<void *>(address),
                                     1 << data->log_alignment));
    if (emulator::current) emulator::abandon_block();
}

void __ubsan_handle_out_of_bounds(OutOfBounds *data, size_t index) {
    emulator::fault("out of bounds: index of an array", site_of(data->location),
                    emulator::format("  index %ld of an array of type %s\n", (long)index,
                                     data->array->name));
    if (emulator::current) emulator::abandon_block();
}

// Of assert(): in a kernel it is a fault, which the program survives.
void __assert_fail(const char *expression, const char *file, unsigned line, const char *function) {
    if (emulator::current) {
        emulator::fault(emulator::format("assertion failed: %s", expression),
                        emulator::Site{ file, (int)line }, emulator::format("  in %s\n", function));
        emulator::abandon_block();
    }
    fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, expression);
    abort();
}
}
