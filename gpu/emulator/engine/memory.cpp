#include "memory.h"
#include "fault.h"
#include "profile.h"
#include "shared.h"
#include "symbols.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>

namespace emulator {
namespace {

constexpr size_t ARENA_BYTES = 32ul << 30; // addresses, half of them for each kind; not memory
constexpr size_t ALIGNMENT = 512;
constexpr size_t GUARD = 512;          // bytes between two allocations that belong to none
constexpr unsigned char POISON = 0xff; // NaN in every floating-point format, -1 as an integer

struct Allocation {
    char *begin;
    size_t bytes;
    const void *allocated_at, *freed_at; // freed_at is null as long as it is in use
};

void *reserve(size_t bytes) {
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) return memory;
    fprintf(stderr, "emulator: cannot reserve %zu GiB of addresses (ulimit -v unlimited)\n",
            bytes >> 30);
    exit(1);
}

struct Arena {
    char *begin = static_cast<char *>(reserve(ARENA_BYTES));
    uint8_t *shadow = static_cast<uint8_t *>(reserve(ARENA_BYTES));
    Word *words = static_cast<Word *>(reserve(ARENA_BYTES / 4 * sizeof(Word)));
    char *next[2] = { begin + GUARD, begin + ARENA_BYTES / 2 + GUARD }; // of each kind
    std::map<char *, Allocation> allocations;
    size_t in_use = 0;
    std::mutex lock;

    bool contains(const void *p) const {
        return static_cast<size_t>(static_cast<const char *>(p) - begin) < ARENA_BYTES;
    }
    bool host_may_use(const void *p) const { return p >= begin + ARENA_BYTES / 2; }
    uint8_t *shadow_of(const void *p) const {
        return shadow + (static_cast<const char *>(p) - begin);
    }
};

Arena &arena() {
    static Arena *all = new Arena; // never destroyed: destructors of the program may free memory
    return *all;
}

bool lies_in(const void *address, const void *begin, size_t bytes) {
    return (size_t)(static_cast<const char *>(address) - static_cast<const char *>(begin)) < bytes;
}

bool lies_in(const void *address, const Image &i) { return address >= i.begin && address < i.end; }

// The allocation at or before the address; null: none.
const Allocation *nearest(const void *address) {
    Arena &a = arena();
    auto next = a.allocations.upper_bound(static_cast<char *>(const_cast<void *>(address)));
    return next == a.allocations.begin() ? nullptr : &std::prev(next)->second;
}

std::string describe_place(const void *address, int bytes) {
    Arena &a = arena();
    std::lock_guard<std::mutex> guard(a.lock);
    const Allocation *m = nearest(address);
    if (!m) return format("  %d bytes before any allocation\n", bytes);
    long offset = static_cast<const char *>(address) - m->begin;
    std::string text =
        offset < (long)m->bytes
            ? format("  %d bytes at offset %ld of %zu bytes", bytes, offset, m->bytes)
            : format("  %d bytes, %ld after the end of %zu bytes", bytes, offset - (long)m->bytes,
                     m->bytes);
    text += " allocated at " + source_line(m->allocated_at);
    if (m->freed_at) text += ",\n    freed at " + source_line(m->freed_at);
    return text + "\n";
}

} // namespace

char *device_allocate(size_t bytes, Kind kind, const void *instruction) {
    Arena &a = arena();
    std::lock_guard<std::mutex> guard(a.lock);
    char *&next = a.next[(int)kind];
    char *end = a.begin + ARENA_BYTES / (kind == Kind::DEVICE ? 2 : 1);
    size_t reserved = (bytes + GUARD + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes > DEVICE_BYTES - a.in_use || reserved > (size_t)(end - next)) return nullptr;
    char *memory = next;
    next += reserved;
    a.allocations[memory] = { memory, bytes, instruction, nullptr };
    a.in_use += bytes;
    memset(memory, POISON, bytes);
    memset(a.shadow_of(memory), kind == Kind::DEVICE ? UNWRITTEN : WRITTEN, bytes);
    return memory;
}

// Whole pages go back to the system.
static void release_pages(void *memory, size_t bytes) {
    uintptr_t begin = ((uintptr_t)memory + 4095) & ~uintptr_t(4095);
    uintptr_t end = ((uintptr_t)memory + bytes) & ~uintptr_t(4095);
    if (begin < end) madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

bool device_free(void *memory, const void *instruction) {
    Arena &a = arena();
    std::lock_guard<std::mutex> guard(a.lock);
    auto found = a.allocations.find(static_cast<char *>(memory));
    if (found == a.allocations.end() || found->second.freed_at) return false;
    found->second.freed_at = instruction;
    a.in_use -= found->second.bytes;
    memset(a.shadow_of(memory), FREED, found->second.bytes);
    memset(memory, POISON, found->second.bytes);
    release_pages(memory, found->second.bytes);
    size_t word = (size_t)(static_cast<char *>(memory) - a.begin) / 4;
    release_pages(a.words + word, found->second.bytes / 4 * sizeof(Word));
    return true;
}

size_t device_bytes_in_use() {
    std::lock_guard<std::mutex> guard(arena().lock);
    return arena().in_use;
}

bool may_be_device_memory(const void *memory) {
    return arena().contains(memory) || lies_in(memory, image());
}

bool may_be_host_memory(const void *memory) {
    return !arena().contains(memory) || arena().host_may_use(memory);
}

bool can_copy(const void *memory, size_t bytes) {
    Arena &a = arena();
    if (!a.contains(memory)) return memory != nullptr || bytes == 0;
    std::lock_guard<std::mutex> guard(a.lock);
    const Allocation *m = nearest(memory);
    if (!m || m->freed_at) return false;
    size_t offset = (size_t)(static_cast<const char *>(memory) - m->begin);
    return offset <= m->bytes && bytes <= m->bytes - offset;
}

void copy_shadow(void *to, const void *from, size_t bytes) {
    Arena &a = arena();
    if (!a.contains(to)) return;
    if (a.contains(from) && !a.host_may_use(to)) {
        memmove(a.shadow_of(to), a.shadow_of(from), bytes);
    } else {
        memset(a.shadow_of(to), WRITTEN, bytes);
    }
}

void set_written(void *memory, size_t bytes) {
    if (arena().contains(memory)) memset(arena().shadow_of(memory), WRITTEN, bytes);
}

bool is_written(const void *memory, size_t bytes) {
    if (!arena().contains(memory)) return true;
    const uint8_t *shadow = arena().shadow_of(memory);
    for (size_t i = 0; i < bytes; i++) {
        if (shadow[i] != WRITTEN) return false;
    }
    return true;
}

namespace {

constexpr char UNINITIALISED[] = "uninitialised read";

// The first byte that cannot be used in this way decides what is reported; null: all can.
const char *find_misuse(const uint8_t *shadow, int bytes, Access access) {
    const char *misuse = nullptr;
    bool reads = access != Access::WRITE && access != Access::VOLATILE_WRITE;
    for (int i = 0; i < bytes && !misuse; i++) {
        if (shadow[i] == FREED) misuse = "use after free";
        if (shadow[i] == OUTSIDE) misuse = "out of bounds";
        if (shadow[i] == UNWRITTEN && reads) misuse = UNINITIALISED;
    }
    return misuse;
}

const char *verb(Access access) {
    return access == Access::ATOMIC ? "atomic" : writes(access) ? "write" : "read";
}

void report_misuse(const char *misuse, const char *memory, const void *address, int bytes,
                   Access access, const void *instruction) {
    bool shared = strcmp(memory, "shared") == 0;
    std::string details = shared ? describe_shared(address, bytes) : describe_place(address, bytes);
    bool says_how = strcmp(misuse, UNINITIALISED) == 0;
    std::string what = says_how ? format("%s of %s memory", misuse, memory)
                                : format("%s: %s of %s memory", misuse, verb(access), memory);
    fault(what, instruction, details);
}

// Most accesses are of 4 bytes that were written.
bool all_written(const uint8_t *shadow, int bytes) {
    uint32_t four;
    memcpy(&four, shadow, sizeof four);
    return bytes == 4 && four == 0x01010101u * WRITTEN;
}

// True: the bytes belong to the program.
bool check_shadow(const char *memory, uint8_t *shadow, const void *address, int bytes,
                  Access access, const void *instruction) {
    if (all_written(shadow, bytes)) return true;
    const char *misuse = find_misuse(shadow, bytes, access);
    if (misuse) report_misuse(misuse, memory, address, bytes, access, instruction);
    bool usable = true;
    for (int i = 0; i < bytes; i++) usable &= shadow[i] == UNWRITTEN || shadow[i] == WRITTEN;
    if (usable && writes(access)) memset(shadow, WRITTEN, (size_t)bytes);
    return usable;
}

void check_host(const void *address, int bytes, Access access, const void *instruction) {
    Arena &a = arena();
    if (!a.contains(address)) return;
    if (a.host_may_use(address)) {
        check_shadow("device", a.shadow_of(address), address, bytes, access, instruction);
        return;
    }
    fault(format("host code %ss device memory", verb(access)), instruction,
          describe_place(address, bytes));
}

// Stacks follow each other, so a thread whose local variables are too large uses another's.
void check_stack(const void *address, Access access, const void *instruction) {
    int fiber = current->thread_state[current->current].fiber;
    if (lies_in(address, current->stacks + (size_t)fiber * STACK_BYTES, STACK_BYTES)) return;
    fault(format("%s of another thread's local memory", verb(access)), instruction,
          format("  or the thread's own local variables have more than %zu KiB\n",
                 STACK_BYTES >> 10));
    abandon_block();
}

// Memory that is neither allocated nor shared: the stacks, the kernel's arguments, and the
// program's static variables (__device__, __constant__) are not checked; all else is the host's.
void check_other(const void *address, int bytes, Access access, const void *instruction) {
    const Launch *launch = current->launch;
    if (lies_in(address, current->stacks - STACK_BYTES, (MAX_THREADS + 1) * STACK_BYTES)) {
        check_stack(address, access, instruction);
        return;
    }
    if (lies_in(address, launch->arguments, launch->argument_bytes) || lies_in(address, image())) {
        return;
    }
    fault(format("%s of memory that is not the device's", verb(access)), instruction,
          format("  %d bytes at %p: %s\n", bytes, address,
                 (uintptr_t)address < 4096 ? "a null pointer" : "host memory, or a wild pointer"));
    abandon_block();
}

} // namespace

// A thread may wait in a loop of volatile reads, as of atomics.
static void synchronise(Access access) {
    Thread &thread = current->thread_state[current->current];
    if (thread.after_volatile) acquire();
    thread.after_volatile = is_volatile(access);
    if (is_volatile(access)) maybe_yield();
}

void check_access(const void *address, int bytes, Access access, const void *instruction) {
    Arena &a = arena();
    if (current) synchronise(access);
    if (!current) {
        check_host(address, bytes, access, instruction);
    } else if (a.contains(address)) {
        if (profiling()) profile_access(address, bytes, access, instruction, false);
        if (check_shadow("global", a.shadow_of(address), address, bytes, access, instruction)) {
            Word *words = a.words + (static_cast<const char *>(address) - a.begin) / 4;
            check_races(words, static_cast<const char *>(address), bytes, access, instruction,
                        false);
        }
    } else if (Word *words = shared_words(address)) {
        if (profiling()) profile_access(address, bytes, access, instruction, true);
        if (!check_shadow("shared", shared_shadow(address), address, bytes, access, instruction)) {
            abandon_block(); // it may belong to the emulator itself
        }
        check_races(words, static_cast<const char *>(address), bytes, access, instruction, true);
    } else {
        check_other(address, bytes, access, instruction);
    }
}

} // namespace emulator
