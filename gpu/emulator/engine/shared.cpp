#include "shared.h"
#include "fault.h"
#include "memory.h"
#include "symbols.h"
#include <cstring>
#include <vector>

// What DYNAMIC_SHARED and `extern __shared__` declare under other names and types.
extern "C" {
alignas(1024) __thread char emulator_dynamic_shared[emulator::MAX_DYNAMIC_SHARED];
}

namespace emulator {
namespace {

// One per worker. Its shadow has one byte and its words one Word for 4 bytes of thread-local
// storage, in which the static variables lie apart and the dynamic memory is one array.
struct Storage {
    char *begin = thread_storage();
    size_t bytes = thread_storage_bytes();
    std::vector<uint8_t> shadow = std::vector<uint8_t>(bytes + 3, OUTSIDE);
    std::vector<Word> words = std::vector<Word>(bytes / 4 + 1);
};

__thread Storage *storage;

bool contains(const void *address) {
    return storage &&
           (size_t)(static_cast<const char *>(address) - storage->begin) < storage->bytes;
}

void reset_variable(char *variable, size_t bytes) {
    memset(variable, 0xff, bytes);
    memset(storage->shadow.data() + (variable - storage->begin), UNWRITTEN, bytes);
}

} // namespace

void reset_shared_memory(size_t dynamic_bytes) {
    if (!storage) storage = new Storage;
    for (const SharedVariable &v : shared_variables()) {
        reset_variable(storage->begin + v.offset, v.bytes);
    }
    memset(shared_shadow(emulator_dynamic_shared), OUTSIDE, MAX_DYNAMIC_SHARED);
    reset_variable(emulator_dynamic_shared, dynamic_bytes);
}

char *dynamic_shared() { return emulator_dynamic_shared; }

uint8_t *shared_shadow(const void *address) {
    if (!contains(address)) return nullptr;
    return &storage->shadow[(size_t)(static_cast<const char *>(address) - storage->begin)];
}

Word *shared_words(const void *address) {
    if (!contains(address)) return nullptr;
    return &storage->words[(size_t)(static_cast<const char *>(address) - storage->begin) / 4];
}

std::string describe_shared(const void *address, int bytes) {
    size_t dynamic = current->launch->shared_bytes;
    long offset = static_cast<const char *>(address) - emulator_dynamic_shared;
    if (offset >= 0 && offset < (long)MAX_DYNAMIC_SHARED) {
        return format("  %d bytes at offset %ld of %zu bytes of dynamic shared memory\n", bytes,
                      offset, dynamic);
    }
    size_t at = (size_t)(static_cast<const char *>(address) - storage->begin);
    const SharedVariable *nearest = nullptr;
    for (const SharedVariable &v : shared_variables()) {
        if (v.offset <= at) nearest = &v;
    }
    if (!nearest) return format("  %d bytes before any shared variable\n", bytes);
    return format("  %d bytes at offset %zu of %s, which has %zu bytes\n", bytes,
                  at - nearest->offset, nearest->name.c_str(), nearest->bytes);
}

} // namespace emulator
